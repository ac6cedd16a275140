"""After the fact: fragments of a recorded sequence joined, and the gaps in its tracks filled."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.mot_files import MotTable
from floorwalker.tracking.stitch import StitchSettings, stitch_tracks
from floorwalker.tracking.track import Track

DEFAULT_LONGEST_GAP_S = 1.0


def stitch_table(tracks: MotTable, fps: float, settings: StitchSettings | None = None) -> MotTable:
    """Join fragments of one person by place, velocity and time, as for a shop's recordings.

    Args:
        tracks: of one sequence.
        fps: frames a second.
        settings: how near is near.

    Returns:
        The same boxes, tracks renumbered from 1.
    """
    fragments = []
    for track_id in np.unique(tracks.track_id).tolist():
        own = tracks.select(tracks.track_id == track_id)
        boxes = own.xyxy.astype(np.float32)
        feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]).astype(np.float32)
        fragments.append(
            Track(
                track_id,
                own.frame / fps,
                boxes,
                feet,
                np.full((len(own), 2), np.nan),
                own.confidence.astype(np.float32),
                np.zeros((0, 0), dtype=np.float32),
            )
        )
    if not fragments:
        return tracks
    joined = stitch_tracks(fragments, settings)
    lengths = [len(track.time_s) for track in joined]
    return MotTable.of(
        np.rint(np.concatenate([track.time_s for track in joined]) * fps),
        np.repeat([track.track_id for track in joined], lengths),
        np.concatenate([track.xyxy for track in joined]),
        np.concatenate([track.confidence for track in joined]),
    )


def fill_gaps(tracks: MotTable, longest_gap: int) -> MotTable:
    """Put boxes between two sightings of a track, on a straight line.

    Args:
        tracks: of one sequence.
        longest_gap: frames missed in a row that are still filled. Raising it fills longer occlusions, in
            which people did not always walk straight on.

    Returns:
        The boxes and those between; these carry the smaller confidence of the two sightings.
    """
    parts = [tracks]
    for track_id in np.unique(tracks.track_id).tolist():
        own = tracks.select(tracks.track_id == track_id)
        for a, b in pairwise(range(len(own))):
            missed = int(own.frame[b] - own.frame[a]) - 1
            if 1 <= missed <= longest_gap:
                parts.append(_between(own, a, b, missed))
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS]
    return MotTable.of(*joined)


_COLUMNS = ("frame", "track_id", "xyxy", "confidence")


def _between(own: MotTable, a: int, b: int, missed: int) -> MotTable:
    share: npt.NDArray[np.float64] = np.arange(1, missed + 1) / (missed + 1)
    boxes = own.xyxy[a] + share[:, None] * (own.xyxy[b] - own.xyxy[a])
    confidence = np.full(missed, min(own.confidence[a], own.confidence[b]))
    return MotTable.of(
        own.frame[a] + np.arange(1, missed + 1), np.full(missed, own.track_id[a]), boxes, confidence
    )


def refine(tracks: MotTable, fps: float, longest_gap_s: float = DEFAULT_LONGEST_GAP_S) -> MotTable:
    """What a recording allows beyond live video: fragments joined, gaps filled.

    Args:
        tracks: all that was seen of believed tracks (`Followed.whole`).
        fps: frames a second.
        longest_gap_s: as `fill_gaps`, in seconds.
    """
    settings = replace(StitchSettings(), longest_gap_s=max(longest_gap_s, 0.0))
    return fill_gaps(stitch_table(tracks, fps, settings), round(longest_gap_s * fps))
