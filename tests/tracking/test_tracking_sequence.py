from __future__ import annotations

import numpy as np
import pytest

from floorwalker.evaluation.tracks import score_tracks
from floorwalker.tracking.build import MOST_ACCURATE, TRACKERS, build_tracker
from floorwalker.tracking.mot_files import MotTable, read_mot
from floorwalker.tracking.offline import fill_gaps, refine, stitch_table
from floorwalker.tracking.sequence import follow_sequence


def walk(frames, x0=100.0, speed=4.0, top=200.0):
    """A person's boxes at some frames."""
    frames = np.array(list(frames))
    x = x0 + speed * frames
    return frames, np.column_stack([x, np.full(len(x), top), x + 50, np.full(len(x), top + 150)])


def detections(*people):
    frames = np.concatenate([frames for frames, _ in people])
    boxes = np.vstack([boxes for _, boxes in people])
    return MotTable.of(frames, np.full(len(frames), -1), boxes, np.full(len(frames), 0.9))


@pytest.mark.parametrize("name", sorted(TRACKERS))
def test_frames_keep_their_numbers_and_holes_their_time(name):
    table = detections(walk(range(7, 40)), walk(range(9, 40), x0=900, speed=-3, top=600))
    followed = follow_sequence(table, build_tracker(name), 25.0)
    assert followed.whole.frame.tolist() == table.frame.tolist()
    assert len(np.unique(followed.whole.track_id)) == 2
    assert set(map(tuple, followed.online.xyxy)) <= set(map(tuple, table.xyxy))
    assert len(followed.online) < len(followed.whole)
    # Frames without a box pass in time: after four seconds it is somebody else.
    late = follow_sequence(detections(walk(range(1, 30), speed=0), walk(range(130, 160), speed=0)),
                           build_tracker(name), 25.0)  # fmt: skip
    assert len(np.unique(late.whole.track_id)) == 2


def test_a_frame_number_far_away_is_no_work():
    table = detections(walk(range(1, 20)), walk(range(900_000_000, 900_000_020)))
    assert len(follow_sequence(table, build_tracker(MOST_ACCURATE), 30.0).whole) == 39


def test_nothing_in_nothing_out():
    table = detections(walk(range(1, 3))).select(np.zeros(2, dtype=bool))
    followed = follow_sequence(table, build_tracker(MOST_ACCURATE))
    assert len(followed.online) == len(followed.whole) == 0
    assert len(refine(followed.whole, 25.0)) == 0


def test_gaps_are_filled_on_a_straight_line_up_to_the_longest():
    frames, boxes = walk([1, 2, 6, 20])
    tracks = MotTable.of(frames, np.full(4, 5), boxes, [0.9, 0.8, 0.6, 0.9])
    filled = fill_gaps(tracks, 3)
    assert filled.frame.tolist() == [1, 2, 3, 4, 5, 6, 20]
    assert filled.xyxy == pytest.approx(walk([1, 2, 3, 4, 5, 6, 20])[1])
    assert filled.confidence.tolist() == [0.9, 0.8, 0.6, 0.6, 0.6, 0.6, 0.9]
    assert len(fill_gaps(tracks, 2)) == 4


def test_fragments_of_one_walk_are_joined():
    first, second = walk(range(1, 30)), walk(range(45, 80))
    tracks = MotTable.of(
        np.concatenate([first[0], second[0]]),
        np.repeat([3, 8], [29, 35]),
        np.vstack([first[1], second[1]]),
        np.ones(64),
    )
    assert len(np.unique(stitch_table(tracks, 25.0).track_id)) == 1
    whole = refine(tracks, 25.0)
    assert whole.frame.tolist() == list(range(1, 80))
    assert whole.xyxy == pytest.approx(walk(range(1, 80))[1], abs=0.01)


def test_looking_back_is_worth_something_on_real_detections(shared):
    folder = shared / "mot" / "TUD-Campus"
    truth = read_mot(folder / "gt" / "gt.txt")
    followed = follow_sequence(
        read_mot(folder / "det" / "det.txt"), build_tracker(MOST_ACCURATE, believes_first=True), 25.0
    )
    online = score_tracks(followed.online, truth)
    afterwards = score_tracks(refine(followed.whole, 25.0), truth)
    assert afterwards.hota > online.hota > 0.5
    assert afterwards.recall > online.recall
