"""What is pushed at once: a store's day, or what is known of the store itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from floorwalker.errors import WorkError
from floorwalker.mart.tables import MART_VERSION

STORE_PART = "store"
URL_EXAMPLES = (
    "clickhouse://user:password@host:8123/floorwalker or postgresql+psycopg://user:password@host/database"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a part's facts rest on.

    Attributes:
        store_version: the store's version in the warehouse, read before the facts; it only grows.
        text: another text means that the part has to be pushed again.
        epoch: raised by a full sync; it stands above every version.
    """

    store_version: int
    text: str
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it is pushed, whole or not at all.

    Attributes:
        store_id: the store.
        name: the local day as 2026-03-03, or `store`.
        stamp: what it rests on.
        push_id: of this push alone, below 2^63.
        pushed_at: when.
        rows: rows by table, values in the order of the table's columns.
    """

    store_id: str
    name: str
    stamp: Stamp
    push_id: int
    pushed_at: datetime
    rows: Mapping[str, Sequence[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def facts(self) -> int:
        """How many rows it has."""
        return sum(map(len, self.rows.values()))

    @property
    def record(self) -> tuple[Any, ...]:
        """Its row of `mart_parts`."""
        stamp = self.stamp
        return (
            self.store_id,
            self.name,
            self.push_id,
            stamp.epoch,
            stamp.store_version,
            stamp.text,
            self.facts,
            self.pushed_at,
        )


def refuse_newer(place: str, version: int) -> None:
    """Refuse a mart whose tables a newer program made.

    Raises:
        WorkError: they are newer than this program knows.
    """
    if version > MART_VERSION:
        raise WorkError(
            f"the mart {place} was made by a newer floorwalker (version {version} of its tables, this one "
            f"knows {MART_VERSION}); upgrade this one"
        )


class Sink(Protocol):
    """A database that holds the mart.

    Every method raises `WorkError` where the database cannot be used now, and has then changed nothing
    that anybody reads.
    """

    @property
    def place(self) -> str:
        """The mart, as a person would recognise it, without its password."""

    def prepare(self) -> None:
        """Make tables and views, or bring them up to date.

        Raises:
            WorkError: a newer program made the mart, or the user may not make tables.
        """

    def known(self, store_id: str) -> dict[str, Stamp]:
        """The stamp of each part of a store as views show it."""

    def push(self, parts: Sequence[Part]) -> None:
        """Write parts; each is seen whole once this returns, and not before it was written whole.

        A part that is already there from a later state of the store stays as it is.
        """

    def compact(self, before: datetime) -> int:
        """Remove rows that no view shows any more.

        Args:
            before: younger rows stay: a sync that runs now may still complete them.

        Returns:
            How many pushes were removed.
        """

    def close(self) -> None:
        """Give the connections back."""
