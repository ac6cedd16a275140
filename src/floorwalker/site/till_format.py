"""How a till writes its file: the only columns that are read, and how numbers and times look."""

from __future__ import annotations

import codecs
import re
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# A column of such a name tells of a customer; no mapping makes it one that is read.
_PERSONAL = re.compile(
    r"customer|client|kunde|cust_|phone|mobile|telefon|contact|e-?mail|address|birth", re.IGNORECASE
)
_NAME = re.compile(r"name$", re.IGNORECASE)
_SAMPLE = datetime(2026, 12, 31, 23, 58, 57)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TillColumns(_Part):
    """The columns that are read, by their names in the file's header; all others never are."""

    transaction: str = Field(min_length=1, description="Number of the order or receipt.")
    amount: str = Field(min_length=1, description="Amount of the line, or of the order.")
    store: str | None = Field(None, description="The store; left out: all rows are of one store.")
    timestamp: str | None = Field(None, description="Date and time in one column.")
    date: str | None = Field(None, description="The date, where it has a column of its own.")
    time: str | None = Field(None, description="The time of day, beside `date`.")
    return_id: str | None = Field(None, description="Number of a return; empty on sales.")
    kind: str | None = Field(None, description="Sale or return, in words.")
    salesperson: str | None = Field(None, description="Id, not name, of who served.")

    @property
    def named(self) -> dict[str, str]:
        """Column by meaning."""
        return {meaning: column for meaning, column in self.model_dump().items() if column is not None}

    @model_validator(mode="after")
    def _time_is_told_once(self) -> Self:
        told = (self.timestamp is not None, self.date is not None, self.time is not None)
        if told not in ((True, False, False), (False, True, True)):
            raise ValueError("name either the column `timestamp`, or both `date` and `time`")
        return self

    @model_validator(mode="after")
    def _nothing_personal(self) -> Self:
        for meaning, column in self.named.items():
            if _PERSONAL.search(column) or (meaning != "store" and _NAME.search(column)):
                raise ValueError(
                    f"{meaning} = {column!r} would read personal data by its name; "
                    "map a column of numbers or ids"
                )
        return self


class TillFormat(_Part):
    """A till's file."""

    columns: TillColumns = Field(description="Which columns are read.")
    line_items: bool = Field(False, description="An order may have several lines, which are summed.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="What stands between two cells.")
    encoding: str = Field(
        "utf-8", validate_default=True, description="Encoding of the text, for example cp1252."
    )
    decimal: Literal[".", ","] = Field(".", description="What stands before the hundredths.")
    thousands: Literal["", ".", ",", " ", "'"] = Field("", description="What stands between thousands.")
    timestamp_format: str | None = Field(
        None, description="As in strptime, for example %d.%m.%Y %H:%M; left out: ISO-8601."
    )
    date_formats: list[str] = Field(
        default=["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y"],
        min_length=1,
        description="As in strptime; the first that fits.",
    )
    time_formats: list[str] = Field(
        default=["%H:%M:%S", "%H:%M"], min_length=1, description="As in strptime; the first that fits."
    )
    return_words: list[str] = Field(
        default=["return"], description="What `kind` holds on a return, in any case of letters."
    )
    no_salesperson: list[str] = Field(default=["0"], description="What stands for nobody.")

    @field_validator("delimiter")
    @classmethod
    def _delimits(cls, value: str) -> str:
        if value.isalnum() or value in '"\r\n. -':
            raise ValueError(f"{value!r} cannot stand between cells; expected for example , ; | or a tab")
        return value

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            known = codecs.lookup(value)
        except LookupError as error:
            raise ValueError(f"unknown encoding {value!r}; expected for example utf-8 or cp1252") from error
        # A mark at the beginning of the file is no part of the first column's name.
        return "utf-8-sig" if known.name == "utf-8" else known.name

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError("`thousands` and `decimal` are the same sign")
        for form, parts in (
            (self.timestamp_format, ("%d", "%m", "%H")),
            *((form, ("%d", "%m")) for form in self.date_formats),
            *((form, ("%M",)) for form in self.time_formats),
        ):
            if form is not None:
                _check_form(form, parts)
        return self


def _check_form(form: str, parts: tuple[str, ...]) -> None:
    try:
        datetime.strptime(_SAMPLE.strftime(form), form)
    except (ValueError, re.error) as error:
        raise ValueError(f"{form!r} is no form of a time: {error}") from error
    words = {"%d": ("%d", "%j", "%x", "%c"), "%m": ("%m", "%b", "%B", "%j", "%x", "%c")}
    words |= {"%H": ("%H", "%I", "%X", "%c"), "%M": ("%M", "%X", "%T")}
    for part in parts:
        if not any(word in form for word in words[part]):
            raise ValueError(f"{form!r} tells no {part}; expected for example %d-%m-%Y and %H:%M:%S")


FOUR_COLUMNS = TillFormat(
    columns=TillColumns(
        store="store_id", transaction="transaction_id", timestamp="timestamp", amount="basket_value_inr"
    )
)
LINE_ITEMS = TillFormat(
    columns=TillColumns(
        store="store_id",
        transaction="order_id",
        date="order_date",
        time="order_time",
        amount="total_amount",
        return_id="return_id",
        kind="invoice_type",
        salesperson="salesperson_id",
    ),
    line_items=True,
)
