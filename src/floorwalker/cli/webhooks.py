"""`floorwalker webhooks`: who is told of anomalies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli.output import console, messages, print_json
from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.notify.addresses import look_at_address
from floorwalker.notify.outbox import Outbox
from floorwalker.notify.webhooks import Webhook, Webhooks
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add `floorwalker webhooks add`, `list`, `remove` and `deliveries`."""
    group = typer.Typer(help="Webhooks: addresses that are told of anomalies.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(show)
    group.command("remove")(remove)
    group.command("deliveries")(deliveries)
    app.add_typer(group, name="webhooks")


def add(
    url: Annotated[str, typer.Argument(help="http or https address of the receiver.")],
    store: Annotated[
        list[str] | None, typer.Option("--store", help="A store it is told of, repeatable; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook and show its secret, this once."""
    warning = look_at_address(url, private=Settings.load().webhooks_private)
    with _warehouse() as warehouse:
        made = Webhooks(warehouse.database).add(url, store or None, warehouse.now(), later_stores=True)
        unknown = sorted(set(store or ()) - {known.store_id for known in warehouse.stores()})
    if unknown:
        messages.print(f"floorwalker: not known here yet: {', '.join(unknown)}", markup=False)
    if warning:
        messages.print(f"floorwalker: {warning}", markup=False)
    if as_json:
        print_json(_told(made) | {"secret": made.secret})
        return
    console.print(f"webhook {made.webhook_id}", markup=False)
    messages.print("floorwalker: this secret is not shown again; the receiver checks signatures with it:")
    console.print(made.secret, markup=False, soft_wrap=True)


def show(as_json: AsJson = False) -> None:
    """List all webhooks, without their secrets."""
    with _warehouse() as warehouse:
        rows = [_told(hook) for hook in Webhooks(warehouse.database).all()]
    _print(rows, ("webhook_id", "url", "stores", "created_at"), as_json)


def remove(webhook_id: Annotated[str, typer.Argument(help="As `list` shows it.")]) -> None:
    """Send nothing more to a webhook."""
    with _warehouse() as warehouse:
        if not Webhooks(warehouse.database).remove(webhook_id, warehouse.now()):
            raise _unknown(webhook_id)
    console.print(f"removed {webhook_id}", markup=False)


def deliveries(
    webhook_id: Annotated[str | None, typer.Argument(help="Of one webhook; default: of all.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what was sent and is to be sent, the newest first."""
    with _warehouse() as warehouse:
        rows = Outbox(warehouse.database).log(webhook_id, limit)
        if webhook_id is not None and not rows and Webhooks(warehouse.database).find(webhook_id) is None:
            raise _unknown(webhook_id)
    columns = (
        "type",
        "store_id",
        "anomaly_type",
        "state",
        "attempts",
        "outcome",
        "next_attempt_at",
        "done_at",
    )
    _print(list(rows), columns, as_json)


def _unknown(webhook_id: str) -> InputError:
    return InputError(f"no webhook {webhook_id!r} is known here; see floorwalker webhooks list")


@contextmanager
def _warehouse() -> Iterator[Warehouse]:
    with closing(Warehouse(Settings.load().resolved_database_url)) as warehouse:
        yield warehouse


def _told(hook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.webhook_id,
        "url": hook.url,
        "stores": None if hook.stores is None else sorted(hook.stores),
        "created_at": format_utc(hook.created),
    }


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "-" if value is None else str(value)
