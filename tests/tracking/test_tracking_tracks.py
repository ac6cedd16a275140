from __future__ import annotations

import pickle
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from floorwalker.errors import InputError
from floorwalker.runs import Gap, Recording, Run
from floorwalker.site import Calibration
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.stitch import StitchSettings, stitch_tracks
from floorwalker.tracking.store import read_tracks, write_tracks
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

RECORDING = Recording(
    "S1", "C1", datetime(2026, 3, 3, 4, 30, tzinfo=UTC), 60.0, "ab" * 32, (Gap(3.0, 4.5, "black"),)
)
RUN = Run(RECORDING.recording_id, "0.1.0", "script", "cd" * 16)


def colour(k):
    descriptor = np.zeros((3, 8), dtype=np.float32)
    descriptor[:, k] = 1.0
    return descriptor


def track(number, start_s, end_s, start, velocity, appearance=None):
    time_s = np.arange(start_s, end_s + 1e-9, 0.1)
    floor = np.array(start) + np.outer(time_s - start_s, velocity)
    feet = floor * 100
    boxes = np.column_stack([feet[:, 0] - 25, feet[:, 1] - 170, feet[:, 0] + 25, feet[:, 1]])
    return Track(
        number,
        time_s,
        boxes.astype(np.float32),
        feet.astype(np.float32),
        floor,
        np.full(len(time_s), 0.8, dtype=np.float32),
        np.zeros((0, 0), dtype=np.float32) if appearance is None else appearance,
    )


def run_collector(moments, **options):
    tracker, collector = ByteTrack(), TrackCollector(None, **options)
    for t, feet in moments:
        boxes = [(x - 30, y - 180, x + 30, y) for x, y in feet]
        found = Detections.from_boxes(np.array(boxes, dtype=float).reshape(-1, 4), np.full(len(boxes), 0.9))
        collector.add(tracker.update(found, t), found, t, tracker.confirmed)
    return collector.finish()


def test_confirmed_tracks_are_numbered_in_order_of_first_sighting():
    moments = [(0.0, [(900, 500)])]  # a flash
    moments += [(k / 10, [(100 + 5 * k, 400)]) for k in range(1, 20)]
    moments += [(k / 10, [(100 + 5 * k, 400), (600, 450)]) for k in range(20, 40)]
    tracks = run_collector(moments)
    assert [(t.track_id, t.start_s, len(t.time_s)) for t in tracks] == [(1, 0.1, 39), (2, 2.0, 20)]
    assert np.isnan(tracks[0].floor_m).all()


def test_unconfirmed_sightings_leave_the_collector():
    rng = np.random.default_rng(1)
    flashes = [(k / 10, [tuple(rng.uniform(100, 900, 2))]) for k in range(0, 3000, 7)]
    collector = TrackCollector(None, tidy_every=50, patience_s=2.0)
    tracker = ByteTrack()
    for t, feet in flashes:
        boxes = np.array([(x - 30, y - 180, x + 30, y) for x, y in feet])
        found = Detections.from_boxes(boxes, np.full(len(boxes), 0.9))
        collector.add(tracker.update(found, t), found, t, lambda _: False)
    assert sum(len(chunk.ids) for chunk in collector._chunks) < 120
    assert collector.finish() == []


def test_tidying_changes_no_track():
    moments = [(k / 10, [(100 + 3 * k, 400), (900 - 3 * k, 450)]) for k in range(80)]
    kept, tidied = run_collector(moments), run_collector(moments, tidy_every=7, patience_s=0.5)
    assert [t.time_s.tolist() for t in kept] == [t.time_s.tolist() for t in tidied]
    assert all((a.xyxy == b.xyxy).all() for a, b in zip(kept, tidied, strict=True))


def test_floor_positions_come_from_the_calibration():
    points = [(0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0)]
    calibration = Calibration.from_points([(100 * x, 600 - 100 * y) for x, y in points], points, (960, 640))
    collector = TrackCollector(calibration)
    found = Detections.from_boxes([[270, 200, 330, 400]], [0.9])
    for k in range(5):
        collector.add(np.array([1]), found, k / 10, lambda _: True)
    (only,) = collector.finish()
    assert only.floor_m == pytest.approx(np.tile([3.0, 2.0], (5, 1)))


def test_appearance_samples_are_bounded_good_and_spread():
    collector = TrackCollector(None, samples=4, sample_every_s=0.5)
    found = Detections.from_boxes([[270, 200, 330, 400]], [0.9])
    asked = 0
    for k in range(200):
        ids, t = np.array([1]), k / 10
        descriptor, quality = np.eye(200, dtype=np.float32)[[k]], np.array([0.9 if k % 2 else 0.0])
        due = collector.due(ids, t)
        asked += int(due[0])
        collector.add(ids, found, t, lambda _: True, descriptor * due[:, None], quality.astype(np.float32))
    (only,) = collector.finish()
    taken = np.argmax(only.appearance, axis=1)
    assert len(taken) == 4
    assert (taken % 2 == 1).all()
    assert taken.max() - taken.min() > 100
    assert asked < 100


