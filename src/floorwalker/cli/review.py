"""`floorwalker review`: the review pages on files, served to this machine alone; needs no database."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from floorwalker.adapters.pair_sets import PairFiles, open_pairs_set, pair_files_from
from floorwalker.cli.output import messages
from floorwalker.cli.serve import bind, limits_of, policy_for
from floorwalker.errors import InputError
from floorwalker.files import whole_file
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.review.line_log import LineLog
from floorwalker.identity.review.marks import marked_by, verdict_lines
from floorwalker.server.app import create_app
from floorwalker.server.making_matcher import calibration_of, matcher_of
from floorwalker.server.review_desks import Reviews, reviews_from
from floorwalker.server.serving import serve_app
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse

Port = Annotated[int | None, typer.Option("--port", help="Port to bind.", min=0, max=65535)]
ImageBase = Annotated[
    str | None,
    typer.Option(
        "--image-base",
        help="Folder or address in front of images' addresses that are relative; images may be read from it. "
        "Default: the manifest's folder.",
    ),
]
Manifest = Annotated[
    str | None,
    typer.Argument(help="A manifest: a path, or an address such as gs://bucket/entry_manifest.json."),
]


def register(app: typer.Typer) -> None:
    """Add the group `floorwalker review`."""
    group = typer.Typer(help="Look through pairs and persons, and put them right.", no_args_is_help=True)
    for name, command in (("pairs", pairs), ("clusters", clusters), ("manifest", manifest)):
        group.command(name)(command)
    group.command("verdicts")(verdicts)
    app.add_typer(group, name="review")


def pairs(
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Hard pairs, with columns qid and aid; PAIRS_CSV.")
    ] = None,
    manifests: Annotated[
        list[Path] | None,
        typer.Option("--manifest", help="Entry manifest, as often as needed; PAIRS_ENTRY_MANIFESTS."),
    ] = None,
    truths: Annotated[
        list[Path] | None,
        typer.Option("--truth", help="Cluster truth, as often as needed; PAIRS_MULTICLUSTER_GTS."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="File of what is said; PAIRS_STATE_PATH.")
    ] = None,
    page_size: Annotated[
        int | None,
        typer.Option("--page-size", help="Pairs on a page of the list; PAIRS_PAGE_SIZE.", min=1, max=1000),
    ] = None,
    image_base: Annotated[
        str | None,
        typer.Option(
            "--image-base",
            help="Folder or address in front of images' addresses that are relative; PAIRS_IMAGE_BASE. "
            "Default: the first manifest's folder.",
        ),
    ] = None,
    port: Port = None,
) -> None:
    """Review pairs side by side; without a list the hard pairs of the manifests are found."""
    files = _pair_files(csv, manifests, truths, state, page_size, image_base)
    settings = Settings.load()
    base = files.image_base or str(files.manifests[0].absolute().parent)
    reviews = reviews_from(settings, replace(files, image_base=base))
    with closing(Warehouse("sqlite://")) as warehouse:
        matcher = matcher_of(warehouse, settings)
        # Read once before anything is served, so that what is wrong with the files is said here.
        open_pairs_set(files, matcher.encoder, matcher.rules)
        _serve(warehouse, matcher, reviews, "/review/pairs", port)


def clusters(address: Manifest = None, image_base: ImageBase = None, port: Port = None) -> None:
    """Put the persons of a manifest right: move, split, join, name, leave out."""
    _on_manifest("clusters", address, image_base, port)


def manifest(address: Manifest = None, image_base: ImageBase = None, port: Port = None) -> None:
    """Look through a manifest."""
    _on_manifest("manifest", address, image_base, port)


def verdicts(
    state: Annotated[Path, typer.Argument(help="File of what was said of pairs.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: print.")] = None,
) -> None:
    """The verdicts on pairs, a JSON object a line, as `floorwalker reid calibrate` takes them."""
    if not state.is_file():
        raise InputError(f"no such file: {state}")
    lines = verdict_lines(marked_by(LineLog(state).read()))
    if out is None:
        sys.stdout.write(lines.decode())
        return
    with whole_file(out) as temporary:
        temporary.write_bytes(lines)


def _pair_files(
    csv: Path | None,
    manifests: list[Path] | None,
    truths: list[Path] | None,
    state: Path | None,
    page_size: int | None,
    image_base: str | None,
) -> PairFiles:
    """What the options name, else the environment."""
    environment = dict(os.environ)
    given = {
        "PAIRS_CSV": csv and str(csv),
        "PAIRS_ENTRY_MANIFESTS": manifests and os.pathsep.join(map(str, manifests)),
        "PAIRS_MULTICLUSTER_GTS": truths and os.pathsep.join(map(str, truths)),
        "PAIRS_STATE_PATH": state and str(state),
        "PAIRS_PAGE_SIZE": page_size and str(page_size),
        "PAIRS_IMAGE_BASE": image_base,
    }
    environment.update({name: value for name, value in given.items() if value})
    files = pair_files_from(environment)
    if files is None:
        raise InputError("expected entry manifests: --manifest, or PAIRS_ENTRY_MANIFESTS")
    return files


def _on_manifest(page: str, address: str | None, image_base: str | None, port: int | None) -> None:
    settings, path = Settings.load(), f"/review/{page}"
    if address is None:
        reviews = reviews_from(settings, base=image_base)
    else:
        if "://" not in address:
            address = str(Path(address).absolute())
        folder = address.rpartition("/")[0] or "/"
        places = ",".join(filter(None, [settings.review_places, folder]))
        settings = settings.model_copy(update={"review_places": places})
        reviews = reviews_from(settings, base=image_base or folder)
        path += "?" + urlencode({"file": reviews.files.open_at(address).known.file_id})
    with closing(Warehouse("sqlite://")) as warehouse:
        _serve(warehouse, matcher_of(warehouse, settings), reviews, path, port)


def _serve(warehouse: Warehouse, matcher: Matcher, reviews: Reviews, path: str, port: int | None) -> None:
    """Serve the pages on loopback, around a database that is in memory and empty."""
    host, settings = "127.0.0.1", Settings.load()
    with closing(bind(host, settings.port if port is None else port)) as listener:
        address = f"http://{host}:{listener.getsockname()[1]}{path}"
        messages.print(f"floorwalker: {address} (Ctrl-C stops)", markup=False)
        serve_app(
            lambda stopping: create_app(
                warehouse,
                log=lambda _entry: None,
                matcher=matcher,
                calibration=calibration_of(settings),
                stopping=stopping,
                policy=policy_for(host, warehouse, loopback_open=False),
                limits=limits_of(settings),
                reviews=reviews,
            ),
            listener,
            grace_s=settings.shutdown_s,
        )
    messages.print("floorwalker: stopped", style="dim")
