"""First staff rule: who works behind the counter, and who is in view far longer than any customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """What tells staff from customers.

    Attributes:
        behind_counter_s: time in staff-only zones that makes someone staff. Raising it forgives customers
            who stray, and misses staff who step in briefly.
        behind_counter_share: and the least share of the time in view, unless it is `behind_counter_sure_s`.
        behind_counter_sure_s: time in staff-only zones that no stray customer reaches.
        in_view_share: share of the recording in view that makes someone staff, and
        in_view_least_s: the least time in view for that rule; a short clip proves nothing.
    """

    behind_counter_s: float = 8.0
    behind_counter_share: float = 0.2
    behind_counter_sure_s: float = 20.0
    in_view_share: float = 0.6
    in_view_least_s: float = 240.0


@dataclass(frozen=True, slots=True)
class Presence:
    """How long and where one person was seen.

    Attributes:
        staff_only_s: time in staff-only zones.
        in_view_s: time from first to last sighting, without the gaps between tracks.
        watched_s: length of the recording.
    """

    staff_only_s: float
    in_view_s: float
    watched_s: float


BEHIND_COUNTER = "staff-only zone"
LONGEST_IN_VIEW = "longest in view"


def staff_rule(presence: Presence, settings: StaffSettings) -> str | None:
    """The rule by which someone is staff, or None.

    Args:
        presence: the evidence.
        settings: the thresholds.
    """
    behind = presence.staff_only_s
    share = behind / max(presence.in_view_s, 1e-9)
    if behind >= settings.behind_counter_sure_s or (
        behind >= settings.behind_counter_s and share >= settings.behind_counter_share
    ):
        return BEHIND_COUNTER
    if (
        presence.in_view_s >= settings.in_view_least_s
        and presence.in_view_s >= settings.in_view_share * presence.watched_s
    ):
        return LONGEST_IN_VIEW
    return None


def together(presences: Iterable[Presence]) -> Presence:
    """The evidence of several tracks of one person."""
    parts = list(presences)
    return Presence(
        sum(part.staff_only_s for part in parts),
        sum(part.in_view_s for part in parts),
        max((part.watched_s for part in parts), default=0.0),
    )
