"""A live feed: the clock of arrivals, pauses, what is said how often, and files at their own pace."""

import random
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from floorwalker.video.arrival import ArrivalClock
from floorwalker.video.feed import Feed, FeedRules
from floorwalker.video.rarely import Rarely


def test_late_and_bursty_pictures_keep_the_cameras_spacing():
    clock, chance = ArrivalClock(), random.Random(2)
    times = [clock.time_of(1000 + k / 10, 50 + k / 10 + chance.choice([0.0, 0.05, 0.4])) for k in range(300)]
    steady = np.diff(times[50:])
    assert np.allclose(steady, 0.1, atol=0.01)
    assert abs(times[-1] - (50 + 299 / 10)) < 0.05
    assert clock.jumps == 0


def test_a_jump_of_the_streams_clock_is_followed_and_time_never_goes_back():
    clock = ArrivalClock()
    stamps = (
        [k / 10 for k in range(50)] + [5000 + k / 10 for k in range(50)] + [3 + k / 10 for k in range(50)]
    )
    times = [clock.time_of(stamp, 100 + k / 10) for k, stamp in enumerate(stamps)]
    assert clock.jumps == 2
    assert np.all(np.diff(times) > 0)
    assert np.allclose(times, [100 + k / 10 for k in range(150)], atol=0.02)


def test_a_slow_clock_of_the_camera_is_followed_within_a_moment():
    clock = ArrivalClock()
    last = [clock.time_of(k / 10 * 0.9995, k / 10) for k in range(36_000)][-1]
    assert abs(last - 3599.9) < 0.2


def test_pictures_without_a_time_take_that_of_their_arrival():
    clock = ArrivalClock()
    assert [clock.time_of(None, at) for at in (1.0, 1.5, 1.5)] == [1.0, 1.5, 1.501]


def test_pauses_grow_to_a_bound_and_scatter():
    rules, chance = FeedRules(), random.Random(1)
    pauses = [rules.pause_s(failures, chance) for failures in range(1, 40)]
    assert 0.35 <= pauses[0] <= 0.65
    assert max(pauses) <= 30 * 1.3
    assert min(pauses[10:]) >= 30 * 0.7
    assert len({round(pause, 3) for pause in pauses[10:]}) > 10


def test_the_same_is_said_rarely_and_with_how_often_it_was_not():
    said, now = [], [0.0]
    rarely = Rarely(said.append, lambda: now[0], every_s=60)
    for second in range(0, 130, 5):
        now[0] = float(second)
        rarely("away", "no answer")
    assert said == ["no answer", *["no answer (and 11 times more since the last word)"] * 2]


@pytest.fixture
def short_clip(tmp_path):
    path = tmp_path / "short.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * index, np.uint8), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_file_plays_at_its_own_pace_and_ends(short_clip):
    feed, found = Feed(str(short_clip), 10, print), []
    began = time.monotonic()
    feed.start()
    while not feed.state().ended:
        frame = feed.newest(0.5)
        found += [] if frame is None else [frame]
    assert time.monotonic() - began >= 0.85
    assert 8 <= len(found) <= 10
    assert [frame.index for frame in found] == sorted(frame.index for frame in found)
    assert feed.state().reconnects == 0


def test_who_is_slow_gets_the_newest_picture_and_the_rest_counts_as_dropped(short_clip):
    feed = Feed(str(short_clip), 10, print)
    feed.start()
    while feed.state().dropped < 5:
        time.sleep(0.02)
    frame, dropped = feed.newest(1.0), feed.state().dropped
    assert frame.index >= dropped >= 5  # what is held is newer than all that was given up
    assert frame.image.mean() > 80
    later = feed.newest(1.0)
    assert later is None or later.index > frame.index


def test_a_stream_that_is_not_there_is_tried_again_and_said_without_its_password():
    said, tried = [], threading.Event()
    feed = Feed(
        "rtsp://admin:geheim@127.0.0.1:9/x",
        10,
        said.append,
        rules=FeedRules(first_pause_s=0.02, longest_pause_s=0.05),
    )
    feed.start()
    assert not tried.wait(1.0)
    state = feed.state()
    feed.stop()
    assert not state.connected
    assert "refused" in state.reason
    assert len(said) == 1
    assert "geheim" not in said[0] + state.reason
