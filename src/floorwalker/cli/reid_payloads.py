"""`floorwalker reid payloads`: crops of crossings to entries that are ready for `/match`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from floorwalker.adapters.burst_models import BurstEmbedder, HttpAttributes, HttpEmbedder, NetworkEmbedder
from floorwalker.adapters.crossings import (
    Batch,
    Crossing,
    document_crossings,
    exported_documents,
    folder_crossings,
)
from floorwalker.adapters.image_places import ImageError, ImagePlaces
from floorwalker.adapters.images import Images, limits_of, places_of
from floorwalker.adapters.json_calls import Away, JsonService, Refused
from floorwalker.adapters.mongo_crossings import mongo_documents
from floorwalker.adapters.payload_making import Made, PayloadMaker
from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.cli.parallel import in_parallel
from floorwalker.errors import FloorwalkerError, InputError, WorkError
from floorwalker.pipeline.entry_payloads import Unfit, checked_key, payload_path, write_payload
from floorwalker.settings import Settings
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder

ATTEMPTS = 6
_SAMPLES = 10


@dataclass(slots=True)
class Tally:
    """What became of the crossings: found = made + skipped + failed.

    Attributes:
        codes: failed ones by reason.
        lost: images that could not be read of crossings that were made.
    """

    found: int = 0
    made: int = 0
    skipped: int = 0
    lost: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    samples: list[dict[str, str]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Crossings of which nothing was made."""
        return sum(self.codes.values())

    def fail(self, code: str, place: str, why: str) -> None:
        """Count a failure."""
        self.codes[code] = self.codes.get(code, 0) + 1
        if len(self.samples) < _SAMPLES:
            self.samples.append({"place": place, "code": code, "message": why})

    def as_values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "found": self.found,
            "made": self.made,
            "skipped": self.skipped,
            "failed": self.failed,
            "images_lost": self.lost,
            "reasons": self.codes,
            "errors": self.samples,
        }


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid payloads`."""
    app.command("payloads")(payloads)


def payloads(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder STORE/DAY/ENTRY/ of crops (a path, gs://…, s3://…), a file of documents (.jsonl), "
            "or mongodb://…."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the payloads: STORE/DAY/ENTRY.json.")],
    network: Annotated[
        Path | None, typer.Option("--network", help="ONNX re-ID network that makes the vectors.")
    ] = None,
    embedder: Annotated[
        str | None, typer.Option("--embedder", help="Address of a service that makes the vectors instead.")
    ] = None,
    attributes: Annotated[
        str | None, typer.Option("--attributes", help="Address of a service that tells what people wear.")
    ] = None,
    images: Annotated[
        str | None,
        typer.Option("--images", help="Where the images of documents lie, put before their relative paths."),
    ] = None,
    images_as: Annotated[
        str | None, typer.Option("--images-as", help="Put this in place of that address in the payloads.")
    ] = None,
    store: Annotated[str, typer.Option("--store", help="Only stores whose id begins so.")] = "",
    day: Annotated[str | None, typer.Option("--day", help="Only this day, 2026-03-03.")] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Of the day of documents that name none.")
    ] = "UTC",
    most: Annotated[int, typer.Option("--most", help="Crops of a crossing, at most.", min=1, max=100)] = 16,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out what has its payload already.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Crossings at a time.", min=1, max=64)] = 4,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that a service may take to answer.", min=0.1)
    ] = 30.0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make an entry of each crossing: crops to 128 × 256, to vectors, with attributes, ready for /match."""
    batch = _batch(store, day)
    base = images or ("" if _is_documents(source) else source)
    settings = Settings.load()
    maker = PayloadMaker(
        Images(places_of(settings).and_also(_places(base)), limits_of(settings)),
        _embedder(network, embedder, timeout),
        HttpAttributes(JsonService(attributes, None, timeout, ATTEMPTS)) if attributes else None,
        most,
    )
    out.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    with progress_bar("crossings", quiet=quiet) as progress:
        task = progress.add_task("payloads", total=None)
        wanted = _wanted(_crossings(source, base, batch, timezone), out, skip_existing, tally)
        for crossing, made in in_parallel(wanted, maker.make, jobs):
            _keep(crossing, made, out, base, images_as, tally)
            progress.update(task, completed=tally.found)
    _report(tally, out, as_json)
    if tally.failed:
        raise WorkError(f"nothing could be made of {tally.failed} of {tally.found} crossings")


def _batch(store: str, day: str | None) -> Batch:
    if day is not None:
        checked_key(day, "any")
    return Batch(store, day)


def _is_documents(source: str) -> bool:
    return source.startswith(("mongodb://", "mongodb+srv://")) or source.endswith((".jsonl", ".ndjson"))


def _places(base: str) -> ImagePlaces:
    return ImagePlaces.of([base] if base else [])


def _embedder(network: Path | None, address: str | None, timeout_s: float) -> BurstEmbedder:
    if (network is None) == (address is None):
        raise InputError("expected either --network FILE.onnx or --embedder ADDRESS to make the vectors")
    if address is not None:
        return HttpEmbedder(JsonService(address, None, timeout_s, ATTEMPTS))
    return NetworkEmbedder(OnnxCropEmbedder(network or Path(), threads=1))


def _crossings(source: str, base: str, batch: Batch, timezone: str) -> Iterator[Crossing | Unfit]:
    if not _is_documents(source):
        return folder_crossings(source, batch)
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(f"--timezone: expected a name such as Asia/Kolkata, got {timezone!r}") from error
    settings = Settings.load()
    documents = (
        exported_documents(Path(source))
        if source.endswith((".jsonl", ".ndjson"))
        else mongo_documents(source, settings.mongo_db, settings.mongo_events_collection, batch)
    )
    return document_crossings(documents, base, batch, timezone)


def _wanted(
    crossings: Iterator[Crossing | Unfit], out: Path, skip_existing: bool, tally: Tally
) -> Iterator[Crossing]:
    """The crossings that something is to be made of; the others are counted."""
    for found in crossings:
        tally.found += 1
        if isinstance(found, Unfit):
            tally.fail("unfit", found.place, found.why)
        elif skip_existing and payload_path(out, found.key, found.entry_id).exists():
            tally.skipped += 1
        else:
            yield found


def _keep(
    crossing: Crossing,
    made: Made | FloorwalkerError,
    out: Path,
    base: str,
    shown_as: str | None,
    tally: Tally,
) -> None:
    if isinstance(made, Away):
        raise made  # nothing will come of the others either
    if isinstance(made, FloorwalkerError):
        code = made.code if isinstance(made, ImageError | Refused) else "no_vectors"
        tally.fail(code, crossing.entry_id, str(made))
        return
    entry = made.entry
    if shown_as is not None:
        entry = replace(entry, images=tuple(_shown(image, base, shown_as) for image in entry.images))
    write_payload(out, entry)
    tally.made += 1
    tally.lost += made.lost


def _shown(image: str, base: str, shown_as: str) -> str:
    for beginning in (base, Path(base).absolute().as_uri() if "://" not in base else base):
        if base and image.startswith(beginning.rstrip("/") + "/"):
            return f"{shown_as.rstrip('/')}/{image[len(beginning.rstrip('/')) + 1 :]}"
    return image


def _report(tally: Tally, out: Path, as_json: bool) -> None:
    if as_json:
        print_json(tally.as_values())
        return
    for sample in tally.samples:
        messages.print(f"{sample['place']}: {sample['message']}", markup=False, style="yellow")
    lost = f"; {tally.lost} images could not be read" if tally.lost else ""
    console.print(
        f"{tally.found} crossings: {tally.made} payloads in {out}, {tally.skipped} were there, "
        f"{tally.failed} failed{lost}",
        markup=False,
        soft_wrap=True,
    )
