"""Entries of a processed recording: the crops of each crossing and what a network makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorwalker.errors import InputError
from floorwalker.identity.matching.entry import Entry
from floorwalker.pipeline.camera_run import CameraJob, CameraRun
from floorwalker.pipeline.entry_bursts import bursts_of, entry_of, write_crops
from floorwalker.pipeline.entry_payloads import write_entries
from floorwalker.settings import Settings
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder

WantEntries = Annotated[
    bool,
    typer.Option(
        "--entries",
        help="Also write NAME.entries.jsonl: vectors of who crossed the door, for `floorwalker reid post`. "
        "These are biometric data.",
    ),
]
ReidNetwork = Annotated[
    Path | None,
    typer.Option(
        "--reid-network", help="ONNX re-ID network for --entries; default: FLOORWALKER_REID_NETWORK."
    ),
]
CropsFolder = Annotated[
    Path | None,
    typer.Option(
        "--crops", help="Also write the crops of each crossing into this folder: pictures of people."
    ),
]


def network_for(asked: bool, network: Path | None, settings: Settings) -> OnnxCropEmbedder | None:
    """The network that makes vectors of crops; None where nobody asked for what it is for.

    Raises:
        InputError: it is needed and none is named, it is none, or it is named for nothing.
    """
    if not asked:
        if network is not None:
            raise InputError(
                "--reid-network makes vectors that nobody asked for; ask for them with --entries"
            )
        return None
    named = network or settings.reid_network
    if named is None:
        raise InputError("this needs a network: --reid-network FILE.onnx, or FLOORWALKER_REID_NETWORK")
    return OnnxCropEmbedder(named, threads=1)


def entries_path(events: Path) -> Path:
    """Where the entries lie beside an events file."""
    return events.with_name(f"{events.stem}.entries.jsonl")


def entries_of(
    result: CameraRun, job: CameraJob, network: OnnxCropEmbedder | None, crops: Path | None
) -> list[Entry]:
    """A recording's entries, if there is a network for them; its crops are written, if there is a folder."""
    if network is None and crops is None:
        return []
    entries = []
    for burst in bursts_of(result, job):
        images = write_crops(crops, burst) if crops is not None else []
        if network is not None:
            entries.append(entry_of(burst, network, images))
    return entries


def write_bursts(
    result: CameraRun, job: CameraJob, events: Path, network: OnnxCropEmbedder | None, crops: Path | None
) -> list[Path]:
    """Write a recording's entries and crops, what of them was asked for.

    Returns:
        What was written, folders without their files.
    """
    entries = entries_of(result, job, network, crops)
    written = [crops] if crops is not None else []
    if network is not None:
        write_entries(entries_path(events), entries)
        written.append(entries_path(events))
    return written
