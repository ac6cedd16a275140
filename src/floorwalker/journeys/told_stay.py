"""Where somebody is by what was told of them, so that nobody leaves a zone twice."""

from __future__ import annotations

from dataclasses import dataclass

from floorwalker.events import EventType

_OF_A_STAY = frozenset({EventType.ZONE_ENTER, EventType.ZONE_EXIT, EventType.ZONE_DWELL})


@dataclass(slots=True)
class ToldStay:
    """The stay in a zone that was told last.

    Rules asked again may think better of a stay: it goes on, or ended earlier. What was told stands, and
    what is told next has to follow from it.

    Attributes:
        zone_id: the zone that somebody is in, as told; None: in none.
        entered_s: when they came in.
        left_s: when they left the one before.
    """

    zone_id: str | None = None
    entered_s: float = float("-inf")
    left_s: float = float("-inf")

    def follows(self, event: EventType, zone_id: str | None, at_s: float) -> bool:
        """Whether an event may be told after what was told; any other than of a stay may.

        Args:
            event: its kind.
            zone_id: its zone.
            at_s: its time.
        """
        if event not in _OF_A_STAY:
            return True
        if event is EventType.ZONE_ENTER:
            return self.zone_id != zone_id and at_s >= self.left_s
        return self.zone_id == zone_id and at_s > self.entered_s

    def take(self, event: EventType, zone_id: str | None, at_s: float) -> None:
        """An event is told."""
        if event is EventType.ZONE_ENTER:
            self.zone_id, self.entered_s = zone_id, at_s
        elif event is EventType.ZONE_EXIT:
            self.zone_id, self.left_s = None, at_s