@pytest.mark.parametrize(
    ("gap_s", "looks", "expected"), [(0.6, (1, 5), 2), (0.6, (1, 1), 1), (0.1, (1, 5), 1)]
)
def test_a_track_that_goes_over_to_another_person_is_cut_where_nobody_was_seen(gap_s, looks, expected):
    collector = TrackCollector(None)
    found = Detections.from_boxes([[270, 200, 330, 400]], [0.9])
    times = [*np.arange(0, 5, 0.1), *np.arange(4.9 + gap_s, 10, 0.1)]
    for t in times:
        look = np.eye(8, dtype=np.float32)[[looks[0] if t < 5 - 1e-9 else looks[1]]]
        collector.add(np.array([1]), found, float(t), lambda _: True, look)
    tracks = collector.finish()
    assert len(tracks) == expected
    assert sum(len(track.time_s) for track in tracks) == len(times)
    if expected == 2:
        assert (tracks[0].end_s, tracks[1].start_s) == (pytest.approx(4.9), pytest.approx(4.9 + gap_s))
        assert [int(np.argmax(track.appearance[0])) for track in tracks] == list(looks)


def test_fragments_of_one_walk_are_one_track():
    pieces = [track(1, 0, 3, (1, 1), (1, 0)), track(2, 4.2, 7, (5.2, 1), (1, 0))]
    (whole,) = stitch_tracks(pieces)
    assert (whole.start_s, whole.end_s, len(whole.time_s)) == (0.0, pytest.approx(7.0), 31 + 29)
    assert (np.diff(whole.time_s) > 0).all()


@pytest.mark.parametrize(
    "second",
    [
        track(2, 2.0, 7, (3, 1), (1, 0)),  # both in view at one time
        track(2, 3.5, 7, (9, 1), (1, 0)),  # too far
        track(2, 3.5, 7, (3.5, 1), (-1.5, 0)),  # comes from where the other one went
        track(2, 13, 17, (4, 1), (0, 0)),  # much later
        track(2, 3.5, 7, (4.5, 1), (1, 0), colour(5)),  # other clothes
    ],
)
def test_other_people_are_not_joined(second):
    first = track(1, 0, 3, (1, 1), (1, 0), colour(1))
    assert len(stitch_tracks([first, second])) == 2


def test_who_was_hidden_for_long_is_known_again_by_place_and_looks():
    first = track(1, 0, 3, (1, 1), (0, 0), colour(1))
    again = track(2, 15, 20, (1.8, 1), (0, 0), colour(1))
    (whole,) = stitch_tracks([first, again])
    assert (whole.start_s, whole.end_s) == (0.0, pytest.approx(20.0))


@pytest.mark.parametrize(
    "second",
    [
        track(2, 15, 20, (1.8, 1), (0, 0), colour(5)),  # other clothes
        track(2, 15, 20, (1.8, 1), (0, 0)),  # clothes never seen
        track(2, 15, 20, (4, 1), (0, 0), colour(1)),  # elsewhere
        track(2, 40, 45, (1, 1), (0, 0), colour(1)),  # much later
        track(2, 15, 20, (1, 1), (0.8, 0), colour(1)),  # went by: was never hidden there
        track(2, 1.5, 20, (1, 1), (0, 0), colour(1)),  # both in view at one time
    ],
)
def test_nobody_else_is_taken_for_who_was_hidden(second):
    assert len(stitch_tracks([track(1, 0, 3, (1, 1), (0, 0), colour(1)), second])) == 2


def test_who_walks_on_behind_something_for_seconds_is_known_by_looks():
    first = track(1, 0, 3, (1, 1), (1, 0), colour(1))
    turned = track(2, 6, 10, (5, 3.5), (0, 1), colour(1))
    assert len(stitch_tracks([first, turned])) == 1
    assert len(stitch_tracks([first, track(2, 6, 10, (5, 3.5), (0, 1), colour(5))])) == 2


def test_a_track_that_lingers_after_its_person_was_found_again_ends_there():
    first = track(1, 0, 3, (1, 1), (0.5, 0), colour(1))
    again = track(2, 2.4, 8, (2.8, 1.3), (0.5, 0), colour(1))
    (whole,) = stitch_tracks([again, first])
    assert (np.diff(whole.time_s) > 0).all()
    assert len(whole.time_s) == 24 + len(again.time_s)
    assert whole.floor_m[24] == pytest.approx(again.floor_m[0])


def test_three_stretches_of_one_person_are_one_track_and_never_overlap():
    pieces = [
        track(1, 0, 3, (1, 1), (0, 0), colour(1)),
        track(2, 4, 6, (1, 1), (0, 0), colour(1)),
        track(3, 18, 20, (1.2, 1), (0, 0), colour(1)),
    ]
    (whole,) = stitch_tracks(pieces)
    assert (np.diff(whole.time_s) > 0).all()
    assert len(whole.time_s) == sum(len(piece.time_s) for piece in pieces)


