"""`floorwalker pos`: the tills' rows, and their clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from floorwalker.cli import pos_offset
from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.cli.zones import time_zone
from floorwalker.errors import InputError
from floorwalker.events import why_no_store_id
from floorwalker.sales.pos import PosFile, Till, TillOf, read_pos
from floorwalker.settings import Settings
from floorwalker.site import Site, Store, load_site
from floorwalker.site.till_format import TillFormat
from floorwalker.warehouse import LoadReport, StoreInfo, Transaction, Warehouse
from floorwalker.warehouse.directory import WarehouseStores

_SHOWN = 10
_AT_ONCE = 5000  # orders a transaction of the database


def register(app: typer.Typer) -> None:
    """Add `floorwalker pos load` and `floorwalker pos offset`."""
    group = typer.Typer(help="Tills: sales and returns, and the till's clock.", no_args_is_help=True)
    group.command("load")(load)
    group.command("offset")(pos_offset.offset)
    app.add_typer(group, name="pos")


def load(
    file: Annotated[
        Path,
        typer.Argument(help="CSV of a till: four columns, the line-item export, or as the site file says."),
    ],
    site: Annotated[
        Path | None,
        typer.Option(
            "--site",
            help="Site file that names the stores, their time zones and their tills' files; "
            "rows of other stores are refused.",
        ),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="IANA zone of times that name none: Asia/Kolkata.")
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", help="Take all rows as this store's, whatever the file says.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Load sales, each once; rows that cannot be read are explained; exit code 2 if none could.

    Only the columns that say store, transaction, time, amount, return and salesperson's id are read; names
    and numbers of customers never are.
    """
    zone = None if timezone is None else time_zone(timezone)
    _check_store(store)
    content = load_site(site) if site else None
    warehouse = Warehouse(Settings.load().resolved_database_url)
    try:
        if content and site:
            warehouse.register_site(content, site.parent)
        known = [info for info in warehouse.stores() if info.registered]
        described = [info.site for info in known if info.site and _is_of(content, info)]
        with progress_bar("bytes", quiet=quiet or as_json) as progress:
            task = progress.add_task(file.name[:24], total=file.stat().st_size if file.is_file() else None)
            pos = read_pos(
                file,
                _tills(warehouse, zone, content),
                forms=_forms(described, store),
                store_id=store,
                store_of=_only_store(described),
                now_utc=warehouse.now(),
                on_bytes=lambda position: progress.update(task, completed=position),
            )
        report = _load(warehouse, pos.transactions, timezone)
    finally:
        warehouse.close()
    if as_json:
        print_json(_summary(file, pos, report))
    else:
        _show(file, pos, report)
    if pos.lines and not pos.transactions:
        raise typer.Exit(2)


def _check_store(store: str | None) -> None:
    reason = None if store is None else why_no_store_id(store)
    if reason is not None:
        raise InputError(f"--store {reason}")


def _is_of(content: Site | None, info: StoreInfo) -> bool:
    return content is None or any(store.id == info.store_id for store in content.stores)


def _tills(warehouse: Warehouse, zone: ZoneInfo | None, content: Site | None) -> TillOf:
    """The till of each name; with a site file only its stores', and a zone told on the call wins."""
    stores = WarehouseStores(warehouse.database, zone)
    currencies = {info.store_id: info.site.currency for info in warehouse.stores() if info.site}
    wanted = {store.id for store in content.stores} if content else None

    def till_of(name: str) -> Till | None:
        found = stores.find_as_written(name)
        if wanted is not None and found.store_id not in wanted:
            return None
        return Till(found.store_id, zone or found.zone, currencies.get(found.store_id, "INR"))

    return till_of


def _forms(described: Sequence[Store], store_id: str | None) -> list[TillFormat]:
    """What site files say of the tills' files, each form once; of one store only where one is named."""
    forms: list[TillFormat] = []
    for store in described:
        if store.pos is not None and store.pos not in forms and store_id in (None, *store.all_names):
            forms.append(store.pos)
    return forms


def _only_store(described: Sequence[Store]) -> Callable[[TillFormat], str | None]:
    def store_of(form: TillFormat) -> str:
        owners = [store.id for store in described if store.pos == form]
        if len(owners) != 1:
            raise InputError(
                f"the file names no store, and the tills of {', '.join(owners)} write such files; "
                "say which with --store"
            )
        return owners[0]

    return store_of


def _load(warehouse: Warehouse, sales: Sequence[Transaction], timezone: str | None) -> LoadReport:
    """Load in parts; cut short, the rest follows when the same file is loaded again."""
    reports = [
        warehouse.load_transactions(sales[start : start + _AT_ONCE], timezone=timezone)
        for start in range(0, len(sales), _AT_ONCE)
    ]
    return LoadReport(
        sum(report.inserted for report in reports),
        sum(report.duplicates for report in reports),
        tuple(name for report in reports for name in report.conflicts),
        sum(report.expired for report in reports),
    )


def _summary(file: Path, pos: PosFile, report: LoadReport) -> dict[str, object]:
    return {
        "file": str(file),
        "lines": pos.lines,
        "transactions": len(pos.transactions),
        "inserted": report.inserted,
        "duplicates": report.duplicates,
        "conflicts": report.conflicts,
        "expired": report.expired,
        "repeated_lines": pos.repeated,
        "rounded": pos.rounded,
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
    if pos.rounded:
        lines.append(f"  {pos.rounded} sums finer than hundredths were rounded, half to even")
    if report.expired:
        lines.append(f"  {report.expired} lie in days that retention swept and stay away")
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
