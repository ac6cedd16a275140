"""A long queue: one anomaly from its beginning to its end."""

from __future__ import annotations

from floorwalker.events import format_utc
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.warehouse.records import from_us

QUEUE_SPIKE = 5
QUEUE_OVER = 3  # a queue that sways between four and five is one spike, not many
QUEUE_CRITICAL = 10


def queue_spikes(picture: Picture) -> list[Anomaly]:
    """One anomaly for each time from the fifth customer at the till until there are but three."""
    spikes: list[Anomaly] = []
    begun_us, longest, longest_us = None, 0, 0
    for at_us, length in queue_curve(picture):
        if length >= QUEUE_SPIKE and begun_us is None:
            begun_us = at_us
        if begun_us is None:
            continue
        if length > longest:
            longest, longest_us = length, at_us
        if length <= QUEUE_OVER:
            spikes.append(_spike(picture, begun_us, at_us, (longest, longest_us)))
            begun_us, longest = None, 0
    if begun_us is not None:
        spikes.append(_spike(picture, begun_us, None, (longest, longest_us)))
    return spikes


def _spike(picture: Picture, begun_us: int, ended_us: int | None, peak: tuple[int, int]) -> Anomaly:
    longest, longest_us = peak
    zones = sorted(picture.billing)
    until_us = picture.as_of_us if ended_us is None else ended_us
    return Anomaly(
        store_id=picture.store.store_id,
        kind="BILLING_QUEUE_SPIKE",
        severity="CRITICAL" if longest >= QUEUE_CRITICAL else "WARN",
        begun_us=begun_us,
        detected_us=begun_us,
        ended_us=ended_us,
        value=longest,
        expected=QUEUE_SPIKE - 1,
        zone_id=zones[0] if len(zones) == 1 else None,
        message=f"up to {longest} customers at the till; {QUEUE_SPIKE} or more count as a long queue",
        action="Open another till or send someone to help at the till.",
        evidence={
            "longest_at": format_utc(from_us(longest_us)),
            "minutes": round((until_us - begun_us) / 60e6, 1),
            "over_at_or_below": QUEUE_OVER,
        },
        as_of_us=picture.as_of_us,
    )
