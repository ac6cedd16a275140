"""Looking where it matters: quiet stretches are passed over, all others decoded at the full rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from floorwalker.video.empty import EmptyRoom, EmptyRules, Points, Small, small_picture
from floorwalker.video.frame import Frame
from floorwalker.video.grouped import GroupDecoder, StoredGroup, stored_groups
from floorwalker.video.groups import due
from floorwalker.video.scan import Scan
from floorwalker.video.size_evidence import SizeRules


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """What matters.

    Attributes:
        sizes: what packets say of motion.
        empty: what a picture in which nobody is has to be like.
        glance_s: quiet time is looked at by the detector at least this often. Raising it saves little;
            lowering it finds sooner who came in unseen, and lets a detector follow the light more closely.
        linger_s: after the last sighting of a person everything is looked at for so long.
        confirmations: a picture unlike those known to be empty becomes one when it stays the same for so many
            groups of pictures in which the detector, looking at the full rate, found nobody.
        restless: after so many groups in a row that look unlike empty, each in another way, and in which
            nobody was found, the places where they differ are trusted less.
    """

    sizes: SizeRules = field(default_factory=SizeRules)
    empty: EmptyRules = field(default_factory=EmptyRules)
    glance_s: float = 20.0
    linger_s: float = 2.0
    confirmations: int = 3
    restless: int = 10


class AdaptiveLook:
    """Chooses what of a scanned recording is decoded, told all along where people were found.

    A group of pictures is decoded at the full rate where packets tell of motion in it or right beside it,
    where its key frame or the next one does not look like the empty room, and where people were seen at the
    end of what was looked at before. In a group that is decoded, frames that look like the empty room are
    passed over while nobody was seen for a while. Of every other group nothing is decoded, but for a glance
    at its key frame now and then; if that finds somebody, the group is decoded after all.

    Args:
        path: the recording.
        scanned: the look ahead.
        fps: most frames a second; None: every picture.
        rules: what matters.
        masks: polygons that do not count, in shares of the picture's width and height.
    """

    def __init__(
        self,
        path: Path,
        scanned: Scan,
        fps: float | None,
        rules: AdaptiveRules | None = None,
        masks: tuple[Points, ...] = (),
    ) -> None:
        self._path, self._scan = path, scanned
        self._rules = rules or AdaptiveRules()
        self._room = EmptyRoom(self._rules.empty, masks)
        self._due = due(scanned.table, scanned.groups, fps)
        self._people_s = -np.inf
        self._asked_s = -np.inf  # when the detector last saw something
        self._decoded_s = -np.inf
        self._found = False
        self._unexplained: list[Small] = []
        self.decoded_s = 0.0
        self.lost = np.zeros(len(scanned.table), bool)

    def heed(self, time_s: float, people: bool) -> None:
        """Hear whether there are people in a frame that was handed out.

        Args:
            time_s: the frame's presentation time.
            people: whether anybody was found.
        """
        if people:
            self._people_s, self._found = time_s, True

    def stretches(self) -> Iterator[Iterator[Frame]]:
        """What to look at, one stretch after the other.

        Each has to be gone through, and what was found in it told (`heed`), before the next is asked for.

        Yields:
            Frames in order of time.
        """
        scanned = self._scan
        with GroupDecoder(self._path, scanned.table, scanned.groups) as decoder:
            for group in stored_groups(self._path, scanned.table, scanned.groups):
                self._found = False
                if not self._matters(group.number):
                    if self.time_of(group) - self._asked_s >= self._rules.glance_s:
                        yield self._glance(decoder, group)
                    if not self._found:
                        self._learn(group)
                        continue
                yield self._look(decoder, group)
                self._learn(group)
            self.lost = decoder.asked & ~decoder.came

    def time_of(self, group: StoredGroup) -> float:
        """Presentation time of a group's beginning."""
        return float(self._scan.groups.start_s[group.number])

    def _matters(self, number: int) -> bool:
        start_s = self._scan.groups.start_s[number]
        if self._scan.sizes.matters[number] or start_s - self._people_s <= self._rules.linger_s:
            return True
        around = self._scan.pictures[number : number + 2]
        return any(picture is None or not self._room.is_known(picture) for picture in around)

    def _glance(self, decoder: GroupDecoder, group: StoredGroup) -> Iterator[Frame]:
        wanted = np.zeros(len(self._scan.table), bool)
        keys = np.flatnonzero(self._scan.table.key[group.first :][: len(group.packets)])
        wanted[group.first + keys[:1]] = True
        for _, frame in decoder.pictures(group, wanted):
            self._asked_s = self._decoded_s = frame.time_s
            yield frame

    def _look(self, decoder: GroupDecoder, group: StoredGroup) -> Iterator[Frame]:
        self.decoded_s += float(np.diff(self._scan.groups.start_s)[group.number])
        # What is found in this stretch may be told late; within it only the pictures themselves decide.
        stirred_s = self._people_s
        for decoded, frame in decoder.pictures(group, self._due):
            if frame.time_s <= self._decoded_s:
                continue
            self._decoded_s = frame.time_s
            if not self._room.is_known(small_picture(decoded)):
                stirred_s = frame.time_s
            if frame.time_s - stirred_s <= self._rules.linger_s:
                self._asked_s = frame.time_s
                yield frame

    def _learn(self, group: StoredGroup) -> None:
        """Follow the empty room, and take for empty what stays as it is while nobody is found."""
        picture = self._scan.pictures[group.number]
        if picture is None or self._found or self._room.is_known(picture):
            self._unexplained.clear()
            if picture is not None and not self._found:
                self._room.learn(picture)
            return
        rules = self._rules
        self._unexplained = [*self._unexplained[1 - rules.restless :], picture]
        lately = self._unexplained[-rules.confirmations :]
        if len(lately) == rules.confirmations and all(self._room.alike(picture, one) for one in lately):
            self._room.learn(picture)
        elif len(self._unexplained) == rules.restless:
            self._room.doubt(picture)


def mask_shares(masks: list[list[tuple[float, float]]], size: tuple[int, int]) -> tuple[Points, ...]:
    """Polygons in shares of a picture's width and height.

    Args:
        masks: polygons in pixels.
        size: the picture's width and height in pixels.
    """
    scale = np.array(size, np.float64)
    shares: list[npt.NDArray[np.float64]] = [np.array(mask, np.float64) / scale for mask in masks]
    return tuple([(float(x), float(y)) for x, y in mask] for mask in shares)
