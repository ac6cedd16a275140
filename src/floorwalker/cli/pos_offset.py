"""`floorwalker pos offset`: how far the till's clock is ahead of the cameras'."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress
from rich.table import Table

from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.insights.leaving import till_day
from floorwalker.sales.clock_offset import ClockOffset, TillDay, estimate_clock_offset
from floorwalker.settings import Settings
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.clock_offsets import (
    OffsetRecord,
    add_offset,
    apply_offset,
    read_offset_records,
    withdraw_offset,
)
from floorwalker.warehouse.reading import read_transactions
from floorwalker.warehouse.records import from_us, to_us

_SEED = 20260303  # the same days give the same answer
_LOOK_BACK = 400


def offset(
    store: Annotated[str, typer.Argument(help="The store.")],
    days: Annotated[
        int, typer.Option("--days", min=1, max=_LOOK_BACK, help="The last days with sales to look at.")
    ] = 14,
    apply: Annotated[
        int | None, typer.Option("--apply", metavar="VERSION", help="Read the till's times with this one.")
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Read the till's times as they are again.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="The person who applies or withdraws.")
    ] = "",
    show: Annotated[bool, typer.Option("--list", help="Show what is known; estimate nothing.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Estimate how far the till's clock is ahead of the cameras', from several days; nothing is applied.

    The estimate is kept with its evidence and shown. Only a person applies it (--apply VERSION --by NAME)
    or takes it back (--withdraw --by NAME); both are kept with the name and change the figures of all days.
    """
    if sum((apply is not None, withdraw, show)) > 1:
        raise InputError("--apply, --withdraw and --list exclude one another")
    warehouse = Warehouse(Settings.load().resolved_database_url)
    try:
        info = warehouse.store(store)
        now_us = to_us(warehouse.now())
        found: ClockOffset | None = None
        if apply is not None or withdraw:
            with warehouse.database.write() as connection:
                if apply is not None:
                    apply_offset(connection, store, apply, by, now_us)
                elif withdraw_offset(connection, store, by, now_us) is None:
                    raise InputError(f"no offset of store {store} is applied")
        elif not show:
            with progress_bar("days", quiet=quiet or as_json) as progress:
                measured = _days(warehouse, info, days, progress)
            found = estimate_clock_offset(list(measured.values()), np.random.default_rng(_SEED))
            with warehouse.database.write() as connection:
                evidence = _evidence(found, list(measured))
                add_offset(connection, store, found.offset_s, found.p_value, evidence, now_us)
        with warehouse.database.read() as connection:
            records = read_offset_records(connection, store)
    finally:
        warehouse.close()
    if as_json:
        print_json([_plain(record) for record in records])
    else:
        _show(store, records, found)


def _days(warehouse: Warehouse, info: StoreInfo, count: int, progress: Progress) -> dict[date, TillDay]:
    """The last local days with sales."""
    with_sales = _days_with_sales(warehouse, info)[-count:]
    if not with_sales:
        raise InputError(f"store {info.store_id} has no sales; load some with `floorwalker pos load`")
    task = progress.add_task(info.store_id, total=len(with_sales))
    found = {}
    for day in with_sales:
        found[day] = till_day(warehouse, info, day)
        progress.advance(task)
    return found


def _days_with_sales(warehouse: Warehouse, info: StoreInfo) -> list[date]:
    end = warehouse.now() + timedelta(days=1)
    with warehouse.database.read() as connection:
        sales = read_transactions(
            connection, info.store_id, to_us(end - timedelta(days=_LOOK_BACK)), to_us(end)
        )
    return sorted({from_us(sale.time_us).astimezone(info.zone_info).date() for sale in sales})


def _evidence(found: ClockOffset, days: list[date]) -> dict[str, Any]:
    return {
        "first_day": days[0].isoformat(),
        "last_day": days[-1].isoformat(),
        "days": found.days,
        "sales": found.sales,
        "leaves": found.leaves,
        "low_s": found.low_s,
        "high_s": found.high_s,
        "agreement": found.agreement,
        "at_edge": found.at_edge,
        "curve": found.curve,
    }


def _plain(record: OffsetRecord) -> dict[str, Any]:
    return {
        "version": record.version,
        "offset_s": record.offset_s,
        "p_value": record.p_value,
        "holds": record.holds,
        "computed": format_utc(from_us(record.computed_us)),
        "applied": _moment(record.applied_us),
        "applied_by": record.applied_by,
        "withdrawn": _moment(record.withdrawn_us),
        "withdrawn_by": record.withdrawn_by,
        "evidence": record.evidence,
    }


def _moment(at_us: int | None) -> str | None:
    return None if at_us is None else format_utc(from_us(at_us))


def _show(store: str, records: list[OffsetRecord], found: ClockOffset | None) -> None:
    if not records:
        console.print(f"{store}: nothing was estimated yet", markup=False, soft_wrap=True)
        return
    table = Table(title=f"{store}: the till's clock, ahead of the cameras'", title_justify="left")
    for column in ("version", "offset", "95 % interval", "p", "days", "sales", "state"):
        table.add_column(column)
    for record in records:
        told = record.evidence
        table.add_row(
            str(record.version),
            f"{record.offset_s:+.0f} s",
            f"{told['low_s']:+.0f} to {told['high_s']:+.0f} s" if "low_s" in told else "",
            "" if record.p_value is None else f"{record.p_value:.3f}",
            str(told.get("days", "")),
            str(told.get("sales", "")),
            _state(record),
        )
    console.print(table)
    if found is None:
        return
    if found.at_edge:
        verdict = "the best lag lies at the end of what was searched: the offset may lie beyond"
    elif found.significant:
        verdict = (
            f"chance gives as much in {found.p_value:.1%} of cases; to read the till's times with it: "
            f"floorwalker pos offset {store} --apply {records[-1].version} --by NAME"
        )
    else:
        verdict = f"chance gives as much in {found.p_value:.0%} of cases: nothing to go by"
    console.print(verdict, markup=False, soft_wrap=True)


def _state(record: OffsetRecord) -> str:
    if record.applied_us is None:
        return "not applied"
    applied = f"applied {_moment(record.applied_us)} by {record.applied_by}"
    if record.withdrawn_us is None:
        return applied
    return f"{applied}, withdrawn {_moment(record.withdrawn_us)} by {record.withdrawn_by}"
