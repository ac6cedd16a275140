"""From a checkpoint to a network that is served without PyTorch."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch

from floorwalker.files import whole_file
from floorwalker.training.checkpoint import Checkpoint

_OPSET = 17
_EXAMPLE_PICTURES = 3


def export_onnx(checkpoint: Checkpoint, path: Path) -> None:
    """Write the encoder as ONNX.

    Inputs `vectors` (B, N, D), `mask` (B, N) and, where used, `attributes` (B, A); output `embedding` (B, E).

    Its sizes, its schema and its thresholds stand in the file's metadata, so that the one file is enough.

    Args:
        checkpoint: the encoder and what belongs to it.
        path: an .onnx file; an older one is replaced.

    Raises:
        InputError: it cannot be written there.
        WorkError: writing failed.
    """
    encoder = checkpoint.encoder.eval()
    names = ["vectors", "mask", "attributes"] if encoder.attr_dim else ["vectors", "mask"]
    example = (
        torch.randn(1, _EXAMPLE_PICTURES, encoder.vis_dim),
        torch.ones(1, _EXAMPLE_PICTURES),
        torch.zeros(1, encoder.attr_dim),
    )
    free = {"vectors": {0: "entries", 1: "pictures"}, "mask": {0: "entries", 1: "pictures"}}
    free |= {"attributes": {0: "entries"}, "embedding": {0: "entries"}}
    with whole_file(path) as temporary:
        with warnings.catch_warnings():
            # The newer way of exporting needs a package more (onnxscript) and gives the same graph.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                encoder,
                example,
                str(temporary),
                dynamo=False,
                opset_version=_OPSET,
                input_names=names,
                output_names=["embedding"],
                dynamic_axes={name: axes for name, axes in free.items() if name in [*names, "embedding"]},
            )
        model = onnx.load(str(temporary))
        onnx.helper.set_model_props(model, _metadata(checkpoint))
        onnx.save(model, str(temporary))


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    encoder, thresholds = checkpoint.encoder, checkpoint.thresholds
    return {
        "floorwalker": "entry-encoder-1",
        "vis_dim": str(encoder.vis_dim),
        "attr_dim": str(encoder.attr_dim),
        "emb_dim": str(encoder.emb_dim),
        "threshold": repr(thresholds.threshold),
        "margin": repr(thresholds.margin),
        "schema": "" if checkpoint.schema is None else checkpoint.schema.model_dump_json(),
    }
