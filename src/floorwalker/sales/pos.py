"""Reading the tills' files: four columns, or the line-item export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from floorwalker.errors import InputError
from floorwalker.sales.order import Line, Order
from floorwalker.warehouse import Transaction

SIMPLE_COLUMNS = ("store_id", "transaction_id", "timestamp", "basket_value_inr")
LINE_ITEM_COLUMNS = ("store_id", "order_id", "order_date", "order_time", "total_amount")
# Of all other columns only these are read; names and numbers of customers never are.
LINE_ITEM_OPTIONAL = ("return_id", "invoice_type", "salesperson_id")
_MAX_AMOUNT = Decimal(10) ** 12
_DATE_FORMS = ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y")
_TIME_FORMS = ("%H:%M:%S", "%H:%M")

ZoneOf = Callable[[str], ZoneInfo | None]


@dataclass(frozen=True, slots=True)
class PosProblem:
    """Why a line of a till's file was not taken.

    Attributes:
        line: its number in the file, the header being 1.
        code: `columns`, `timestamp`, `zone`, `amount`, `store`, `id` or `conflict`.
        message: what was expected and what came.
    """

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PosFile:
    """What a till's file holds.

    Attributes:
        transactions: one an order, by time.
        problems: lines that were not taken.
        lines: data lines read.
        repeated: lines of the four-column form that say again what an earlier line said.
    """

    transactions: tuple[Transaction, ...]
    problems: tuple[PosProblem, ...]
    lines: int
    repeated: int = 0


class _LineError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class _Reading:
    """Orders as their lines come in."""

    orders: dict[tuple[str, str], Order] = field(default_factory=dict)
    problems: list[PosProblem] = field(default_factory=list)
    lines: int = 0
    repeated: int = 0

    def take(self, line: Line, *, line_items: bool) -> None:
        order = self.orders.get((line.store_id, line.transaction_id))
        if order is None:
            self.orders[(line.store_id, line.transaction_id)] = Order(line)
        elif line_items:
            order.add(line)
        elif order.first == line:
            self.repeated += 1
        else:
            raise _LineError(
                "conflict",
                f"transaction {line.transaction_id!r} is in an earlier line with another time or amount; "
                "that one is kept",
            )


def read_pos(path: Path, zone_of: ZoneOf, *, store_id: str | None = None, currency: str = "INR") -> PosFile:
    """Read a till's file of either form, line by line.

    Args:
        path: CSV with the columns `store_id, transaction_id, timestamp, basket_value_inr`, or the line-item
            export with at least `store_id, order_id, order_date, order_time, total_amount`, in any order.
        zone_of: the time zone of a store, for times that name none; None where nobody knows it.
        store_id: take every line as this store's, whatever the file says.
        currency: ISO 4217 code of the amounts.

    Returns:
        One transaction an order (a line-item order's amount is the sum of its lines, its time that of its
        earliest line; in the four-column form each transaction has one line), and what was wrong with
        other lines.

    Raises:
        InputError: the file cannot be read, or its header is neither form's.
    """
    reading = _Reading()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [name.strip() for name in next(rows, [])]
            parse, line_items = _parser(path, header, zone_of, store_id)
            for row in rows:
                if not any(cell.strip() for cell in row):
                    continue
                reading.lines += 1
                if len(row) != len(header):
                    message = f"expected {len(header)} columns, got {len(row)}"
                    reading.problems.append(PosProblem(rows.line_num, "columns", message))
                    continue
                try:
                    reading.take(parse(row), line_items=line_items)
                except _LineError as error:
                    reading.problems.append(PosProblem(rows.line_num, error.code, str(error)))
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8: {error.reason}") from error
    except csv.Error as error:
        raise InputError(f"{path} is not CSV after {reading.lines} lines of data: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    transactions = [order.transaction(currency) for order in reading.orders.values()]
    transactions.sort(key=lambda sale: (sale.time_us, sale.transaction_id))
    return PosFile(tuple(transactions), tuple(reading.problems), reading.lines, reading.repeated)


def _parser(
    path: Path, header: Sequence[str], zone_of: ZoneOf, store_id: str | None
) -> tuple[Callable[[list[str]], Line], bool]:
    """What reads a row, and whether an order may have several."""
    place = {name: header.index(name) for name in header}
    needed = set(SIMPLE_COLUMNS) - ({"store_id"} if store_id else set())
    if needed <= place.keys():
        return lambda row: _simple_line(_pick(row, place, SIMPLE_COLUMNS), zone_of, store_id), False
    needed = set(LINE_ITEM_COLUMNS) - ({"store_id"} if store_id else set())
    if needed <= place.keys():
        wanted = LINE_ITEM_COLUMNS + LINE_ITEM_OPTIONAL
        return lambda row: _line_item(_pick(row, place, wanted), zone_of, store_id), True
    raise InputError(
        f"{path}: expected the columns {', '.join(SIMPLE_COLUMNS)}, or a line-item export with "
        f"{', '.join(LINE_ITEM_COLUMNS)}; got {', '.join(name[:40] for name in header[:12]) or 'nothing'}"
    )


def _pick(row: Sequence[str], place: dict[str, int], wanted: Sequence[str]) -> dict[str, str]:
    return {name: row[place[name]].strip() if name in place else "" for name in wanted}


def _simple_line(cells: dict[str, str], zone_of: ZoneOf, store_id: str | None) -> Line:
    store = _name("store", "store_id", store_id or cells["store_id"])
    amount = _amount(cells["basket_value_inr"])
    return Line(
        store_id=store,
        transaction_id=_name("id", "transaction_id", cells["transaction_id"]),
        moment_utc=_moment(cells["timestamp"], store, zone_of),
        amount=amount,
        is_return=amount < 0,
        salesperson=None,
    )


def _line_item(cells: dict[str, str], zone_of: ZoneOf, store_id: str | None) -> Line:
    store = _name("store", "store_id", store_id or cells["store_id"])
    order = _name("id", "order_id", cells["order_id"])
    is_return = bool(cells["return_id"]) or "return" in cells["invoice_type"].lower()
    amount = _amount(cells["total_amount"])
    day, clock = _local(cells["order_date"], _DATE_FORMS), _local(cells["order_time"], _TIME_FORMS)
    naive = datetime.combine(day.date(), clock.time())
    seller = cells["salesperson_id"]
    return Line(
        store_id=store,
        # A return carries the number of the order that it gives back; it is a transaction of its own.
        transaction_id=f"{order}/return/{cells['return_id']}" if is_return else order,
        moment_utc=_zoned(naive, store, zone_of),
        amount=-abs(amount) if is_return else amount,
        is_return=is_return,
        salesperson=seller if seller not in ("", "0") else None,
    )


def _name(code: str, column: str, text: str) -> str:
    if not 0 < len(text) <= 160 or any(ord(char) < 32 for char in text):
        raise _LineError(code, f"{column}: expected 1 to 160 printable characters, got {text[:40]!r}")
    return text


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise _LineError("amount", f"expected an amount such as 274.36, got {text[:40]!r}") from error
    if not amount.is_finite() or abs(amount) > _MAX_AMOUNT:
        raise _LineError("amount", f"expected a finite amount up to {_MAX_AMOUNT:,}, got {text[:40]!r}")
    return amount


def _moment(text: str, store: str, zone_of: ZoneOf) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _LineError(
            "timestamp", f"expected a time such as 2026-03-03T14:22:10Z, got {text[:40]!r}"
        ) from error
    return _zoned(moment, store, zone_of)


def _local(text: str, forms: Sequence[str]) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    example = "10-04-2026 (day-month-year)" if "%Y" in forms[0] else "16:55:36"
    raise _LineError("timestamp", f"expected {example}, got {text[:40]!r}")


def _zoned(moment: datetime, store: str, zone_of: ZoneOf) -> datetime:
    if moment.tzinfo is None:
        zone = zone_of(store)
        if zone is None:
            raise _LineError(
                "zone",
                f"the time {moment.isoformat()} names no zone and that of store {store!r} is not known; "
                "give --timezone or --site",
            )
        moment = moment.replace(tzinfo=zone)
    if not 1971 <= moment.year <= 9997:
        raise _LineError("timestamp", f"expected a time of the years 1971 to 9997, got {moment.isoformat()}")
    return moment.astimezone(UTC)
