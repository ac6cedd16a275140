"""A live stretch's coverage: outages and trouble as gaps, in bounded memory."""

from datetime import UTC, datetime

from floorwalker.pipeline.coverage_log import CAMERA_DOWN, CoverageLog
from floorwalker.runs import Gap, Recording
from floorwalker.warehouse.stretches import watched_until_s


def test_no_picture_for_a_while_is_down_from_the_last_one_on():
    log = CoverageLog()
    for second in range(10):
        assert not log.picture(float(second))
    assert log.gaps(11.0) == ()
    assert log.gaps(40.0) == (Gap(9.0, 40.0, CAMERA_DOWN),)
    assert log.picture(41.0)
    assert log.gaps(42.0) == (Gap(9.0, 41.0, CAMERA_DOWN),)


def test_a_camera_that_never_came_is_down_from_the_start():
    assert CoverageLog().gaps(60.0) == (Gap(0.0, 60.0, CAMERA_DOWN),)


def test_a_camera_that_flickers_for_days_fills_no_memory_and_claims_too_little():
    log, down_s = CoverageLog(most=50), 0.0
    for turn in range(5000):
        at_s = turn * 20.0
        log.picture(at_s)
        log.picture(at_s + 2)
        down_s += 18.0
    gaps = log.gaps(5000 * 20.0)
    assert len(gaps) <= 51
    assert sum(gap.end_s - gap.start_s for gap in gaps) >= down_s - 20


def test_trouble_beside_an_outage_is_told_with_its_own_reason():
    log = CoverageLog()
    log.picture(0.0)
    log.add([Gap(10.0, 20.0, "dark"), Gap(20.5, 30.0, "dark"), Gap(31.0, 31.4, "blurred")])
    log.picture(2.0)
    assert log.gaps(4.0, [Gap(1.0, 4.0, "covered")]) == (Gap(1.0, 4.0, "covered"), Gap(10.0, 30.0, "dark"))


def test_the_last_moment_that_was_watched():
    def until(*gaps):
        recording = Recording("S", "C", datetime(2026, 3, 3, tzinfo=UTC), 100.0, "aa", gaps)
        return watched_until_s(recording)

    assert until() == 100.0
    assert until(Gap(10, 20, "dark")) == 100.0
    assert until(Gap(10, 20, "dark"), Gap(90, 100, "camera down")) == 90.0
    assert until(Gap(80, 95, "dark"), Gap(90, 100, "camera down")) == 80.0
    assert until(Gap(0, 100, "camera down")) == 0.0
