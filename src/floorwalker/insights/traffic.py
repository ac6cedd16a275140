"""Traffic: people through the door, by stretches of time that suit the data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.metrics import frame_of
from floorwalker.insights.picture import Picture
from floorwalker.warehouse.records import from_us

# Longest span of data, and the stretch that shows it in a readable number of bars.
_BUCKETS = (
    (timedelta(minutes=30), timedelta(minutes=1)),
    (timedelta(hours=3), timedelta(minutes=5)),
)
QUARTER_HOUR = timedelta(minutes=15)


def traffic(picture: Picture, bucket: timedelta | None = None) -> dict[str, Any]:
    """Entries, exits, re-entries and people inside at the end, for each stretch of the window with data.

    Args:
        picture: the store.
        bucket: length of a stretch; stretches begin at the window's start. Default: a minute for data of
            up to half an hour, five minutes up to three hours, else a quarter hour.
    """
    bucket = bucket or _fitting(picture)
    step_us = bucket // timedelta(microseconds=1)
    counts: dict[int, list[int]] = {}
    inside_before = 0
    steps: dict[int, int] = {}
    for visit in picture.customers:
        for column, times in enumerate((visit.entries_us, visit.exits_us, visit.reentries_us)):
            for at_us in times:
                change = -1 if column == 1 else 1
                if not picture.holds(at_us):
                    inside_before += change if at_us < picture.from_us else 0
                    continue
                place = (at_us - picture.from_us) // step_us
                counts.setdefault(place, [0, 0, 0])[column] += 1
                steps[place] = steps.get(place, 0) + change
    rows = []
    inside = inside_before
    for place in range(min(counts, default=0), max(counts, default=-1) + 1):
        entries, exits, reentries = counts.get(place, [0, 0, 0])
        inside += steps.get(place, 0)
        rows.append(
            {
                "from": format_utc(from_us(picture.from_us + place * step_us)),
                "entries": entries,
                "exits": exits,
                "reentries": reentries,
                "occupancy": max(0, inside),
            }
        )
    return {**frame_of(picture), "bucket_minutes": int(bucket.total_seconds() // 60), "buckets": rows}


def _fitting(picture: Picture) -> timedelta:
    crossed = [
        at_us
        for visit in picture.customers
        for at_us in (*visit.inbound_us, *visit.exits_us)
        if picture.holds(at_us)
    ]
    span = timedelta(microseconds=max(crossed) - min(crossed)) if crossed else timedelta.max
    return next((bucket for longest, bucket in _BUCKETS if span <= longest), QUARTER_HOUR)
