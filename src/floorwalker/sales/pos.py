"""Reading the tills' files: four columns, the line-item export, or what a site file describes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.sales.order import Line, Order
from floorwalker.sales.till_lines import LineError, LineReader, Till, TillOf
from floorwalker.site.till_format import FOUR_COLUMNS, LINE_ITEMS, TillFormat
from floorwalker.warehouse import Transaction

__all__ = ["PosFile", "PosProblem", "Till", "TillOf", "read_pos"]

_KNOWN_FORMS = (FOUR_COLUMNS, LINE_ITEMS)
_MAY_LACK = ("return_id", "kind", "salesperson")  # of the known forms; what a site file names must be there
_TELL_EVERY = 2000
_AHEAD = timedelta(minutes=5)  # as of events: clocks of tills are a little off


@dataclass(frozen=True, slots=True)
class PosProblem:
    """Why a line of a till's file was not taken.

    Attributes:
        line: its number in the file, the header being 1.
        code: `columns`, `timestamp`, `future`, `zone`, `amount`, `store`, `id` or `conflict`.
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
        repeated: lines of a form with one line an order that say again what an earlier line said.
        rounded: orders whose sum was finer than hundredths.
    """

    transactions: tuple[Transaction, ...]
    problems: tuple[PosProblem, ...]
    lines: int
    repeated: int = 0
    rounded: int = 0


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
            raise LineError(
                "conflict",
                "this transaction is in an earlier line with another time or amount; that one is kept",
            )


def read_pos(
    path: Path,
    till_of: TillOf,
    *,
    forms: Sequence[TillFormat] = (),
    store_id: str | None = None,
    store_of: Callable[[TillFormat], str | None] = lambda _: None,
    on_bytes: Callable[[int], None] = lambda _: None,
    now_utc: datetime | None = None,
) -> PosFile:
    """Read a till's file, line by line.

    Only the columns that its form names are looked at, and no message repeats what a cell held: a row that
    is out of step may hold a customer's name where an amount should stand.

    Args:
        path: CSV of one of `forms`, or with the columns `store_id, transaction_id, timestamp,
            basket_value_inr`, or the line-item export with at least `store_id, order_id, order_date,
            order_time, total_amount`; columns in any order.
        till_of: the store that a name means; None where rows of such a store are not wanted.
        forms: what site files say of the tills' files.
        store_id: take every line as this store's, whatever the file says.
        store_of: the store whose till alone writes a form; asked where the form names no column of it.
        on_bytes: told now and then how far into the file reading is.
        now_utc: rows more than 5 minutes after it are refused; None: no time is too late.

    Returns:
        One transaction an order (where an order may have several lines, its amount is their sum and its
        time that of the earliest), and what was wrong with other lines.

    Raises:
        InputError: the file cannot be read, or its header is of no form.
    """
    reading = _Reading()
    latest_utc = None if now_utc is None else now_utc + _AHEAD
    with _explained(path, reading):
        form, header = _form_of(path, forms, store_id)
        only = store_id or (store_of(form) if form.columns.store is None else None)
        lines = LineReader(form, header, till_of, only, latest_utc)
        with path.open("rb") as raw, TextIOWrapper(raw, form.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=form.delimiter)
            next(rows, None)
            for row in rows:
                if not any(cell.strip() for cell in row):
                    continue
                reading.lines += 1
                if reading.lines % _TELL_EVERY == 0:
                    on_bytes(raw.tell())
                if len(row) != len(header):
                    message = f"expected {len(header)} columns, got {len(row)}"
                    reading.problems.append(PosProblem(rows.line_num, "columns", message))
                    continue
                try:
                    reading.take(lines.read(row), line_items=form.line_items)
                except LineError as error:
                    reading.problems.append(PosProblem(rows.line_num, error.code, str(error)))
            on_bytes(raw.tell())
    transactions = [order.transaction() for order in reading.orders.values()]
    transactions.sort(key=lambda sale: (sale.time_us, sale.store_id, sale.transaction_id))
    rounded = sum(order.is_finer for order in reading.orders.values())
    return PosFile(tuple(transactions), tuple(reading.problems), reading.lines, reading.repeated, rounded)


@contextmanager
def _explained(path: Path, reading: _Reading) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except UnicodeError as error:
        raise InputError(
            f"{path} is not text in UTF-8 or the encoding that the site file names; `encoding` in "
            "[store.pos] says another"
        ) from error
    except csv.Error as error:
        raise InputError(f"{path} is not CSV after {reading.lines} lines of data: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _form_of(path: Path, forms: Sequence[TillFormat], store_id: str | None) -> tuple[TillFormat, list[str]]:
    """The form whose columns the file has, those of site files first, and the file's header."""
    fitting: list[tuple[TillFormat, list[str]]] = []
    for form in forms:
        with suppress(UnicodeError):  # another form may be of another encoding
            header = _header(path, form)
            if not _missing(form, header, store_id, ()):
                fitting.append((form, header))
    if len(fitting) > 1:
        raise InputError(f"{path} is of the form of several stores' tills; say which with --store")
    if fitting:
        return fitting[0]
    header = _header(path, FOUR_COLUMNS)
    for form in _KNOWN_FORMS:
        if not _missing(form, header, store_id, _MAY_LACK):
            return form, header
    # The header itself is not repeated: in a file without one it is a customer's row.
    nearest = min((*forms, *_KNOWN_FORMS), key=lambda form: len(_missing(form, header, store_id, _MAY_LACK)))
    raise InputError(
        f"{path}: the first line has {len(header)} columns and lacks "
        f"{', '.join(_missing(nearest, header, store_id, _MAY_LACK))}; expected the columns "
        f"{_columns(FOUR_COLUMNS)}, or a line-item export with {_columns(LINE_ITEMS)}, "
        "or what [store.pos] of the site file names"
    )


def _header(path: Path, form: TillFormat) -> list[str]:
    with path.open(encoding=form.encoding, newline="") as file:
        return [name.strip() for name in next(csv.reader(file, delimiter=form.delimiter), [])]


def _missing(
    form: TillFormat, header: Sequence[str], store_id: str | None, may_lack: Sequence[str]
) -> list[str]:
    lacking = (*may_lack, "store") if store_id else may_lack
    return [
        column
        for meaning, column in form.columns.named.items()
        if meaning not in lacking and column not in header
    ]


def _columns(form: TillFormat) -> str:
    named = form.columns.named
    order = ("store", "transaction", "timestamp", "date", "time", "amount")
    return ", ".join(named[meaning] for meaning in order if meaning in named)
