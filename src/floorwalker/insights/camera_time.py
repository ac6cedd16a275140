"""When each camera was watching, as far as anybody knows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from floorwalker.insights.spans import Span, Spans, common, length_us, union, without
from floorwalker.runs import Recording
from floorwalker.warehouse.records import to_us

SILENT_US = 10 * 60 * 1_000_000
_MINUTE_US = 60 * 1_000_000
_EDGE_US = 1_000_000  # an event may lie a frame beside its recording
_EXPECTED_MINUTES = 10
_LOST_US = 60 * _MINUTE_US


@dataclass(frozen=True, slots=True)
class CameraTime:
    """One camera over the time in which it should have watched.

    Attributes:
        camera_id: the camera.
        source: what tells: `recordings`, `live`, `events` (it told of somebody, no more is known) or
            `nothing`.
        seen: stretches in which it is known or, for a live feed, taken to have watched.
        down: stretches in which it is known not to have, with the reason.
        unknown: all else.
    """

    camera_id: str
    source: str
    seen: Spans = ()
    down: Sequence[tuple[int, int, str]] = ()
    unknown: Spans = ()

    @property
    def down_spans(self) -> list[Span]:
        """The stretches in which it is known not to have watched."""
        return union((start_us, end_us) for start_us, end_us, _ in self.down)


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to judge one camera by.

    Attributes:
        camera_id: the camera.
        recordings: its recordings that may touch the time.
        events_us: times of its events, sorted.
        last_live_us: its last live event; None: it was never live.
        recorded_before: whether there are earlier recordings of it.
        others_us: times of the other cameras' events, sorted.
    """

    camera_id: str
    recordings: Sequence[Recording] = ()
    events_us: Sequence[int] = ()
    last_live_us: int | None = None
    recorded_before: bool = False
    others_us: Sequence[int] = field(default=())


def camera_time(told: Told, days: Sequence[Spans]) -> CameraTime:
    """Judge one camera day by day.

    Args:
        told: what there is.
        days: for each local day the stretches in which it should have watched.
    """
    seen: list[Span] = []
    down: list[tuple[int, int, str]] = []
    unknown: list[Span] = []
    sources: set[str] = set()
    for needed in days:
        if not needed:
            continue
        mine = _day(told, needed)
        sources.add(mine.source)
        seen += mine.seen
        down += mine.down
        unknown += mine.unknown
    source = next((name for name in ("recordings", "live", "events") if name in sources), "nothing")
    return CameraTime(told.camera_id, source, union(seen), sorted(down), union(unknown))


def _day(told: Told, needed: Spans) -> CameraTime:
    begin_us, end_us = needed[0][0], needed[-1][1]
    extents = [_extent(recording) for recording in told.recordings]
    touching = [(a, b) for a, b in extents if a < end_us and b > begin_us]
    first, last = bisect_left(told.events_us, begin_us), bisect_right(told.events_us, end_us)
    events_us = told.events_us[first:last]
    if touching:
        return _recorded(told, needed, events_us, touching)
    if told.last_live_us is not None and events_us:
        return _live(told, needed, events_us)
    if told.last_live_us is not None and told.last_live_us < begin_us and end_us - begin_us > _LOST_US:
        return CameraTime(told.camera_id, "live", down=[(a, b, "silent") for a, b in needed])
    if events_us:
        return CameraTime(told.camera_id, "events", unknown=needed)
    recorded_before = told.recorded_before or any(a < begin_us for a, _ in extents)
    if told.last_live_us is None and recorded_before:
        return CameraTime(told.camera_id, "recordings", down=[(a, b, "no recording") for a, b in needed])
    return CameraTime(told.camera_id, "nothing", unknown=needed)


def _recorded(told: Told, needed: Spans, events_us: Sequence[int], touching: Sequence[Span]) -> CameraTime:
    """A day with recordings: they decide, and events beside them tell of the time between the first and
    the last of these."""
    gaps = [gap for recording in told.recordings for gap in _gaps(recording)]
    shown = shown_spans(told.recordings)
    widened = [(a - _EDGE_US, b + _EDGE_US) for a, b in touching]
    beside = [at_us for at_us in events_us if not any(a <= at_us <= b for a, b in widened)]
    between = [(beside[0], beside[-1] + 1)] if beside else []
    live = told.last_live_us is not None
    seen = common(needed, union([*shown, *between]) if live else shown)
    unknown = [] if live else without(common(needed, between), shown)
    missing = without(without(needed, seen), unknown)
    down: list[tuple[int, int, str]] = []
    for start_us, stop_us, reason in sorted(gaps):
        found = common(missing, [(start_us, stop_us)])
        down += [(a, b, reason) for a, b in found]
        missing = without(missing, found)
    down += [(a, b, "no recording") for a, b in missing]
    return CameraTime(told.camera_id, "recordings", seen, sorted(down), unknown)


def _live(told: Told, needed: Spans, events_us: Sequence[int]) -> CameraTime:
    """A day of a live feed: taken to watch, but not where it was silent for far longer than its own pace
    and the other cameras' allow, nor where it fell silent for more than an hour and never spoke again."""
    end_us = needed[-1][1]
    heard = [needed[0][0], *events_us, end_us]
    silences = [
        (a, b) for a, b in pairwise(heard) if b - a > SILENT_US and _too_silent(told, events_us, (a, b))
    ]
    last_us = max(told.last_live_us or 0, events_us[-1])
    if end_us - last_us > _LOST_US:
        silences.append((last_us, end_us))
    down = common(needed, union(silences))
    return CameraTime(told.camera_id, "live", without(needed, down), [(a, b, "silent") for a, b in down])


def _too_silent(told: Told, events_us: Sequence[int], silence: Span) -> bool:
    """Whether a silence can hardly be for want of people.

    At its own pace of the day the camera would have told of somebody in twenty different minutes; ten are
    enough where the store's other cameras did tell of somebody in ten.
    """
    start_us, end_us = silence
    inside = start_us >= events_us[0] and end_us <= events_us[-1]
    spoken_us = events_us[-1] - events_us[0] - (end_us - start_us if inside else 0)
    if spoken_us <= 0:
        return False
    minutes = len({at_us // _MINUTE_US for at_us in events_us})
    expected = minutes * (end_us - start_us) / spoken_us
    others = told.others_us[bisect_right(told.others_us, start_us) : bisect_left(told.others_us, end_us)]
    busy = len({at_us // _MINUTE_US for at_us in others}) >= _EXPECTED_MINUTES
    return expected >= (_EXPECTED_MINUTES if busy else 2 * _EXPECTED_MINUTES)


def shown_spans(recordings: Iterable[Recording]) -> list[Span]:
    """The stretches that recordings show, their gaps taken out; what one file lacks another may show."""
    return union(
        span
        for recording in recordings
        for span in without([_extent(recording)], union((a, b) for a, b, _ in _gaps(recording)))
    )


def _extent(recording: Recording) -> Span:
    start_us = to_us(recording.start_utc)
    return start_us, start_us + round(recording.duration_s * 1e6)


def _gaps(recording: Recording) -> list[tuple[int, int, str]]:
    start_us = to_us(recording.start_utc)
    return [
        (start_us + round(gap.start_s * 1e6), start_us + round(gap.end_s * 1e6), gap.reason)
        for gap in recording.gaps
    ]


def seen_share(camera: CameraTime, within: Spans) -> tuple[int, int, int]:
    """Microseconds of a stretch in which a camera watched, did not, and in which nobody knows."""
    return (
        length_us(common(camera.seen, within)),
        length_us(common(camera.down_spans, within)),
        length_us(common(camera.unknown, within)),
    )
