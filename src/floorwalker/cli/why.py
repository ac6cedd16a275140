"""`floorwalker why`: which track, when and by which rule an event was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorwalker.cli.options import AsJson
from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.evaluation.truth import read_events
from floorwalker.events import Event, event_to_dict
from floorwalker.journeys.explaining import explain


def register(app: typer.Typer) -> None:
    """Add `floorwalker why`."""
    app.command("why")(why)


def why(
    events: Annotated[
        Path, typer.Argument(help="Events file (JSON lines), as process, day or watch wrote it.")
    ],
    event_id: Annotated[str, typer.Argument(help="The event's id, or its first characters.")],
    as_json: AsJson = False,
) -> None:
    """Explain one event: which track shows it, when, by which rule, and how sure that is."""
    event = _find(read_events(events), event_id, events)
    reasons = explain(event)
    if as_json:
        print_json({"event": event_to_dict(event), "reasons": reasons})
        return
    for reason in reasons:
        console.print(reason, markup=False, soft_wrap=True)


def _find(events: list[Event], event_id: str, path: Path) -> Event:
    found = [event for event in events if event_id and event.event_id.startswith(event_id)]
    exact = [event for event in found if event.event_id == event_id]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise InputError(f"{path} holds no event whose id begins with {event_id!r}")
    listed = ", ".join(event.event_id for event in found[:3])
    raise InputError(
        f"{len(found)} events of {path} begin with {event_id!r} ({listed} …); give more of the id"
    )
