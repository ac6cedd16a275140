"""The queue at the till: who joined it, and who gave up, as far as the place alone can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from floorwalker.journeys.zones import Stay, time_within
from floorwalker.site import ZoneKind
from floorwalker.tracking.track import Track


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """When someone has been served, by place.

    Attributes:
        served_s: time at the counter from which a customer counts as served. Raising it finds more
            people who gave up, and calls more buyers so.
        together_s: people who came to the till and left it within this time of each other are together:
            who goes with someone served has not given up.
    """

    served_s: float = 4.0
    together_s: float = 4.0


@dataclass(frozen=True, slots=True)
class QueueVisit:
    """One stay at the till.

    Attributes:
        stay: the stay.
        depth: customers who were there before.
        joined: came in while someone was ahead.
        at_counter_s: time where the customer being served stands; None where the site file has no counter.
        abandoned: joined and left without having been served, by place.
    """

    stay: Stay
    depth: int
    joined: bool
    at_counter_s: float | None
    abandoned: bool


def queue_visits(
    stays: Sequence[Stay], tracks: Mapping[int, Track], staff: frozenset[int], settings: QueueSettings
) -> list[QueueVisit]:
    """Judge the stays in billing zones; staff neither queue nor count.

    Args:
        stays: all stays of the camera.
        tracks: by track_id.
        staff: tracks of staff.
        settings: when someone has been served.

    Returns:
        A visit a customer's stay, in order of time.
    """
    billing = sorted(
        (stay for stay in stays if stay.zone.kind is ZoneKind.BILLING and stay.track_id not in staff),
        key=lambda stay: (stay.start_s, stay.track_id),
    )
    counter_s = [_at_counter(stay, tracks) for stay in billing]
    visits = []
    for stay, seconds in zip(billing, counter_s, strict=True):
        depth = queue_depth(stay, billing)
        joined = stay.entered and depth > 0
        alone = not any(
            other_seconds is not None
            and other_seconds >= settings.served_s
            and _together(stay, other, settings.together_s)
            for other, other_seconds in zip(billing, counter_s, strict=True)
            if other.track_id != stay.track_id
        )
        gone = stay.left and not stay.ongoing
        unserved = seconds is not None and seconds < settings.served_s
        visits.append(QueueVisit(stay, depth, joined, seconds, joined and gone and unserved and alone))
    return visits


def queue_depth(stay: Stay, others: Sequence[Stay]) -> int:
    """Customers in the zone when someone comes in, the newcomer not counted."""
    return len(
        {
            other.track_id
            for other in others
            if other.track_id != stay.track_id
            and other.zone.id == stay.zone.id
            and (other.start_s, other.track_id) < (stay.start_s, stay.track_id)
            and other.end_s >= stay.start_s
        }
    )


def _at_counter(stay: Stay, tracks: Mapping[int, Track]) -> float | None:
    counter = stay.zone.counter
    if counter is None:
        return None
    return sum(time_within(tracks[shown], counter, stay.start_s, stay.end_s) for shown in stay.shown_by)


def _together(a: Stay, b: Stay, within_s: float) -> bool:
    return (
        a.zone.id == b.zone.id
        and abs(a.start_s - b.start_s) <= within_s
        and abs(a.end_s - b.end_s) <= within_s
    )
