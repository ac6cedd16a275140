"""Which encoder serves: the trained one that is named, else the mean."""

from __future__ import annotations

from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.encoder import Encoder, MeanEncoder


def choose_encoder(checkpoint: Path | None, schema: AttributeSchema | None = None) -> Encoder:
    """The encoder that a configuration names.

    Args:
        checkpoint: an .onnx file of `floorwalker reid export` (MODEL_CKPT); None: the mean.
        schema: the attributes (ATTR_SCHEMA); None: those that the encoder was trained with.

    Raises:
        InputError: there is no such network, or it is a checkpoint of PyTorch, which has to be exported.
    """
    if checkpoint is None:
        return MeanEncoder(schema=schema)
    if checkpoint.suffix.lower() != ".onnx":
        raise InputError(
            f"{checkpoint} cannot be served as it is: serving goes without PyTorch. Where PyTorch is, run "
            f"floorwalker reid export {checkpoint} --out {checkpoint.with_suffix('.onnx').name} and name that"
        )
    try:
        from floorwalker.identity.matching.onnx_entry_encoder import OnnxEntryEncoder
    except ModuleNotFoundError as error:
        raise InputError(
            f"{checkpoint} needs {error.name}, which is not installed here: pip install floorwalker, "
            "or name no checkpoint"
        ) from error
    return OnnxEntryEncoder(checkpoint, schema)
