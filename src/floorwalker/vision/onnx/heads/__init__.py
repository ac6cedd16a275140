"""Heads: what the outputs of each family of networks mean."""

from __future__ import annotations

from floorwalker.vision.onnx.heads import dfine, nanodet, rfdetr, yolov8, yolox
from floorwalker.vision.onnx.heads.head import Head, Signature

__all__ = ["FAMILIES", "UNDERSTOOD", "Head", "Signature", "recognise_head"]

FAMILIES = (yolox.FAMILY, yolov8.FAMILY, nanodet.FAMILY, rfdetr.FAMILY, dfine.FAMILY)
UNDERSTOOD = ", ".join(module.UNDERSTOOD for module in (yolox, yolov8, nanodet, rfdetr, dfine))


def recognise_head(signature: Signature, person_class: int | None = None) -> Head | None:
    """The head that a network of this signature has, or None where none is known.

    Args:
        signature: names and shapes of the network's inputs and outputs.
        person_class: which class is a person; default: the family's own.
    """
    return (
        yolox.YoloxHead.recognise(signature, person_class)
        or yolov8.Yolov8Head.recognise(signature, person_class)
        or nanodet.NanoDetHead.recognise(signature, person_class)
        or rfdetr.RfDetrHead.recognise(signature, person_class)
        or dfine.DFineHead.recognise(signature, person_class)
    )
