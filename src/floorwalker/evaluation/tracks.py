"""Tracks against truth: HOTA, CLEAR (MOTA) and identity (IDF1) by the library trackeval."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from floorwalker.errors import InputError
from floorwalker.tracking.mot_files import MotTable
from floorwalker.tracking.overlap import iou

# MOT16 and later: a person on foot counts; a find on one of these is neither right nor wrong.
_PEDESTRIAN = 1
_DISTRACTORS = (2, 7, 8, 12)
_LEAST_IOU = 0.5
_INSTALL = (
    "scoring tracks needs trackeval, which is not installed; install it with: "
    "pip install --no-deps trackeval (its metrics need only numpy and scipy, which are here)"
)


@dataclass(frozen=True, slots=True)
class TrackScores:
    """How well people were followed; shares are 0 to 1 (MOTA may fall below 0).

    Attributes:
        hota: higher order tracking accuracy, the mean over overlaps of 0.05 to 0.95.
        det_a: its part that judges detection.
        ass_a: its part that judges association.
        loc_a: mean overlap of the pairs.
        mota: 1 less misses, false boxes and switches per true box, at overlap 0.5.
        motp: mean overlap of the pairs at 0.5.
        idf1: share of boxes whose identity is right, one identity a person for the whole sequence.
        idp: its precision.
        idr: its recall.
        recall: share of the true boxes that were found, at 0.5.
        precision: share of the boxes that are true, at 0.5.
        false_positives: boxes without a person.
        misses: people without a box.
        id_switches: a person goes on under another id.
        fragments: interruptions of a person's track.
        mostly_tracked: people found for 80 % of their time at least.
        mostly_lost: people found for less than 20 %.
        true_ids: people in the truth.
        ids: tracks.
        true_boxes: boxes in the truth that count.
        boxes: boxes of the tracks that count.
        hota_by_overlap: HOTA at each overlap of 0.05, 0.10, … 0.95.
    """

    hota: float
    det_a: float
    ass_a: float
    loc_a: float
    mota: float
    motp: float
    idf1: float
    idp: float
    idr: float
    recall: float
    precision: float
    false_positives: int
    misses: int
    id_switches: int
    fragments: int
    mostly_tracked: int
    mostly_lost: int
    true_ids: int
    ids: int
    true_boxes: int
    boxes: int
    hota_by_overlap: tuple[float, ...]


def score_tracks(measured: MotTable, true: MotTable) -> TrackScores:
    """Score the tracks of one sequence.

    Args:
        measured: the tracks; every box has an id, and an id is in a frame once.
        true: the truth. Where it tells classes (MOT16 and later), people on foot count, and a box on
            something like a person (a statue, someone behind glass) is no mistake.

    Returns:
        The scores.

    Raises:
        InputError: a frame holds an id twice, nothing in the truth counts, or trackeval is missing.

    Source:
        Luiten et al., "HOTA: a higher order metric for evaluating multi-object tracking", IJCV 2021;
        Bernardin and Stiefelhagen, "CLEAR MOT", 2008; Ristani et al., "Performance measures and a data
        set for multi-target, multi-camera tracking", ECCVW 2016.
    """
    _check_ids(measured, "the tracks")
    _check_ids(true, "the truth")
    if not counting(true).any():
        raise InputError("the truth holds no box that counts (its seventh column is 0 for all)")
    metrics = _trackeval()
    data = _sequence(measured, true)
    quiet = {"PRINT_CONFIG": False}
    hota = metrics.HOTA().eval_sequence(data)
    clear = metrics.CLEAR(quiet).eval_sequence(data)
    identity = metrics.Identity(quiet).eval_sequence(data)
    return TrackScores(
        hota=float(np.mean(hota["HOTA"])),
        det_a=float(np.mean(hota["DetA"])),
        ass_a=float(np.mean(hota["AssA"])),
        loc_a=float(np.mean(hota["LocA"])),
        mota=float(clear["MOTA"]),
        motp=float(clear["MOTP"]),
        idf1=float(identity["IDF1"]),
        idp=float(identity["IDP"]),
        idr=float(identity["IDR"]),
        recall=float(clear["CLR_Re"]),
        precision=float(clear["CLR_Pr"]),
        false_positives=int(clear["CLR_FP"]),
        misses=int(clear["CLR_FN"]),
        id_switches=int(clear["IDSW"]),
        fragments=int(clear["Frag"]),
        mostly_tracked=int(clear["MT"]),
        mostly_lost=int(clear["ML"]),
        true_ids=int(data["num_gt_ids"]),
        ids=int(data["num_tracker_ids"]),
        true_boxes=int(data["num_gt_dets"]),
        boxes=int(data["num_tracker_dets"]),
        hota_by_overlap=tuple(np.asarray(hota["HOTA"]).round(6).tolist()),
    )


def counting(true: MotTable) -> npt.NDArray[np.bool_]:
    """Which boxes of a truth count: (n,), not flagged 0, and people on foot where classes are told."""
    person = (true.category == _PEDESTRIAN) | (true.category < 0)
    return np.asarray((true.confidence != 0) & person)


def without_distractors(measured: MotTable, true: MotTable) -> MotTable:
    """The boxes less those that lie on something that is no mistake to find.

    Args:
        measured: boxes of a sequence.
        true: its truth with classes; without classes all boxes stay.
    """
    distracts = np.isin(true.category, _DISTRACTORS)
    if not distracts.any():
        return measured
    keep = np.ones(len(measured), dtype=bool)
    for frame in np.unique(true.frame[distracts]):
        found, real = np.flatnonzero(measured.frame == frame), np.flatnonzero(true.frame == frame)
        overlap = iou(measured.xyxy[found], true.xyxy[real])
        rows, columns = linear_sum_assignment(np.where(overlap >= _LEAST_IOU, overlap, 0.0), maximize=True)
        met = (overlap[rows, columns] >= _LEAST_IOU) & distracts[real[columns]]
        keep[found[rows[met]]] = False
    return measured.select(keep)


def _check_ids(table: MotTable, what: str) -> None:
    if (table.track_id < 0).any():
        raise InputError(f"{what}: expected an id of 0 or more in each line; is this a file of detections?")
    pairs = np.column_stack([table.frame, table.track_id])
    unique, counts = np.unique(pairs, axis=0, return_counts=True)
    if (counts > 1).any():
        frame, track = unique[counts > 1][0].tolist()
        raise InputError(f"{what}: id {track} stands twice in frame {frame}; expected once at most")


def _sequence(measured: MotTable, true: MotTable) -> dict[str, Any]:
    """What trackeval's metrics read: ids from 0 without holes, and overlaps, frame by frame."""
    measured = without_distractors(measured, true)
    true = true.select(counting(true))
    true_ids, true_rows = np.unique(true.track_id, return_inverse=True)
    ids, rows = np.unique(measured.track_id, return_inverse=True)
    frames = np.unique(np.concatenate([true.frame, measured.frame]))
    true_at = np.searchsorted(true.frame, [frames, frames + 1])
    at = np.searchsorted(measured.frame, [frames, frames + 1])
    real = [slice(a, b) for a, b in true_at.T.tolist()]
    found = [slice(a, b) for a, b in at.T.tolist()]
    return {
        "num_timesteps": len(frames),
        "num_gt_ids": len(true_ids),
        "num_tracker_ids": len(ids),
        "num_gt_dets": len(true),
        "num_tracker_dets": len(measured),
        "gt_ids": [true_rows[part] for part in real],
        "tracker_ids": [rows[part] for part in found],
        "similarity_scores": [iou(true.xyxy[a], measured.xyxy[b]) for a, b in zip(real, found, strict=True)],
    }


def _trackeval() -> ModuleType:
    try:
        # It tells of data sets whose libraries are missing, on the output that is for our figures.
        with contextlib.redirect_stdout(io.StringIO()):
            from trackeval import metrics
    except ModuleNotFoundError as error:
        raise InputError(_INSTALL) from error
    return metrics  # type: ignore[no-any-return]
