"""`floorwalker watch`: the cameras of a shop while they film."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.live import Live
from rich.table import Table

from floorwalker.adapters.live_delivery import LiveDelivery
from floorwalker.cli.options import DetectorName, Fps, SiteFile, StoreName
from floorwalker.cli.output import console, messages
from floorwalker.errors import InputError, WorkError
from floorwalker.pipeline.day_run import NamedDetector
from floorwalker.pipeline.live_camera import CameraState, LiveJob
from floorwalker.pipeline.live_stretch import StretchRules
from floorwalker.pipeline.watching import Watch, WatchPlan
from floorwalker.settings import Settings
from floorwalker.site import Site, load_site
from floorwalker.site.addresses import is_address, masked, resolve_source
from floorwalker.warehouse import Warehouse

States = Callable[[list[CameraState]], None]
_LEARN_S = StretchRules().learn_s


def register(app: typer.Typer) -> None:
    """Add `floorwalker watch`."""
    app.command("watch")(watch)


def watch(
    site: SiteFile,
    camera: Annotated[
        list[str] | None,
        typer.Option(
            "--camera", help="Only this camera; more than once for several. Default: all with a source."
        ),
    ] = None,
    store: StoreName = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Send to this server instead of the database.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", envvar="FLOORWALKER_API_KEY", help="API key for --url."),
    ] = None,
    detector: DetectorName = None,
    fps: Fps = None,
    learn_s: Annotated[
        float,
        typer.Option("--learn", help="Seconds that the built-in detector looks at the room first.", min=0.0),
    ] = _LEARN_S,
    spool_mb: Annotated[
        int, typer.Option("--spool-mb", help="Most megabytes that may wait on the disk, a camera.", min=1)
    ] = 256,
    every_s: Annotated[
        float, typer.Option("--every", help="Seconds between two status lines.", min=0.1)
    ] = 1.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the status as JSON, one line each time.")
    ] = False,
) -> None:
    """Watch live cameras: people in front of them become events a few seconds later, until Ctrl-C.

    Streams come back by themselves, and what the server or database does not take waits on the disk.
    """
    settings = Settings.load()
    shops = load_site(site)
    jobs = _jobs(shops, site.parent, camera or [], store, fps, StretchRules(learn_s=learn_s))
    delivery = LiveDelivery(
        settings.home.absolute(), settings.resolved_database_url, url, key, spool_mb * 1_000_000
    )
    # A process a camera: networks that each took all cores would only get in each other's way.
    threads = max(1, (os.cpu_count() or 1) // len(jobs))
    named = NamedDetector(detector or settings.detector, settings.models_dir, threads)
    for job in jobs:
        named(job.camera)  # a wrong name is found out at once
        messages.print(f"{job.camera.id}: {masked(job.address)}", markup=False, soft_wrap=True)
    if url is None:
        warehouse = Warehouse(settings.resolved_database_url)
        warehouse.register_site(shops, site.parent)
        warehouse.close()
    with _shown(as_json) as show:
        running = Watch(WatchPlan(jobs, named, delivery), _say, show, every_s)
        _end_by_signals(running)
        problems = running.run()
    if problems:
        raise WorkError("; ".join(problems))


def _jobs(
    site: Site, folder: Path, wanted: Sequence[str], store: str | None, fps: float | None, rules: StretchRules
) -> list[LiveJob]:
    if wanted:
        found = [site.store_of_camera(name, store) for name in dict.fromkeys(wanted)]
    else:
        shops = [shop for shop in site.stores if store in (None, shop.id)]
        found = [(shop, view) for shop in shops for view in shop.cameras if view.source is not None]
    jobs = []
    for shop, view in found:
        if view.source is None:
            raise InputError(f'camera {view.id} has no source in the site file: add source = "rtsp://…"')
        address = resolve_source(view.source, os.environ, folder)
        if not is_address(address) and not Path(address).is_file():
            raise InputError(f"camera {view.id}: no such video: {address}")
        jobs.append(LiveJob(shop, view, address, fps, stretch=rules))
    if not jobs:
        raise InputError('no camera of the site file has a source: add source = "rtsp://…" to a camera')
    return jobs


def _say(text: str) -> None:
    messages.print(text, markup=False, soft_wrap=True)


def _end_by_signals(running: Watch) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


@contextmanager
def _shown(as_json: bool) -> Iterator[States]:
    """How states are shown: JSON lines, a table that changes in place, or a line where something changed."""
    if as_json:
        yield _print_json
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False, transient=False) as live:
            yield lambda states: live.update(_table(states), refresh=True)
    else:
        yield _Changes()


def _print_json(states: list[CameraState]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode({"cameras": states}) + b"\n")
    sys.stdout.buffer.flush()


class _Changes:
    """Prints a camera's line when its state changes, for logs."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def __call__(self, states: list[CameraState]) -> None:
        for state in states:
            now = (state.state, state.away)
            if self._known.get(state.camera_id) != now:
                self._known[state.camera_id] = now
                details = f"{state.events} events, {state.dropped} dropped, {state.reconnects} reconnects"
                problem = "; ".join(filter(None, (state.reason, state.away)))
                line = f"{state.camera_id}: {state.state} ({details})" + (f": {problem}" if problem else "")
                console.print(line, markup=False, soft_wrap=True)


def _table(states: list[CameraState]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("camera", "state", "fps", "dropped", "reconnects", "events", "last event", "waiting"):
        table.add_column(
            title, justify="right" if title in ("fps", "dropped", "reconnects", "events") else "left"
        )
    for state in states:
        waiting = f"{state.waiting_bytes / 1000:.0f} kB" + (f", {state.lost} lost" if state.lost else "")
        table.add_row(
            state.camera_id,
            state.state,
            f"{state.fps:.1f}",
            str(state.dropped),
            str(state.reconnects),
            str(state.events),
            state.last_event,
            waiting + (f" ({state.away})" if state.away else ""),
        )
    return table
