"""D-FINE and RT-DETR: guesses that are finished in the graph, boxes in pixels of a size that is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed, Placement
from floorwalker.vision.onnx.heads.head import Found, Signature

FAMILY = "d-fine"
UNDERSTOOD = "D-FINE (`labels` 1×N, `boxes` 1×N×4, `scores` 1×N, with the input `orig_target_sizes`)"
SIZES = "orig_target_sizes"
LABELS, BOXES, SCORES = "labels", "boxes", "scores"
_FEED = Feed(Placement.STRETCHED, rgb=True, spread=(255.0, 255.0, 255.0))


@dataclass(frozen=True, slots=True)
class DFineHead:
    """The head of D-FINE: red-green-blue 0 to 1, the frame stretched over the input.

    The graph asks for the size that boxes shall refer to, and gets its own input's.

    Attributes:
        constants: that size, by the input's name.
        places: where labels, boxes and scores are among the outputs.
        person_class: which class is a person.

    Source:
        Peng et al., "D-FINE: redefine regression task of DETRs as fine-grained distribution refinement",
        ICLR 2025; the published export (sizes as width, height; boxes x1, y1, x2, y2; scores 0 to 1).
    """

    constants: Mapping[str, npt.NDArray[np.int64]]
    places: tuple[int, int, int]
    person_class: int = 0
    family: str = FAMILY
    feed: Feed = _FEED
    repeats: bool = False

    @classmethod
    def recognise(cls, signature: Signature, person_class: int | None) -> DFineHead | None:
        """The head of a network of this signature, or None where it has another."""
        names = list(signature.outputs)
        if list(signature.other_inputs) != [SIZES] or not {LABELS, BOXES, SCORES} <= set(names):
            return None
        if len(signature.outputs[BOXES]) != 3 or signature.outputs[BOXES][2] != 4:
            return None
        places = (names.index(LABELS), names.index(BOXES), names.index(SCORES))
        sizes = np.array([signature.input_size], dtype=np.int64)
        return cls({SIZES: sizes}, places, person_class or 0)

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score; see `Head.decode`."""
        labels, boxes, scores = (outputs[at][0] for at in self.places)
        keep = np.flatnonzero((labels == self.person_class) & (scores >= threshold))
        return np.asarray(boxes[keep], dtype=np.float32), np.asarray(scores[keep], dtype=np.float32)
