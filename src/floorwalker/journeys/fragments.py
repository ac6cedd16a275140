"""Fragments: who is lost from sight in a zone and seen there again is one person, and their stay is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from floorwalker.identity.likeness import resemblance
from floorwalker.journeys.zones import Stay
from floorwalker.tracking.overlap import assign
from floorwalker.tracking.track import Track

TYPICAL_HEIGHT_M = 1.7


@dataclass(frozen=True, slots=True)
class FragmentSettings:
    """When a track that begins in a zone goes on where another one broke off there.

    Attributes:
        longest_gap_s: out of sight for at most so long. Raising it joins more fragments, and more strangers.
        overlap_s: two fragments may overlap for so long, where the old one lingers.
        at_end_s: the one stay must end within this time of its track's end, the other begin so after its.
        reach_m: farthest apart, where a person's height in the picture stands for 1.7 m, and
        reach_m_per_s: how that grows with the gap.
        least_resemblance: of the looks; below it they are two people.
    """

    longest_gap_s: float = 8.0
    overlap_s: float = 0.5
    at_end_s: float = 0.6
    reach_m: float = 0.9
    reach_m_per_s: float = 0.1
    least_resemblance: float = 0.86


def joined_stays(
    all_stays: Sequence[Stay], tracks: Mapping[int, Track], settings: FragmentSettings
) -> tuple[list[Stay], dict[int, int]]:
    """Join stays that broke off with those that go on in the same zone, one to one, the likeliest together.

    Args:
        all_stays: of one camera.
        tracks: by track_id.
        settings: when two are one.

    Returns:
        The stays, in order of time, each naming the tracks that show it; and for each track the first one
        of the same person.
    """
    ordered = sorted(all_stays, key=lambda stay: (stay.start_s, stay.track_id))
    broken, begun = [], []
    for place, stay in enumerate(ordered):
        if tracks[stay.track_id].end_s - stay.end_s <= settings.at_end_s:
            broken.append(place)
        if stay.start_s - tracks[stay.track_id].start_s <= settings.at_end_s:
            begun.append(place)
    score = np.array(
        [[_continuation(ordered[i], ordered[j], tracks, settings) for j in begun] for i in broken]
    ).reshape(len(broken), len(begun))
    rows, columns = assign(score, 1e-4)
    following = {broken[row]: begun[column] for row, column in zip(rows, columns, strict=True)}
    first = {track_id: track_id for track_id in tracks}
    found = []
    for start in sorted(set(range(len(ordered))) - set(following.values())):
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
            first[ordered[chain[-1]].track_id] = ordered[start].track_id
        found.append(_as_one([ordered[place] for place in chain]))
    return found, _roots(first)


def _continuation(
    before: Stay, after: Stay, tracks: Mapping[int, Track], settings: FragmentSettings
) -> float:
    """How well one stay goes on where another broke off, 0 (cannot) to 1."""
    gap_s = after.start_s - before.end_s
    if before.track_id == after.track_id or before.zone.id != after.zone.id:
        return 0.0
    if not -settings.overlap_s <= gap_s <= settings.longest_gap_s or after.end_s <= before.end_s:
        return 0.0
    old, new = tracks[before.track_id], tracks[after.track_id]
    if new.start_s < old.end_s - settings.overlap_s:
        return 0.0
    height = (old.xyxy[-1, 3] - old.xyxy[-1, 1] + new.xyxy[0, 3] - new.xyxy[0, 1]) / 2
    step_px = float(np.linalg.norm(new.foot_px[0] - old.foot_px[-1]))
    reach_m = settings.reach_m + settings.reach_m_per_s * max(gap_s, 0.0)
    nearness = 1.0 - step_px * TYPICAL_HEIGHT_M / max(float(height), 1.0) / reach_m
    alike = resemblance(old.appearance, new.appearance)
    if nearness <= 0 or (alike is not None and alike < settings.least_resemblance):
        return 0.0
    patience = 1.0 - max(gap_s, 0.0) / (settings.longest_gap_s + 1.0)
    return nearness * patience * (0.9 if alike is None else alike)


def _as_one(chain: Sequence[Stay]) -> Stay:
    if len(chain) == 1:
        return chain[0]
    seconds = np.array([max(part.duration_s, 0.1) for part in chain])
    return replace(
        chain[0],
        end_s=chain[-1].end_s,
        left=chain[-1].left,
        ongoing=chain[-1].ongoing,
        confidence=float(np.average([part.confidence for part in chain], weights=seconds)),
        tracks=tuple(part.track_id for part in chain),
        sighted=float(np.average([part.sighted for part in chain], weights=seconds)),
        depth=max(part.depth for part in chain),
    )


def _roots(first: Mapping[int, int]) -> dict[int, int]:
    """Chains followed to their first track."""
    found = {}
    for track_id in first:
        root = track_id
        while first[root] != root:
            root = first[root]
        found[track_id] = root
    return found
