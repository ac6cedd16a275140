"""Watching a camera's health over time: trouble that stays becomes a gap of the recording."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from floorwalker.runs import Gap
from floorwalker.video.frame import Frame
from floorwalker.video.health import (
    SHARP_WIDTH,
    HealthRules,
    Image,
    Trouble,
    View,
    reference_of,
    trouble_of,
    view_of,
)

_FIRST_VIEWS = 8
_SPARSE_S = 10.0


@dataclass(frozen=True, slots=True)
class WatchRules:
    """When trouble is believed.

    Attributes:
        every_s: between two looks.
        sure_s: how long trouble must stay; shorter is somebody close by, or a flicker.
        moved_s: the same for a moved view: a cart before the camera is no other view.
        frozen_s: how long the very same picture must come. A quiet shop at a low bit rate can show the same
            picture for as long as a group of pictures lasts.
        well_s: how long it must be well again.
        follow: share by which the usual view follows at each look while all is well.
        health: what counts as trouble.
    """

    every_s: float = 2.0
    sure_s: float = 6.0
    moved_s: float = 30.0
    frozen_s: float = 60.0
    well_s: float = 4.0
    follow: float = 0.01
    health: HealthRules = field(default_factory=HealthRules)

    def wait_s(self, trouble: Trouble) -> float:
        """How long a trouble must stay to be believed."""
        # A picture that stands still has stood still for `frozen_s` when it is called so.
        return {Trouble.MOVED: self.moved_s, Trouble.FROZEN: 0.0}.get(trouble, self.sure_s)


class HealthWatch:
    """Looks at a camera's frames now and then.

    Args:
        rules: when trouble is believed.
    """

    def __init__(self, rules: WatchRules | None = None) -> None:
        self._rules = rules or WatchRules()
        self._views: list[View] = []
        self._reference: View | None = None
        self._last: Image | None = None
        self._same_since_s = 0.0
        self._looked_s = -np.inf
        self._seems: tuple[Trouble | None, float] = (None, 0.0)
        self._is: tuple[Trouble | None, float] = (None, 0.0)
        self._gaps: list[Gap] = []

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong, where it is believed."""
        return self._is[0]

    @property
    def since_s(self) -> float:
        """Since when that is so."""
        return self._is[1]

    def take(self, frame: Frame) -> None:
        """Look at a frame, unless the last look was a moment ago.

        Args:
            frame: in the site file's pixels and masked, later than the one before.
        """
        if frame.time_s - self._looked_s < self._rules.every_s:
            return
        if frame.time_s - self._looked_s > _SPARSE_S:
            self._last = None  # two looks so far apart do not tell that the picture stood still between them
        self._looked_s = frame.time_s
        image = _looked_at(frame)
        view = view_of(image)
        seems = trouble_of(view, self._reference, self._rules.health)
        if seems is None:
            self._learn(view)
        if self._stands_still(image, frame.time_s):
            seems = seems or Trouble.FROZEN
        self._judge(seems, frame.time_s)

    def interrupted(self, time_s: float) -> None:
        """No picture came until a time: what was seen before says nothing of the time between.

        Args:
            time_s: of the next frame.
        """
        if self._is[0] is not None:
            self._gaps.append(Gap(self._is[1], max(self._looked_s, self._is[1]), self._is[0].value))
        self._last = None
        self._seems = self._is = (None, time_s)

    def take_gaps(self) -> list[Gap]:
        """The stretches of trouble that are over and were not taken yet."""
        gaps, self._gaps = self._gaps, []
        return gaps

    def finish(self, end_s: float) -> list[Gap]:
        """All stretches of trouble not taken yet, the one that lasts until the end included."""
        if self._is[0] is not None:
            self._gaps.append(Gap(self._is[1], max(end_s, self._is[1]), self._is[0].value))
            self._is = (None, end_s)
        return self.take_gaps()

    def _learn(self, view: View) -> None:
        rules = self._rules
        if self._reference is None or len(self._views) < _FIRST_VIEWS:
            self._views.append(view)
            if len(self._views) == _FIRST_VIEWS:
                self._reference = reference_of(self._views)
            return
        usual, share = self._reference, rules.follow
        if usual.edges.shape == view.edges.shape:
            self._reference = View(
                usual.edges + share * (view.edges - usual.edges),
                usual.coarse + share * (view.coarse - usual.coarse),
                usual.sharpness + share * (view.sharpness - usual.sharpness),
                usual.bright + share * (view.bright - usual.bright),
            )

    def _stands_still(self, image: Image, time_s: float) -> bool:
        last, self._last = self._last, image
        same = last is not None and last.shape == image.shape and not cv2.absdiff(last, image).any()
        if not same:
            self._same_since_s = time_s
        return time_s - self._same_since_s >= self._rules.frozen_s

    def _judge(self, seems: Trouble | None, time_s: float) -> None:
        if seems is not self._seems[0]:
            since_s = self._same_since_s if seems is Trouble.FROZEN else time_s
            self._seems = (seems, since_s)
        trouble, since_s = self._seems
        if trouble is self._is[0]:
            return
        wait_s = self._rules.well_s if trouble is None else self._rules.wait_s(trouble)
        if time_s - since_s >= wait_s:
            if self._is[0] is not None:
                self._gaps.append(Gap(self._is[1], max(since_s, self._is[1]), self._is[0].value))
            self._is = (trouble, since_s)


def _looked_at(frame: Frame) -> Image:
    """The frame at the size that tells enough, which spares the way over the whole picture."""
    width, height = frame.size
    if width <= SHARP_WIDTH:
        return frame.image
    return frame.resized((SHARP_WIDTH, max(8, round(height * SHARP_WIDTH / width))))
