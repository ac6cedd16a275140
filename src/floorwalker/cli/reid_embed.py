"""`floorwalker reid embed`: crops to vectors."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.files import check_writable, whole_file
from floorwalker.identity.matching.crop_index import manifest_from_index
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.manifest_json import encode_manifest
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder
from floorwalker.vision.embedding.crop_files import CropFile, embed_crops, find_crops
from floorwalker.vision.embedding.crop_format import Colours, Scale
from floorwalker.vision.embedding.vector_file import VectorFile


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid embed`."""
    app.command("embed")(embed)


def embed(
    crops: Annotated[Path, typer.Argument(help="Folder of pictures, or an index: a CSV with a column path.")],
    network: Annotated[Path, typer.Option("--network", help="A re-identification network (ONNX).")],
    out: Annotated[
        Path, typer.Option("--out", help="The vectors: an .npz file; run again, it is gone on with.")
    ],
    colours: Annotated[
        Colours | None, typer.Option(help="Which colour comes first; default: what is known of the network.")
    ] = None,
    scale: Annotated[
        Scale | None,
        typer.Option(help="What its numbers are: bytes 0 to 255, or ImageNet's mean and spread."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Crops at one time; default: one a core.", min=1, max=256)
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--manifest",
            help="Write the index's people too, as an entry manifest to train and calibrate on: the index "
            "needs the column person_id and may have camera.",
        ),
    ] = None,
    burst: Annotated[int, typer.Option(help="Most crops of an entry of the manifest.", min=1, max=1000)] = 4,
    store: Annotated[str, typer.Option("--store", help="Store of the manifest.")] = "CROPS",
    day: Annotated[str, typer.Option("--day", help="Day of the manifest.")] = "2026-01-01",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make image vectors of people's crops with any re-identification network."""
    if out.suffix.lower() != ".npz":
        raise InputError(f"expected --out to end with .npz, got {out.name!r}")
    if manifest is not None:
        check_writable(manifest)
        if crops.is_dir():
            raise InputError("--manifest needs an index that says whose each crop is: a folder does not")
    key = BucketKey(_day(day), store)
    found = find_crops(crops)
    embedder = OnnxCropEmbedder(network, colours, scale, threads)
    with progress_bar("crops", quiet=quiet or as_json) as bar:
        task = bar.add_task(network.stem, total=len(found))
        written = embed_crops(found, network, embedder, out, lambda count: bar.advance(task, count))
    entries = None if manifest is None else _write_manifest(manifest, key, found, written, burst)
    if as_json:
        print_json(
            {
                "out": str(out),
                "crops": len(written.paths),
                "dimension": embedder.dimension,
                "unreadable": list(written.unreadable),
                "format": f"{embedder.format.layout}, {embedder.format.colours}, {embedder.format.scale}",
                "entries": entries,
            }
        )
        return
    fed = embedder.format
    told = f"{out}: {len(written.paths)} vectors of {embedder.dimension} numbers ({fed.colours}, {fed.scale})"
    if written.unreadable:
        told += f"; {len(written.unreadable)} crops could not be read, the first: {written.unreadable[0]}"
    console.print(told, markup=False, soft_wrap=True)
    if manifest is not None:
        console.print(f"{manifest}: {entries} entries", markup=False, soft_wrap=True)


def _write_manifest(
    path: Path, key: BucketKey, crops: list[CropFile], written: VectorFile, burst: int
) -> int:
    columns = {crop.name: crop.columns for crop in crops}
    rows = [columns[name] for name in written.paths]
    made = manifest_from_index(key, rows, written.vectors, burst)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.writelines(encode_manifest(made))
    return made.event_count


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise InputError(f"expected a day as 2026-03-03, got {text!r}") from error
