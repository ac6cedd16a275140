"""`floorwalker db`: the version of the database's tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from floorwalker.cli.output import console, print_json
from floorwalker.settings import Settings
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.migrating import HEAD, Standing

_JSON = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
_MEANING = {
    Standing.EMPTY: "no tables yet; the first command that needs them makes them",
    Standing.CURRENT: "as this program needs it",
    Standing.OLDER: "older; upgraded by `floorwalker db upgrade`, or by the next command that opens it",
    Standing.NEWER: "made by a newer Floorwalker: update the program",
    Standing.FOREIGN: "has tables of the same names that no release of Floorwalker made",
}


def register(app: typer.Typer) -> None:
    """Add `floorwalker db status` and `upgrade`."""
    group = typer.Typer(help="The database: the version of its tables.", no_args_is_help=True)
    group.command("status")(status)
    group.command("upgrade")(upgrade)
    app.add_typer(group, name="db")


def status(as_json: _JSON = False) -> None:
    """Say which version the tables have and which this program needs; changes nothing."""
    url = Settings.load().resolved_database_url
    if _is_missing_file(url):
        place, standing, version = url, Standing.EMPTY, None
        meaning = "there is no such file yet; the first command that needs it makes it, and its folder"
    else:
        database = Database(url, prepare=False)
        try:
            place, (standing, version) = database.place, database.standing()
            meaning = _MEANING[standing]
        finally:
            database.close()
    if as_json:
        print_json({"database": place, "version": version, "needed": HEAD, "standing": standing.value})
        return
    console.print(f"{place}: version {version or 'none'}, needed {HEAD}: {meaning}", **_PLAIN)


def upgrade(as_json: _JSON = False) -> None:
    """Bring the tables to the version that this program needs, all of it or nothing."""
    database = Database(Settings.load().resolved_database_url, prepare=False)
    try:
        before = database.upgrade()
    finally:
        database.close()
    if as_json:
        print_json({"database": database.place, "from": before, "to": HEAD})
    elif before == HEAD:
        console.print(f"{database.place}: has version {HEAD} already", **_PLAIN)
    elif before is None:
        console.print(f"{database.place}: made with version {HEAD}", **_PLAIN)
    else:
        console.print(f"{database.place}: upgraded from version {before} to {HEAD}", **_PLAIN)


_PLAIN: dict[str, Any] = {"markup": False, "soft_wrap": True}


def _is_missing_file(url: str) -> bool:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return False  # opening it says what is wrong
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return is_file and not Path(str(parsed.database)).exists()
