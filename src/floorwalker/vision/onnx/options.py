"""What a network's file cannot say of itself: a file of the same name beside it, NAME.toml."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from floorwalker.errors import InputError, plain_reason
from floorwalker.site.toml import read_toml
from floorwalker.vision.onnx.detector import SCORE_THRESHOLD
from floorwalker.vision.onnx.session import Engine, Precision


class NetworkOptions(BaseModel):
    """How one network is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person_class: int | None = Field(
        None, ge=0, description="Which class is a person; default: the family's (COCO's person)."
    )
    input_size: tuple[int, int] | None = Field(
        None, description="Width and height of the input, multiples of 32; default: its own or the camera's."
    )
    score_threshold: float = Field(
        SCORE_THRESHOLD, ge=0.01, le=1, description="Lowest score of a person to report."
    )
    precision: Precision = Field("auto", description="auto, bf16 or f32; for the engine openvino.")
    engine: Engine = Field("openvino", description="openvino, or onnxruntime for graphics processors.")


def options_path(network: Path) -> Path:
    """Where the options of a network lie."""
    return network.with_suffix(".toml")


def read_options(network: Path) -> NetworkOptions:
    """The options beside a network; where there are none, the defaults.

    Raises:
        InputError: the file is no TOML, or says something that is no option.
    """
    path = options_path(network)
    if not path.is_file():
        return NetworkOptions()
    try:
        return NetworkOptions.model_validate(read_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {place}: {plain_reason(first['msg'])}") from error
