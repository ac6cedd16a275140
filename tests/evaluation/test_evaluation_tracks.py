from __future__ import annotations

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.evaluation.tracks import score_tracks
from floorwalker.tracking.mot_files import MotTable, read_mot

BOX = np.array([0.0, 0.0, 10.0, 20.0])


def sequence(*rows):
    """Rows of frame, id and how far to the right the box stands."""
    frames, ids, shifts = zip(*rows, strict=True)
    boxes = BOX + np.array(shifts)[:, None] * np.array([1.0, 0.0, 1.0, 0.0])
    return MotTable.of(frames, ids, boxes, np.ones(len(rows)))


def test_the_example_tracker_scores_as_published(shared):
    folder = shared / "mot" / "TUD-Campus"
    scores = score_tracks(read_mot(folder / "example-tracker/test.txt"), read_mot(folder / "gt/gt.txt"))
    assert round(100 * scores.mota, 1) == 52.6
    assert round(100 * scores.idf1, 1) == 55.8
    assert (round(100 * scores.idp, 1), round(100 * scores.idr, 1)) == (73.0, 45.1)
    assert (scores.false_positives, scores.misses, scores.id_switches) == (13, 150, 7)
    assert (round(100 * scores.recall, 1), round(100 * scores.precision, 1)) == (58.2, 94.1)
    assert (scores.fragments, scores.mostly_tracked, scores.mostly_lost) == (7, 1, 1)
    assert round(1 - scores.motp, 3) == 0.277


def test_truth_against_itself_is_perfect_whatever_the_ids_are_called():
    true = sequence(*((frame, person, 40 * person) for frame in range(1, 9) for person in (1, 2)))
    renamed = sequence(*((frame, 90 - person, 40 * person) for frame in range(1, 9) for person in (1, 2)))
    scores = score_tracks(renamed, true)
    assert scores.hota == scores.mota == scores.idf1 == pytest.approx(1.0)
    assert (scores.ids, scores.true_ids, scores.boxes, scores.true_boxes) == (2, 2, 16, 16)


def test_a_change_of_id_costs_identity_not_detection():
    true = sequence(*((frame, 1, 0) for frame in range(1, 9)))
    scores = score_tracks(sequence(*((frame, 1 + frame // 5, 0) for frame in range(1, 9))), true)
    assert scores.id_switches == 1
    assert scores.det_a == pytest.approx(1.0)
    assert scores.ass_a == pytest.approx(0.5)
    assert scores.idf1 == pytest.approx(0.5)
    assert scores.hota == pytest.approx(np.sqrt(0.5))


def test_no_track_scores_nothing_and_a_frame_beyond_the_truth_is_false():
    true = sequence((1, 1, 0), (2, 1, 0))
    nothing = score_tracks(sequence((1, 1, 0)).select(np.zeros(1, dtype=bool)), true)
    assert (nothing.hota, nothing.misses, nothing.boxes) == (0.0, 2, 0)
    beyond = score_tracks(sequence((1, 5, 0), (2, 5, 0), (9, 5, 0)), true)
    assert beyond.false_positives == 1


def test_what_does_not_count_is_neither_right_nor_wrong():
    rows = [(1, 1, 0, 1, 1), (1, 2, 100, 1, 8), (1, 3, 200, 0, 1)]
    true = sequence(*(row[:3] for row in rows))
    true = MotTable(
        true.frame,
        true.track_id,
        true.xyxy,
        np.array([row[3] for row in rows], dtype=float),
        np.array([row[4] for row in rows]),
    )
    scores = score_tracks(sequence((1, 1, 0), (1, 2, 100)), true)
    assert (scores.true_boxes, scores.boxes, scores.false_positives) == (1, 1, 0)


def test_inputs_that_cannot_be_scored_are_refused():
    true = sequence((1, 1, 0))
    with pytest.raises(InputError, match="id 4 stands twice in frame 1"):
        score_tracks(sequence((1, 4, 0), (1, 4, 30)), true)
    with pytest.raises(InputError, match="file of detections"):
        score_tracks(sequence((1, -1, 0)), true)
    silent = MotTable(true.frame, true.track_id, true.xyxy, np.zeros(1), true.category)
    with pytest.raises(InputError, match="no box that counts"):
        score_tracks(true, silent)
