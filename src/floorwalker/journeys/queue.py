"""The queue at the till: who joined it, and who gave up, as far as the place alone can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from floorwalker.journeys.zones import Stay, spans_within
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
        ahead: the tracks of those who were there before, in order of their coming.
        served_s: when they came to stand where customers are served, None where they never did for long.
    """

    stay: Stay
    depth: int
    joined: bool
    at_counter_s: float | None
    abandoned: bool
    ahead: tuple[int, ...] = ()
    served_s: float | None = None

    @property
    def wait_s(self) -> float | None:
        """From coming to the till to being served; None where they were not served."""
        return None if self.served_s is None else self.served_s - self.stay.start_s

    @property
    def service_s(self) -> float | None:
        """From being served to leaving; None where they were not served or are still there."""
        if self.served_s is None or self.stay.ongoing:
            return None
        return self.stay.end_s - self.served_s


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
    at_counter = [_at_counter(stay, tracks) for stay in billing]
    counter_s = [None if spans is None else sum(end - start for start, end in spans) for spans in at_counter]
    visits = []
    for stay, spans, seconds in zip(billing, at_counter, counter_s, strict=True):
        ahead = people_ahead(stay, billing)
        joined = stay.entered and len(ahead) > 0
        alone = not any(
            other_seconds is not None
            and other_seconds >= settings.served_s
            and _together(stay, other, settings.together_s)
            for other, other_seconds in zip(billing, counter_s, strict=True)
            if other.track_id != stay.track_id
        )
        gone = stay.left and not stay.ongoing
        unserved = seconds is not None and seconds < settings.served_s
        abandoned = joined and gone and unserved and alone
        served_s = None if not spans or unserved else spans[0][0]
        visits.append(QueueVisit(stay, len(ahead), joined, seconds, abandoned, ahead, served_s))
    return visits


def people_ahead(stay: Stay, others: Sequence[Stay]) -> tuple[int, ...]:
    """Tracks of the customers in the zone when someone comes in, in order of their coming.

    Args:
        stay: the newcomer's.
        others: all customers' stays; those in other zones and the newcomer's own are passed over.
    """
    there = sorted(
        (other.start_s, other.track_id)
        for other in others
        if other.track_id != stay.track_id
        and other.zone.id == stay.zone.id
        and (other.start_s, other.track_id) < (stay.start_s, stay.track_id)
        and other.end_s >= stay.start_s
    )
    return tuple(dict.fromkeys(track_id for _, track_id in there))


def _at_counter(stay: Stay, tracks: Mapping[int, Track]) -> list[tuple[float, float]] | None:
    counter = stay.zone.counter
    if counter is None:
        return None
    return sorted(
        span
        for shown in stay.shown_by
        for span in spans_within(tracks[shown], counter, stay.start_s, stay.end_s)
    )


def _together(a: Stay, b: Stay, within_s: float) -> bool:
    return (
        a.zone.id == b.zone.id
        and abs(a.start_s - b.start_s) <= within_s
        and abs(a.end_s - b.end_s) <= within_s
    )
