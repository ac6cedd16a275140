"""What a dialect has to know of stores: which one a name means, and what its clock shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """The store that a name means.

    Attributes:
        store_id: its id here.
        zone: its time zone; None where nobody told it.
    """

    store_id: str
    zone: ZoneInfo | None


class StoreDirectory(Protocol):
    """Knows the stores by each of their names."""

    def find(self, name: str) -> StoreIdentity:
        """The store that a name means; one that nobody knows has its canonical name and no zone."""
