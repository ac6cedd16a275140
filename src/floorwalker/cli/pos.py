"""`floorwalker pos`: the tills' rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.sales.pos import PosFile, read_pos
from floorwalker.settings import Settings
from floorwalker.site import Site, load_site
from floorwalker.warehouse import LoadReport, Warehouse

_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add `floorwalker pos load`."""
    group = typer.Typer(help="Tills: sales and returns.", no_args_is_help=True)
    group.command("load")(load)
    app.add_typer(group, name="pos")


def load(
    file: Annotated[Path, typer.Argument(help="CSV of a till: four columns, or the line-item export.")],
    site: Annotated[
        Path | None, typer.Option("--site", help="Site file that names the stores' time zones.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="IANA zone of times that name none: Asia/Kolkata.")
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", help="Take all rows as this store's, whatever the file says.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Load sales, each once; rows that cannot be read are explained; exit code 2 if none could."""
    given = None if timezone is None else _zone(timezone)
    content = load_site(site) if site else None
    warehouse = Warehouse(Settings.load().resolved_database_url)
    if content and site:
        warehouse.register_site(content, site.parent)
    zones = {known.store_id: known.zone_info for known in warehouse.stores() if known.registered}
    pos = read_pos(file, lambda name: given or zones.get(name), store_id=store, currency=_currency(content))
    report = warehouse.load_transactions(pos.transactions, timezone=timezone)
    warehouse.close()
    if as_json:
        print_json(_summary(file, pos, report))
    else:
        _show(file, pos, report)
    if pos.lines and not pos.transactions:
        raise typer.Exit(2)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {name!r}; expected an IANA name such as Asia/Kolkata") from error


def _currency(site: Site | None) -> str:
    currencies = {store.currency for store in site.stores} if site else {"INR"}
    return currencies.pop() if len(currencies) == 1 else "INR"


def _summary(file: Path, pos: PosFile, report: LoadReport) -> dict[str, object]:
    return {
        "file": str(file),
        "lines": pos.lines,
        "transactions": len(pos.transactions),
        "inserted": report.inserted,
        "duplicates": report.duplicates,
        "conflicts": report.conflicts,
        "repeated_lines": pos.repeated,
        "rejected_lines": len(pos.problems),
        "problems": pos.problems,
    }


def _show(file: Path, pos: PosFile, report: LoadReport) -> None:
    sales = sum(sale.kind == "sale" for sale in pos.transactions)
    lines = [
        f"{file}: {pos.lines} lines, {sales} sales, {len(pos.transactions) - sales} returns: "
        f"{report.inserted} new, {report.duplicates} known already, {len(report.conflicts)} conflicts, "
        f"{pos.repeated} lines repeated, {len(pos.problems)} lines rejected"
    ]
    lines += [f"  line {p.line}: {p.code}: {p.message}" for p in pos.problems[:_SHOWN]]
    if len(pos.problems) > _SHOWN:
        by_code = Counter(problem.code for problem in pos.problems)
        lines.append(f"  … in all: {', '.join(f'{code} {n}' for code, n in sorted(by_code.items()))}")
    lines += [
        f"  conflict: transaction {name} is here already with other content"
        for name in report.conflicts[:_SHOWN]
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
