"""`floorwalker keys`: who may ask the server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from floorwalker.cli.output import console, messages, print_json
from floorwalker.errors import InputError, WorkError
from floorwalker.events import format_utc, parse_utc
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.keys import ApiKey, Keys, Role

_SPAN = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add `floorwalker keys create`, `list` and `revoke`."""
    group = typer.Typer(help="API keys: who may ask the server, and what.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("revoke")(revoke)
    app.add_typer(group, name="keys")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise typer.BadParameter(f"expected {', '.join(Role)}, got {text!r}") from error


def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            parser=_role,
            metavar="[viewer|operator|admin]",
            help="viewer reads, operator also writes, admin also manages.",
        ),
    ] = Role.VIEWER,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="A store it is for, repeatable; default: all.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="A time with a zone, or a span: 12h, 90d, 52w.")
    ] = None,
    if_none: Annotated[
        bool, typer.Option("--if-none", help="Only where there is no key in use yet; else do nothing.")
    ] = False,
    write_to: Annotated[
        Path | None, typer.Option("--write-to", help="New file for the secret, instead of printing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show its secret, this once."""
    with _keys() as (warehouse, keys):
        now = warehouse.now()
        if if_none and any(key.state(now) == "active" for key in keys.all()):
            messages.print("floorwalker: there are keys already; none was made", style="dim")
            return
        with _secret_file(write_to) as place:
            key, secret = keys.create(
                name, role, now, stores=store or None, expires=_moment(expires, now) if expires else None
            )
            if place is not None:
                os.write(place, (secret + "\n").encode())
        unknown = sorted(set(store or ()) - {known.store_id for known in warehouse.stores()})
        if unknown:
            messages.print(f"floorwalker: not known here yet: {', '.join(unknown)}", markup=False)
        if as_json:
            print_json(_told(key, now) | ({} if write_to else {"secret": secret}))
        elif write_to:
            console.print(f"the secret of {name} is in {write_to}", markup=False, soft_wrap=True)
        else:
            messages.print("floorwalker: this secret is shown once and kept nowhere:", style="dim")
            console.print(secret, markup=False, soft_wrap=True)


def show(as_json: AsJson = False) -> None:
    """List all keys; their secrets are not known."""
    with _keys() as (warehouse, keys):
        now = warehouse.now()
        rows = [_told(key, now) for key in keys.all()]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "role", "stores", "state", "created", "expires", "last_used", "key_id")
    table = Table(*(Column(name, overflow="fold") for name in columns), box=None, pad_edge=False)
    for row in rows:
        shown = row | {"stores": "all" if row["stores"] is None else ", ".join(row["stores"])}
        table.add_row(*(escape(str(shown[name] or "-")) for name in columns))
    console.print(table)


def revoke(
    which: Annotated[str, typer.Argument(help="A key's name or id.")],
    as_json: AsJson = False,
) -> None:
    """Have a key refused from now on; a running server follows within a second."""
    with _keys() as (warehouse, keys):
        key = keys.revoke(which, warehouse.now())
        told = _told(key, warehouse.now())
    if as_json:
        print_json(told)
    else:
        console.print(f"{key.name} ({key.key_id}) is revoked", markup=False, soft_wrap=True)


@contextmanager
def _keys() -> Iterator[tuple[Warehouse, Keys]]:
    warehouse = Warehouse(Settings.load().resolved_database_url)
    try:
        yield warehouse, Keys(warehouse.database)
    finally:
        warehouse.close()


@contextmanager
def _secret_file(path: Path | None) -> Iterator[int | None]:
    """A new file that only its owner may read; it goes again where no key comes of it."""
    if path is None:
        yield None
        return
    try:
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"{path} exists; name a file that does not") from None
    except OSError as error:
        raise WorkError(f"{path}: {error.strerror or error}") from error
    try:
        yield place
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(place)


def _moment(text: str, now: datetime) -> datetime:
    span = _SPAN.fullmatch(text)
    if span:
        return now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
    try:
        return parse_utc(text)
    except InputError as error:
        raise InputError(f"--expires: {error}; a span such as 90d will do too") from error


def _told(key: ApiKey, now: datetime) -> dict[str, Any]:
    def told(moment: datetime | None) -> str | None:
        return None if moment is None else format_utc(moment)

    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "stores": None if key.stores is None else sorted(key.stores),
        "state": key.state(now),
        "created": told(key.created),
        "expires": told(key.expires),
        "revoked": told(key.revoked),
        "last_used": told(key.last_used),
    }
