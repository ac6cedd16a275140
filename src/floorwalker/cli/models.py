"""`floorwalker models`: networks that are known to work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.settings import Settings
from floorwalker.vision.models import (
    find_model,
    known_models,
    pull_model,
    pulled_models,
    verify_model,
)


def register(app: typer.Typer) -> None:
    """Add `floorwalker models list`, `pull` and `verify`."""
    group = typer.Typer(help="Networks: what is known, fetching, checking.", no_args_is_help=True)
    group.command("list")(list_models)
    group.command("pull")(pull)
    group.command("verify")(verify)
    app.add_typer(group, name="models")


def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the networks that are known to work, and which of them are here."""
    folder = Settings.load().models_dir
    here = {model.name for model in pulled_models(folder)}
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "models": [_row(model.name, model.name in here) for model in known_models()],
            }
        )
        return
    table = Table("name", "here", "licence", "source", "good for")
    for model in known_models():
        source = f"{model.repository} {model.path}".strip()
        table.add_row(model.name, "yes" if model.name in here else "no", model.licence, source, model.note)
    console.print(table)


def pull(
    name: Annotated[str, typer.Argument(help="Name from `floorwalker models list`.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="Path or http(s) address of the file; default: where it is published."),
    ] = None,
) -> None:
    """Fetch a network into the models folder; its sha256 is checked first."""
    model = find_model(name)
    with progress_bar("bytes") as bar:
        task = bar.add_task(model.name, total=None)
        path = pull_model(model, Settings.load().models_dir, source, lambda count: bar.advance(task, count))
    console.print(f"{model.name}: {path} ({model.licence})", markup=False, soft_wrap=True)


def verify() -> None:
    """Hash every network that is here again; exit code 1 where one has changed."""
    folder: Path = Settings.load().models_dir
    here = pulled_models(folder)
    if not here:
        raise InputError(f"no network of the manifest is in {folder}; `floorwalker models pull NAME`")
    broken = 0
    for model in here:
        whole = verify_model(model, folder)
        broken += not whole
        verdict = (
            "as published" if whole else f"changed: pull it again with `floorwalker models pull {model.name}`"
        )
        console.print(f"{model.name}: {verdict}", markup=False, soft_wrap=True)
    if broken:
        raise typer.Exit(1)


def _row(name: str, here: bool) -> dict[str, object]:
    model = find_model(name)
    return {
        "name": model.name,
        "here": here,
        "file": model.file,
        "repository": model.repository,
        "path": model.path,
        "url": model.url,
        "licence": model.licence,
        "sha256": model.sha256,
        "head": model.head,
        "free_input": model.free_input,
        "note": model.note,
    }
