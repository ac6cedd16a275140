"""The look ahead at a recording: its packets, and its key frames as small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from floorwalker.video.empty import EmptyRoom, Small, small_picture
from floorwalker.video.grouped import GroupDecoder, stored_groups
from floorwalker.video.groups import Groups, find_groups
from floorwalker.video.keyframes import key_pictures
from floorwalker.video.packets import PacketTable, TimeListener, read_packets
from floorwalker.video.size_evidence import SizeEvidence, SizeRules, size_evidence

LEAST_RECORDING_S = 60.0
LEAST_GROUPS = 12
_MOST_LOST_KEYS = 0.02  # share
_PROBED = (0.0, 0.5)  # places of the recording at which key frames are checked
_LARGEST_DEVIATION = 3.0  # grey levels, on average over the small picture
_LEAST_CHANGES = 6
_LEAST_TOLD = 0.6


@dataclass(frozen=True, slots=True)
class Scan:
    """What is known of a recording before it is decoded.

    Attributes:
        table: its packets.
        groups: its groups of pictures.
        pictures: the first key frame of each group, small; None where it does not decode.
        sizes: what the packets say of motion.
    """

    table: PacketTable
    groups: Groups
    pictures: tuple[Small | None, ...]
    sizes: SizeEvidence


def scan(path: Path, rules: SizeRules, on_time: TimeListener | None = None) -> Scan | str:
    """Look ahead at a recording.

    Args:
        path: the file.
        rules: what packet sizes mean.
        on_time: told now and then how many seconds of the recording were gone through.

    Returns:
        What was found, or why this recording has to be decoded whole: a short one is "", for which nobody
        needs an explanation; else words for a report.

    Raises:
        InputError: the file cannot be read, or not one of its frames can.
    """
    table = read_packets(path)
    groups = find_groups(table)
    if isinstance(groups, str):
        return groups
    if groups.start_s[-1] < LEAST_RECORDING_S or len(groups) < LEAST_GROUPS:
        return ""
    pictures = _small_keys(path, table, groups, on_time)
    lost = sum(picture is None for picture in pictures)
    if lost > max(1, _MOST_LOST_KEYS * len(pictures)):
        return "key frames that are none"
    if not _keys_hold(path, table, groups, pictures):
        return "key frames that do not stand alone"
    sizes = size_evidence(table, groups, rules)
    if not sizes.telling or not _sizes_tell(sizes, pictures):
        return "packet sizes say nothing of motion"
    return Scan(table, groups, tuple(pictures), sizes)


def _small_keys(
    path: Path, table: PacketTable, groups: Groups, on_time: TimeListener | None
) -> list[Small | None]:
    chosen = np.zeros(len(table), bool)
    keys = np.flatnonzero(table.key)
    at_start = keys[np.searchsorted(keys, groups.first)]
    chosen[at_start] = True
    number_of = dict(zip(at_start.tolist(), range(len(groups)), strict=True))
    pictures: list[Small | None] = [None] * len(groups)
    for at, frame in key_pictures(path, table, chosen, rough=True):
        pictures[number_of[at]] = small_picture(frame)
        if on_time:
            on_time(float(groups.start_s[number_of[at]]))
    return pictures


def _keys_hold(path: Path, table: PacketTable, groups: Groups, pictures: list[Small | None]) -> bool:
    """Whether pictures decoded from a key frame on are those that come of decoding from the group before.

    Marks may lie, and streams that are refreshed bit by bit have no picture to begin with. Two places are
    looked at; the first key frame of the second of two groups is compared.
    """
    wanted = {min(int(place * len(groups)), len(groups) - 2) for place in _PROBED}
    with GroupDecoder(path, table, groups) as decoder:
        before = None
        for group in stored_groups(path, table, groups):
            if before is not None and before.number in wanted:
                key = int(np.flatnonzero(table.key[group.first :])[0]) + group.first
                seen = decoder.over_border(before, group, int(table.pts[key]))
                small = pictures[group.number]
                if seen is not None and small is not None:
                    deviation = np.abs(small_picture(seen).astype(np.int16) - small).mean()
                    if deviation > _LARGEST_DEVIATION:
                        return False
                if before.number == max(wanted):
                    break
            before = group
    return True


def _sizes_tell(sizes: SizeEvidence, pictures: list[Small | None]) -> bool:
    """Whether packets were large where, after quiet, a key frame differs: then something must have moved."""
    room = EmptyRoom()
    told, quiet = [], False
    for moving, (a, b) in zip(sizes.moving[:-1], pairwise(pictures), strict=True):
        changed = a is None or b is None or not room.alike(b, a)
        if changed and quiet:
            told.append(bool(moving))
        quiet = not changed
    return len(told) < _LEAST_CHANGES or float(np.mean(told)) >= _LEAST_TOLD
