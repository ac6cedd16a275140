"""Checkpoints of the EntryEncoder: written whole, read without running anything that lies in them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from floorwalker.errors import InputError
from floorwalker.files import whole_file
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.encoder import TRAINED_THRESHOLDS, Thresholds
from floorwalker.training.entry_encoder import EntryEncoder

_NEEDED: dict[str, type] = {
    "vis_dim": int, "attr_dim": int, "emb_dim": int, "use_attention": bool, "dropout": float,
    "state_dict": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """An encoder and what belongs to it.

    Attributes:
        encoder: the network, in the mode for use.
        schema: the attributes that it was trained with; None: not told.
        thresholds: what its cosines are worth.
    """

    encoder: EntryEncoder
    schema: AttributeSchema | None = None
    thresholds: Thresholds = TRAINED_THRESHOLDS


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write vis_dim, attr_dim, emb_dim, use_attention, dropout, state_dict, schema and thresholds.

    Raises:
        InputError: it cannot be written there.
        WorkError: writing failed.
    """
    encoder = checkpoint.encoder
    content = {
        "vis_dim": encoder.vis_dim,
        "attr_dim": encoder.attr_dim,
        "emb_dim": encoder.emb_dim,
        "use_attention": encoder.use_attention,
        "dropout": encoder.dropout,
        "state_dict": encoder.state_dict(),
        "schema": None if checkpoint.schema is None else checkpoint.schema.model_dump_json(),
        "threshold": checkpoint.thresholds.threshold,
        "margin": checkpoint.thresholds.margin,
    }
    with whole_file(path) as temporary:
        torch.save(content, temporary)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; schema and thresholds may be absent.

    Raises:
        InputError: no such file, no checkpoint, keys missing, or weights of another shape.
    """
    content = read_weights(path)
    missing = [key for key in _NEEDED if key not in content]
    if missing:
        raise InputError(
            f"{path}: expected a checkpoint with {', '.join(_NEEDED)}; missing: {', '.join(missing)}"
        )
    for key, kind in _NEEDED.items():
        value = content[key]
        if not isinstance(value, (int, float) if kind is float else kind):
            raise InputError(f"{path}: {key}: expected {kind.__name__}, got {type(value).__name__}")
    encoder = EntryEncoder(
        content["vis_dim"], content["attr_dim"], content["emb_dim"], content["use_attention"],
        float(content["dropout"]),
    )  # fmt: skip
    try:
        encoder.load_state_dict(content["state_dict"])
    except (RuntimeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{path}: the weights do not fit the sizes that it names: {reason}") from error
    schema = content.get("schema")
    thresholds = TRAINED_THRESHOLDS
    if content.get("threshold") is not None and content.get("margin") is not None:
        thresholds = Thresholds(float(content["threshold"]), float(content["margin"]))
    parsed = None if schema is None else AttributeSchema.model_validate_json(schema)
    return Checkpoint(encoder.eval(), parsed, thresholds)


def read_weights(path: Path) -> dict[str, Any]:
    """What lies in a file of PyTorch, tensors and plain values only.

    Raises:
        InputError: no such file, none of PyTorch, or one that holds more than weights.
    """
    if not path.is_file():
        raise InputError(f"no such checkpoint: {path}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise InputError(
            f"cannot read {path} as a checkpoint: it is damaged, none of PyTorch, or holds more than "
            "weights, which is never run"
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a checkpoint, a dictionary, got {type(content).__name__}")
    return content
