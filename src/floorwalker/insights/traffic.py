"""Traffic: people through the door, by stretches of time that suit the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.coverage import Coverage, Status, coverage_of
from floorwalker.insights.frame import frame_of
from floorwalker.insights.occupancy import inside_at, occupancy_curve
from floorwalker.insights.picture import Picture
from floorwalker.insights.visits import LocalDay
from floorwalker.insights.windows import day_start
from floorwalker.warehouse.records import from_us, to_us

# Longest span of data, and the stretch that shows it in a readable number of bars.
_BUCKETS = (
    (timedelta(minutes=30), timedelta(minutes=1)),
    (timedelta(hours=3), timedelta(minutes=5)),
)
QUARTER_HOUR = timedelta(minutes=15)
_COUNTS = ("entries", "exits", "reentries")


def traffic(
    picture: Picture, bucket: timedelta | None = None, coverage: Coverage | None = None
) -> dict[str, Any]:
    """Entries, exits, re-entries and people inside at the end, for each stretch of the window with data.

    A stretch that no door camera watched holds None, not 0; one that they watched in part says so.

    Args:
        picture: the store.
        bucket: length of a stretch; stretches begin at the window's start. Default: a minute for data of
            up to half an hour, five minutes up to three hours, else a quarter hour.
        coverage: of the picture, where it is at hand.
    """
    bucket = bucket or _fitting(picture)
    coverage = coverage or coverage_of(picture)
    step_us = bucket // timedelta(microseconds=1)
    counts = _counts(picture, step_us)
    curve = occupancy_curve(picture.customers)
    day_of = LocalDay(picture.window.zone)
    rows = []
    for place in range(min(counts, default=0), max(counts, default=-1) + 1):
        begin_us = picture.from_us + place * step_us
        end_us = min(begin_us + step_us, picture.to_us)
        since_us = to_us(day_start(day_of(end_us - 1), picture.window.zone))
        row = dict(zip(_COUNTS, counts.get(place, (0, 0, 0)), strict=True))
        row["occupancy"] = inside_at(curve, end_us - 1, since_us)
        rows.append({"from": format_utc(from_us(begin_us)), **_covered(row, coverage, (begin_us, end_us))})
    return {**frame_of(picture), "bucket_minutes": int(bucket.total_seconds() // 60), "buckets": rows}


def _counts(picture: Picture, step_us: int) -> dict[int, list[int]]:
    """Entries, exits and re-entries by ordinal of the stretch."""
    counts: dict[int, list[int]] = {}
    for visit in picture.customers:
        for column, times in enumerate((visit.entries_us, visit.exits_us, visit.reentries_us)):
            for at_us in times:
                if picture.holds(at_us):
                    counts.setdefault((at_us - picture.from_us) // step_us, [0, 0, 0])[column] += 1
    return counts


def _covered(row: dict[str, int], coverage: Coverage, span: tuple[int, int]) -> dict[str, Any]:
    """A stretch's figures with what is known of the door cameras then."""
    reach = coverage.of_doors([span])
    nothing = reach.status is Status.UNWATCHED and not any(row[name] for name in _COUNTS)
    figures: dict[str, Any] = dict.fromkeys(row) if nothing else dict(row)
    return {**figures, "status": reach.status.value, "share": reach.share}


def _fitting(picture: Picture) -> timedelta:
    crossed: Sequence[int] = [
        at_us
        for visit in picture.customers
        for at_us in (*visit.inbound_us, *visit.exits_us)
        if picture.holds(at_us)
    ]
    span = timedelta(microseconds=max(crossed) - min(crossed)) if crossed else timedelta.max
    return next((bucket for longest, bucket in _BUCKETS if span <= longest), QUARTER_HOUR)
