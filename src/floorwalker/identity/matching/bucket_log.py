"""The log of a bucket: what was matched and what people said, in one order; all else follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from floorwalker.identity.matching.answer import Answer
from floorwalker.identity.matching.entry import BucketKey, Entry


class EditKind(StrEnum):
    """What a person did.

    `MOVE` puts entries to `person`, who exists; `SPLIT` to `person`, who is new; `MERGE` puts all of `other`
    to `person`. `ALIAS` and `NOTE` set `text` of `person`. `EXCLUDE` and `INCLUDE` say of `entries`, or of
    all of `person`, whether ground truth has them. `SAME`, `DIFFERENT` and `UNSURE` are verdicts on two
    `entries`. `UNDO` takes back the edit numbered `undoes`, which may itself be an undo.
    """

    MOVE = "move"
    SPLIT = "split"
    MERGE = "merge"
    ALIAS = "alias"
    NOTE = "note"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    UNDO = "undo"


VERDICTS = frozenset({EditKind.SAME, EditKind.DIFFERENT, EditKind.UNSURE})


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing a person did; nothing is ever taken out of the log.

    Attributes:
        kind: what; it says which of the others are meant.
        by: who.
        at: when, aware.
        entries: entry ids.
        person: a person id.
        other: another person id.
        text: an alias or a note.
        undoes: number of the record that is taken back.
    """

    kind: EditKind
    by: str
    at: datetime
    entries: tuple[str, ...] = ()
    person: str | None = None
    other: str | None = None
    text: str | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """An entry and what was answered.

    Attributes:
        number: place in its bucket's log, from 1, rising.
        entry: the entry.
        answer: the answer.
    """

    number: int
    entry: Entry
    answer: Answer


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit at its place.

    Attributes:
        number: place in its bucket's log, from 1, rising.
        edit: the edit.
    """

    number: int
    edit: Edit


Record = Matched | Edited


class EntryTaken(Exception):
    """Another writer put an entry of that name since this session looked for it."""


class Overtaken(Exception):
    """Another writer was quicker: what was decided may no longer hold, nothing of it was kept."""


class BucketSession(Protocol):
    """A bucket held by one writer; what is put becomes durable when the session ends without an error."""

    @property
    def swept(self) -> bool:
        """Whether retention took vectors of the bucket."""

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""

    def since(self, number: int) -> Sequence[Record]:
        """All records after that number, in order, with their vectors."""

    def put(self, entry: Entry, answer: Answer) -> Matched:
        """Appends an entry with its answer.

        Raises:
            EntryTaken: another writer did, in whatever bucket; the session ends without having kept anything.
            Overtaken: the bucket's log went on meanwhile; the same.
        """

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit.

        Raises:
            Overtaken: as for `put`.
        """


class EntryStore(Protocol):
    """Where the logs of buckets are kept; several processes may use one."""

    def session(self, key: BucketKey) -> AbstractContextManager[BucketSession]:
        """Holds a bucket against every other writer, in this process or another.

        A store that cannot hold it lets the later of two writers fail with `Overtaken` instead, here or
        where the session ends.
        """

    def records(
        self, key: BucketKey, *, vectors: bool = True, after: int = 0, most: int | None = None
    ) -> Sequence[Record]:
        """The bucket's log as committed, in order.

        Args:
            key: the store's day.
            vectors: whether entries have what retention takes: embeddings (else (0, 0)), attributes, images.
            after: records after that number only.
            most: those of so many numbers; None: of all.
        """

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""

    def buckets(self, day_id: str) -> Iterable[BucketKey]:
        """The buckets of a day that hold anything."""
