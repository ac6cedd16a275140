"""One row of a till's file: only the columns that are named are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from floorwalker.events import FIRST_YEAR, LAST_YEAR, format_utc, why_no_store_id
from floorwalker.sales.order import Line
from floorwalker.site.till_format import TillFormat

_MAX_AMOUNT = Decimal(10) ** 12
_STORE_LIKE = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9_-])[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Till:
    """The store that a row's name of a store means.

    Attributes:
        store_id: its id here.
        zone: its time zone; None where nobody told it.
        currency: ISO 4217 code of its amounts.
    """

    store_id: str
    zone: ZoneInfo | None
    currency: str = "INR"


TillOf = Callable[[str], Till | None]


class LineError(Exception):
    """A row cannot be taken.

    Attributes:
        code: `timestamp`, `future`, `zone`, `amount`, `store`, `id` or `conflict`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def masked(text: str) -> str:
    """The shape of a cell, not its content: a row out of step may hold a name or a number of a customer."""
    shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))
    return repr(shape[:40] + ("…" if len(shape) > 40 else ""))


class LineReader:
    """Reads rows of one form.

    Args:
        form: how the till writes.
        header: the file's columns; the form's are among them, those in `optional` perhaps not.
        till_of: the store that a name means; None where rows of such a store are not wanted.
        store_id: take every row as this store's.
        latest_utc: rows after it are of the future; None: no row is.
    """

    def __init__(
        self,
        form: TillFormat,
        header: Sequence[str],
        till_of: TillOf,
        store_id: str | None,
        latest_utc: datetime | None = None,
    ) -> None:
        self._form = form
        self._place = {
            meaning: header.index(column)
            for meaning, column in form.columns.named.items()
            if column in header
        }
        self._number = _number(form)
        self._till_of = till_of
        self._store_id = store_id
        self._latest_utc = latest_utc
        self._tills: dict[str, Till | None] = {}

    def read(self, row: Sequence[str]) -> Line:
        """One row as a line.

        Raises:
            LineError: the row cannot be taken.
        """
        cell = {meaning: row[place].strip() for meaning, place in self._place.items()}
        till = self._till(self._store_id or _store_name(cell.get("store", "")))
        order = _name("id", "the transaction's number", cell["transaction"])
        kind = cell.get("kind", "").lower()
        return_id = cell.get("return_id", "")
        gives_back = bool(return_id) or any(word.lower() in kind for word in self._form.return_words)
        amount = self._amount(cell["amount"])
        if gives_back:
            # A return carries the number of the order that it gives back; it is one of its own.
            order = f"{order}/return/{_name('id', 'the number of the return', return_id or '-')}"
            amount = -abs(amount)
        moment_utc = _in_utc(self._moment(cell), till)
        if self._latest_utc is not None and moment_utc > self._latest_utc:
            raise LineError("future", f"{format_utc(moment_utc)} is ahead of the clock here")
        seller = cell.get("salesperson", "")
        return Line(
            store_id=till.store_id,
            transaction_id=order,
            moment_utc=moment_utc,
            amount=amount,
            is_return=gives_back or (not self._form.line_items and amount < 0),
            salesperson=None
            if seller in ("", *self._form.no_salesperson)
            else _name("id", "the salesperson", seller),
            currency=till.currency,
        )

    def _till(self, name: str) -> Till:
        if name not in self._tills:
            self._tills[name] = self._till_of(name)
        till = self._tills[name]
        if till is None:
            shown = repr(name) if _STORE_LIKE.fullmatch(name) else masked(name)
            raise LineError("store", f"the site file names no store {shown}; add it, or an alias of it")
        return till

    def _amount(self, text: str) -> Decimal:
        if not self._number.fullmatch(text):
            example = f"274{self._form.decimal}36"
            raise LineError("amount", f"expected an amount such as {example}, got {masked(text)}")
        plain = text.replace(self._form.thousands, "") if self._form.thousands else text
        amount = Decimal(plain.replace(self._form.decimal, "."))
        if abs(amount) > _MAX_AMOUNT:
            raise LineError("amount", f"expected an amount up to {_MAX_AMOUNT:,}, got {masked(text)}")
        return amount

    def _moment(self, cell: dict[str, str]) -> datetime:
        form = self._form
        if "timestamp" not in cell:
            day = _by_form(cell["date"], form.date_formats)
            return datetime.combine(day.date(), _by_form(cell["time"], form.time_formats).time())
        if form.timestamp_format is not None:
            return _by_form(cell["timestamp"], [form.timestamp_format])
        try:
            return datetime.fromisoformat(cell["timestamp"])
        except ValueError as error:
            raise LineError(
                "timestamp", f"expected a time such as 2026-03-03T14:22:10Z, got {masked(cell['timestamp'])}"
            ) from error


def _number(form: TillFormat) -> re.Pattern[str]:
    """What an amount looks like; signs between thousands only where groups of three follow."""
    point, sign = re.escape(form.decimal), re.escape(form.thousands)
    whole = rf"(?:[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+|[0-9]+)" if sign else "[0-9]+"
    return re.compile(rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,2}})?")


def _name(code: str, what: str, text: str) -> str:
    if not 0 < len(text) <= 160 or any(ord(char) < 32 for char in text):
        raise LineError(code, f"{what}: expected 1 to 160 printable characters, got {masked(text)}")
    return text


def _store_name(text: str) -> str:
    name = _name("store", "the store", text)
    reason = why_no_store_id(name)
    if reason is not None:
        raise LineError("store", f"the store {reason}; got {masked(name)}")
    return name


def _by_form(text: str, forms: Sequence[str]) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    example = " or ".join(datetime(2026, 4, 10, 16, 55, 36).strftime(form) for form in forms)
    raise LineError("timestamp", f"expected {example} ({' or '.join(forms)}), got {masked(text)}")


def _in_utc(moment: datetime, till: Till) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        message = f"expected a time of the years {FIRST_YEAR} to {LAST_YEAR}, got {moment.year}"
        raise LineError("timestamp", message)
    if moment.tzinfo is None:
        if till.zone is None:
            raise LineError(
                "zone",
                "the time names no zone and that of the store is not known; give --timezone or --site",
            )
        moment = moment.replace(tzinfo=till.zone)
    return moment.astimezone(UTC)
