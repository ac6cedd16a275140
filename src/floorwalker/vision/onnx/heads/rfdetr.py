"""RF-DETR: a fixed number of guesses, boxes as shares of the picture, classes as logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed, Placement
from floorwalker.vision.onnx.heads.head import Found, Signature, corners, sigmoid

FAMILY = "rf-detr"
UNDERSTOOD = "RF-DETR (`dets` 1×N×4 and `labels` 1×N×classes)"
BOXES, CLASSES = "dets", "labels"
COCO_PERSON = 1  # the published weights count COCO's own category numbers, which begin at 1
_MEAN, _SPREAD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_FEED = Feed(Placement.STRETCHED, rgb=True, mean=_MEAN, spread=_SPREAD)


@dataclass(frozen=True, slots=True)
class RfDetrHead:
    """The head of RF-DETR: red-green-blue by ImageNet's mean and spread, the frame stretched over the input.

    Attributes:
        input_size: width and height of the input in pixels.
        boxes_at: where the boxes are among the outputs.
        classes_at: where the logits are.
        person_class: which class is a person; networks trained on one's own classes count from 0.

    Source:
        The project's own export (`dets`: centre and size, 0 to 1; `labels`: logits without a background of
        their own).
    """

    input_size: tuple[int, int]
    boxes_at: int
    classes_at: int
    person_class: int = COCO_PERSON
    family: str = FAMILY
    feed: Feed = _FEED
    repeats: bool = False
    constants: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def recognise(cls, signature: Signature, person_class: int | None) -> RfDetrHead | None:
        """The head of a network of this signature, or None where it has another.

        Outputs are told apart by name: with three classes both have four columns.
        """
        names = list(signature.outputs)
        if signature.other_inputs or BOXES not in names or CLASSES not in names:
            return None
        boxes, classes = signature.outputs[BOXES], signature.outputs[CLASSES]
        wanted = COCO_PERSON if person_class is None else person_class
        if len(boxes) != 3 or len(classes) != 3 or boxes[2] != 4 or boxes[:2] != classes[:2]:
            return None
        if classes[2] <= wanted:
            return None
        return cls(signature.input_size, names.index(BOXES), names.index(CLASSES), wanted)

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score; see `Head.decode`."""
        scores = sigmoid(np.asarray(outputs[self.classes_at][0, :, self.person_class], dtype=np.float32))
        keep = np.flatnonzero(scores >= threshold)
        rows = np.asarray(outputs[self.boxes_at][0, keep], dtype=np.float32)
        size = np.array(self.input_size, np.float32)
        return corners(rows[:, :2] * size, rows[:, 2:] * size / np.float32(2)), scores[keep]