def test_of_two_continuations_the_likelier_is_taken():
    first = track(1, 0, 3, (1, 1), (1, 0), colour(1))
    near = track(2, 3.6, 7, (4.6, 1.1), (1, 0), colour(1))
    off = track(3, 3.6, 7, (4.4, 1.9), (1, 0))
    joined = stitch_tracks([off, near, first], StitchSettings())
    assert sorted(len(t.time_s) for t in joined) == [len(off.time_s), len(first.time_s) + len(near.time_s)]
    assert joined[0].floor_m[-1] == pytest.approx(near.floor_m[-1])


def test_a_track_file_gives_back_what_was_written(tmp_path):
    bare = track(2, 1, 2, (1, 1), (0, 0))
    bare = Track(
        2,
        bare.time_s,
        bare.xyxy,
        bare.foot_px,
        np.full_like(bare.floor_m, np.nan),
        bare.confidence,
        bare.appearance,
    )
    tracks = [bare, track(1, 0, 3, (1, 1), (1, 0), colour(2))]
    write_tracks(tmp_path / "tracks.parquet", tracks, RECORDING, RUN)
    stored = read_tracks(tmp_path / "tracks.parquet")
    assert (stored.recording, stored.run) == (RECORDING, RUN)
    assert [t.track_id for t in stored.tracks] == [1, 2]
    for written, read in zip(reversed(tracks), stored.tracks, strict=True):
        for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence"):
            before, after = getattr(written, name), getattr(read, name)
            assert before.dtype == after.dtype
            np.testing.assert_array_equal(before, after)
        assert len(read.appearance) == len(written.appearance)
    np.testing.assert_array_equal(stored.tracks[0].appearance, colour(2))
    assert [path.name for path in tmp_path.iterdir()] == ["tracks.parquet"]


def test_no_tracks_are_a_file_too(tmp_path):
    write_tracks(tmp_path / "none.parquet", [], RECORDING, RUN)
    assert read_tracks(tmp_path / "none.parquet").tracks == ()


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "tracks.parquet"
    with pytest.raises(InputError, match="no such track file"):
        read_tracks(path)
    write_tracks(path, [track(1, 0, 3, (1, 1), (1, 0))], RECORDING, RUN)
    whole = path.read_bytes()
    for damaged in (b"", b"words", whole[: len(whole) // 2], whole[:8] + b"\0" * 40 + whole[48:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"damaged|no track file"):
            read_tracks(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(InputError, match="not one of Floorwalker's"):
        read_tracks(path)


def passing(people, frames_each=20, at_once=3):
    """Frames of people who come one after the other, each there for some frames: time, ids, detections."""
    starts = np.arange(people) * frames_each // at_once
    for frame in range(int(starts[-1]) + frames_each):
        there = np.flatnonzero((starts <= frame) & (frame < starts + frames_each))
        x = 100.0 + 8.0 * (frame - starts[there]) + 200 * (there % at_once)
        boxes = np.column_stack([x - 30, np.full(len(x), 220.0), x + 30, np.full(len(x), 400.0)])
        yield frame / 10, there + 1, Detections.from_boxes(boxes, np.full(len(there), 0.9))


def test_finished_tracks_are_handed_out_once_and_forgotten():
    whole, parted, handed, most = TrackCollector(None), TrackCollector(None, patience_s=3.0), [], 0
    early = len(pickle.dumps(parted))
    for time_s, ids, found in passing(300):
        looks = np.tile(np.linspace(1, 2, 6, dtype=np.float32), (len(ids), 1))
        for collector in (whole, parted):
            collector.add(ids, found, time_s, lambda track: track % 10 > 0, looks)
        if round(time_s * 10) % 20 == 0:
            handed += parted.take_finished(time_s)
            most = max(most, len(pickle.dumps(parted)))
    handed += parted.finish()
    assert most < early + 60_000
    assert len(pickle.dumps(parted)) < early + 1_000
    everything = whole.finish()
    assert [track.track_id for track in handed] == list(range(1, 271))
    for one, other in zip(handed, everything, strict=True):
        assert one.time_s.tolist() == other.time_s.tolist()
        assert one.xyxy.tolist() == other.xyxy.tolist()
        assert one.appearance.tolist() == other.appearance.tolist()


def test_who_is_still_there_is_not_handed_out():
    collector = TrackCollector(None, patience_s=3.0)
    for time_s, ids, found in passing(1, frames_each=200):
        collector.add(ids, found, time_s, lambda track: True)
        assert collector.take_finished(time_s + 2.0) == []
    assert len(collector.take_finished(time_s + 4.0)) == 1
    assert collector.take_finished(time_s + 8.0) == collector.finish() == []
