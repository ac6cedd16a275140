"""Anomalies: what stands out in a window, judged at the data's own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scipy.stats import fisher_exact

from floorwalker.events import format_utc
from floorwalker.insights.health import FeedState
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import DEAD_AFTER, Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.site import ZoneKind
from floorwalker.warehouse.records import from_us

QUEUE_SPIKE = 5
QUEUE_CRITICAL = 10
BASELINE_DAYS = 7
_DROP_WARN, _DROP_CRITICAL = 0.8, 0.5
_SIGNIFICANCE = 0.05
_SEVERITIES = ("CRITICAL", "WARN", "INFO")


@dataclass(frozen=True, slots=True)
class DayConversion:
    """One earlier day: how many visitors came and how many of them converted."""

    visitors: int
    converted: int


def day_conversion(picture: Picture) -> DayConversion | None:
    """The conversion of an earlier day, or None where it had no visitors."""
    figures = metrics(picture)
    visitors = int(figures["unique_visitors"])
    if not visitors:
        return None
    return DayConversion(visitors, round(figures["conversion_rate"] * visitors))


def anomalies(
    picture: Picture, earlier: Sequence[DayConversion] = (), feeds: Sequence[FeedState] = ()
) -> list[dict[str, Any]]:
    """What stands out, the most severe first.

    Args:
        picture: the store.
        earlier: those of the 7 days before that had visitors.
        feeds: the store's feeds, where the window holds the present; else none.
    """
    found = [
        *_queue_spikes(picture),
        *_conversion_drop(picture, earlier),
        *_dead_zones(picture),
        *_stale_feeds(picture, feeds),
    ]
    return sorted(
        found, key=lambda a: (_SEVERITIES.index(a["severity"]), a["detected_at"], str(a["zone_id"]))
    )


def _anomaly(picture: Picture, kind: str, severity: str, at_us: int, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "severity": severity,
        "detected_at": format_utc(from_us(at_us)),
        "zone_id": None,
        "camera_id": None,
        **more,
        "as_of": format_utc(picture.as_of),
    }


def _queue_spikes(picture: Picture) -> list[dict[str, Any]]:
    """One anomaly for each time the queue was long, from its beginning to its end."""
    spikes: list[dict[str, Any]] = []
    begun_us, longest = None, 0
    for at_us, length in queue_curve(picture):
        if length >= QUEUE_SPIKE:
            begun_us = at_us if begun_us is None else begun_us
            longest = max(longest, length)
        elif begun_us is not None:
            spikes.append(_spike(picture, begun_us, at_us, longest))
            begun_us, longest = None, 0
    if begun_us is not None:
        spikes.append(_spike(picture, begun_us, None, longest))
    return spikes


def _spike(picture: Picture, begun_us: int, over_us: int | None, longest: int) -> dict[str, Any]:
    zones = sorted(picture.billing)
    return _anomaly(
        picture,
        "BILLING_QUEUE_SPIKE",
        "CRITICAL" if longest >= QUEUE_CRITICAL else "WARN",
        begun_us,
        value=longest,
        expected=QUEUE_SPIKE - 1,
        active=over_us is None,
        ended_at=None if over_us is None else format_utc(from_us(over_us)),
        zone_id=zones[0] if len(zones) == 1 else None,
        message=f"up to {longest} customers at the till; {QUEUE_SPIKE} or more count as a long queue",
        suggested_action="Open another till or send someone to help at the till.",
    )


def _conversion_drop(picture: Picture, earlier: Sequence[DayConversion]) -> list[dict[str, Any]]:
    figures = metrics(picture)
    visitors = figures["unique_visitors"]
    past, past_converted = sum(d.visitors for d in earlier), sum(d.converted for d in earlier)
    if not visitors or not past_converted:
        return []
    value, expected = figures["conversion_rate"], past_converted / past
    if value >= _DROP_WARN * expected:
        return []
    converted = round(value * visitors)
    table = [[converted, visitors - converted], [past_converted, past - past_converted]]
    chance = float(fisher_exact(table, alternative="less").pvalue)
    if chance >= _SIGNIFICANCE:
        return []
    action = "Look at the queue, the stock and the staff on the floor."
    if not picture.window_sales:
        action = "Check first that the till's rows were loaded: there is no sale in this window."
    return [
        _anomaly(
            picture,
            "CONVERSION_DROP",
            "CRITICAL" if value < _DROP_CRITICAL * expected else "WARN",
            picture.as_of_us,
            value=value,
            expected=round(expected, 4),
            active=True,
            message=f"{value:.1%} of visitors converted against {expected:.1%} on {len(earlier)} of the "
            f"{BASELINE_DAYS} days before (chance of so few: {chance:.1%})",
            suggested_action=action,
        )
    ]


def _dead_zones(picture: Picture) -> list[dict[str, Any]]:
    """Product zones without a visit for half an hour in which the shop was open and the cameras saw it."""
    quiet_from_us = picture.as_of_us - DEAD_AFTER // timedelta(microseconds=1)
    first_us = min((visit.first_us for visit in picture.visits), default=None)
    if first_us is None or first_us > quiet_from_us:
        return []
    if not _open_throughout(picture, quiet_from_us):
        return []
    last_visit: dict[str, int | None] = {
        zone: None
        for zone, kind in picture.kinds.items()
        if kind is ZoneKind.PRODUCT and zone not in picture.unwatched
    }
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id in last_visit and stay.start_us <= picture.as_of_us:
                last_visit[stay.zone_id] = max(last_visit[stay.zone_id] or 0, stay.last_us)
    found = []
    for zone, last_us in sorted(last_visit.items()):
        if last_us is not None and last_us > quiet_from_us:
            continue
        since_us = max(first_us, last_us or first_us)
        minutes = round((picture.as_of_us - since_us) / 60e6)
        found.append(
            _anomaly(
                picture,
                "DEAD_ZONE",
                "INFO",
                since_us + DEAD_AFTER // timedelta(microseconds=1),
                zone_id=zone,
                value=minutes,
                expected=int(DEAD_AFTER.total_seconds() // 60),
                active=True,
                message=f"no customer in {zone} for {minutes} minutes",
                suggested_action=f"Look at {zone}: is it blocked, badly lit or out of stock? "
                "Check its camera's view too.",
            )
        )
    return found


def _open_throughout(picture: Picture, from_time_us: int) -> bool:
    """Whether the shop was open at both ends of the quiet time; unknown hours count as open."""
    is_open = picture.store.is_open
    return is_open(from_us(from_time_us)) is not False and is_open(picture.as_of) is not False


def _stale_feeds(picture: Picture, feeds: Sequence[FeedState]) -> list[dict[str, Any]]:
    return [
        _anomaly(
            picture,
            "STALE_FEED",
            "CRITICAL" if feed.silent_minutes >= 60 else "WARN",
            picture.as_of_us,
            camera_id=feed.camera_id,
            value=feed.silent_minutes,
            expected=10,
            active=True,
            message=f"camera {feed.camera_id} has sent nothing for {feed.silent_minutes:.0f} minutes",
            suggested_action=f"Check the camera {feed.camera_id}, its power and network.",
        )
        for feed in feeds
        if feed.stale
    ]
