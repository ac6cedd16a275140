"""When one camera watched: the three answers share the time out among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from floorwalker.insights.camera_time import Told, camera_time
from floorwalker.insights.spans import common, length_us, union, without
from floorwalker.runs import Gap, Recording
from floorwalker.warehouse.records import to_us

TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)
MINUTE = 60_000_000
minutes = st.integers(-60, 600)


def at(minute):
    return to_us(TEN) + minute * MINUTE


@st.composite
def a_recording(draw):
    gap = draw(st.integers(0, 100))
    return Recording(
        "S",
        "C",
        TEN + timedelta(minutes=draw(minutes)),
        draw(st.integers(1, 300)) * 60.0,
        f"{draw(st.integers(0, 99)):064d}",
        draw(st.sampled_from([(), (Gap(gap * 60.0, gap * 60.0 + 900, "black"),)])),
    )


@given(
    st.lists(a_recording(), max_size=3),
    st.lists(minutes, max_size=30),
    st.one_of(st.none(), minutes),
    st.booleans(),
    st.lists(minutes, max_size=60),
    st.lists(st.tuples(minutes, st.integers(1, 300)), min_size=1, max_size=3),
)
def test_every_moment_is_seen_or_down_or_unknown(recordings, told, live, before, others, opened):
    needed = union((at(begin), at(begin + length)) for begin, length in opened)
    days = [common(needed, [(at(-60), at(200))]), common(needed, [(at(200), at(2000))])]
    events = sorted(map(at, told))
    found = camera_time(
        Told("C", recordings, events, None if live is None else at(live), before, sorted(map(at, others))),
        days,
    )
    parts = [found.seen, found.down_spans, found.unknown]
    assert union(span for part in parts for span in part) == needed
    assert sum(map(length_us, parts)) == length_us(needed)
    shown = union((to_us(r.start_utc), to_us(r.start_utc) + round(r.duration_s * 1e6)) for r in recordings)
    black = union(
        (to_us(r.start_utc) + round(g.start_s * 1e6), to_us(r.start_utc) + round(g.end_s * 1e6))
        for r in recordings
        for g in r.gaps
    )
    # What a file shows without a gap was watched, whatever else is known.
    assert common(without(shown, black), needed) == common(common(without(shown, black), needed), found.seen)
