"""`floorwalker reid export`: a checkpoint of PyTorch to a network that is served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorwalker.cli.output import console
from floorwalker.cli.reid_train import need_torch
from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import read_schema


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid export`."""
    app.command("export")(export)


def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of the EntryEncoder (.pt).")],
    out: Annotated[Path, typer.Option("--out", help="The network to write (.onnx).")],
    schema: Annotated[
        Path | None,
        typer.Option("--schema", help="Schema of its attributes, where the checkpoint does not hold it."),
    ] = None,
) -> None:
    """Write a trained encoder as ONNX, which is served without PyTorch."""
    need_torch("export")
    from floorwalker.training.checkpoint import Checkpoint, load_checkpoint
    from floorwalker.training.export import export_onnx

    if out.suffix.lower() != ".onnx":
        raise InputError(f"expected --out to end with .onnx, got {out.name!r}")
    found = load_checkpoint(checkpoint)
    if schema is not None:
        fields = read_schema(schema)
        if fields.dimension != found.encoder.attr_dim:
            raise InputError(
                f"{checkpoint} wants {found.encoder.attr_dim} numbers of attributes, the schema makes "
                f"{fields.dimension}"
            )
        found = Checkpoint(found.encoder, fields, found.thresholds)
    export_onnx(found, out)
    told = found.thresholds
    console.print(
        f"{out}: {found.encoder.vis_dim} numbers an image to {found.encoder.emb_dim} an entry, threshold "
        f"{told.threshold:g}, margin {told.margin:g}",
        markup=False,
        soft_wrap=True,
    )
