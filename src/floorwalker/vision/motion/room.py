"""The empty room as it changes: light drifts, furniture moves, people never become part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.vision.motion.bootstrap import bootstrap_room, match_light, outline_evidence
from floorwalker.vision.motion.foreground import (
    ForegroundRules,
    Image,
    Mask,
    above,
    channel_max,
    foreground_mask,
    gradient,
)

_GHOST_EVIDENCE = -0.15
_STILL_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class RoomRules:
    """How fast the picture of the room follows.

    Attributes:
        look_s: seconds between two looks at what changes; lower costs time.
        drift_s: time constant with which the room takes on what is not foreground; lower follows light
            faster and eats people at the edges of their masks.
        ghost_s: how long an outline that belongs to the room's picture must stay before it is corrected.
        still_s: how long something may stand without any motion before it counts as furniture; people
            sway, and each time this clock starts anew for them.
        motion: grey levels between two looks that count as motion.
        changed_share: share of the picture that, when it differs, means another light rather than people.
    """

    look_s: float = 0.5
    drift_s: float = 12.0
    ghost_s: float = 4.0
    still_s: float = 90.0
    motion: int = 14
    changed_share: float = 0.55


class Room:
    """The empty room of one camera, at working resolution.

    Args:
        rules: how fast it follows.
        foreground: what counts as foreground.
    """

    def __init__(self, rules: RoomRules | None = None, foreground: ForegroundRules | None = None) -> None:
        self._rules = rules or RoomRules()
        self._foreground = foreground or ForegroundRules()
        self._room: npt.NDArray[np.float32] | None = None
        self._noise: Mask = np.zeros((0, 0), np.uint8)
        self._mask: Mask | None = None
        self._seen: Image | None = None
        self._looked_s = -np.inf
        self._moved_s: npt.NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def learn(self, samples: Sequence[Image], times_s: Sequence[float]) -> None:
        """Estimate the room from samples of the whole recording."""
        room, self._noise = bootstrap_room(samples, times_s)
        self._room = room.astype(np.float32)

    def foreground(self, image: Image, time_s: float) -> Mask:
        """What does not belong to the room in a frame; the room follows the frame.

        Args:
            image: (h, w, 3) uint8 at working resolution, all of one size.
            time_s: presentation time, growing.

        Returns:
            (h, w) uint8, 255 where foreground.
        """
        if self._room is None:
            self._room, self._noise = image.astype(np.float32), np.zeros(image.shape[:2], np.uint8)
        room = cv2.convertScaleAbs(self._room)
        lit = match_light(image, room, self._mask)
        mask = foreground_mask(image, lit, self._noise, self._foreground)
        self._mask = cv2.medianBlur(mask, 3)
        if time_s - self._looked_s >= self._rules.look_s:
            self._follow(self._room, room, image, self._mask, time_s)
        return self._mask

    def _follow(
        self, stored: npt.NDArray[np.float32], room: Image, image: Image, mask: Mask, time_s: float
    ) -> None:
        """Take over slow changes, other light, and objects that turn out to be none."""
        rules = self._rules
        plain = match_light(room, image, mask)  # the frame in the light in which the room is stored
        elapsed_s = min(time_s - self._looked_s, 5.0) if np.isfinite(self._looked_s) else rules.look_s
        self._note_motion(image, time_s)
        if np.count_nonzero(mask) > rules.changed_share * mask.size:
            cv2.accumulateWeighted(plain, stored, 1 - np.exp(-elapsed_s))
        else:
            quiet = cv2.bitwise_not(cv2.dilate(mask, np.ones((11, 11), np.uint8)))
            cv2.accumulateWeighted(plain, stored, 1 - np.exp(-elapsed_s / rules.drift_s), mask=quiet)
            self._absorb(stored, room, plain, mask, time_s)
        self._looked_s, self._seen = time_s, image

    def _note_motion(self, image: Image, time_s: float) -> None:
        """Remember when something last moved near each pixel."""
        if self._seen is None:
            self._moved_s = np.full(image.shape[:2], time_s, np.float32)
            return
        moved = above(channel_max(cv2.absdiff(image, self._seen)), self._rules.motion)
        moved = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        moved = cv2.dilate(moved, np.ones((21, 21), np.uint8))
        self._moved_s[moved > 0] = time_s

    def _absorb(
        self, stored: npt.NDArray[np.float32], room: Image, plain: Image, mask: Mask, time_s: float
    ) -> None:
        """Put ghosts and furniture into the room: what stands still and is no person."""
        rules = self._rules
        still = (mask > 0) & (time_s - self._moved_s > rules.ghost_s)
        if not still.any():
            return
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        edges_now, edges_room = gradient(plain), gradient(room)
        for label in np.unique(labels[still]):
            x, y, w, h, _ = stats[label]
            box = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            inside = labels[box] == label
            still_s = time_s - np.quantile(self._moved_s[box][inside], _STILL_SHARE)
            if still_s <= rules.ghost_s:
                continue
            evidence = outline_evidence(inside.astype(np.uint8), edges_now[box], edges_room[box])
            if evidence < _GHOST_EVIDENCE or still_s > rules.still_s:
                take = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
                stored[box][take] = plain[box][take]
