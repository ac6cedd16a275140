"""What a column of the mart holds, said once for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of values, each with its type in ClickHouse and in PostgreSQL."""

    NAME = ("LowCardinality(String)", "text")  # few different ones: stores, zones, codes
    TEXT = ("String", "text")
    DAY = ("Date", "date")
    UTC = ("DateTime64(3, 'UTC')", "timestamptz")
    LOCAL = ("DateTime64(3, 'UTC')", "timestamp")  # the store's wall clock, no zone
    COUNT = ("Int64", "bigint")
    MONEY = ("Decimal(18, 2)", "numeric(18, 2)")
    RATIO = ("Float64", "double precision")
    FLAG = ("Bool", "boolean")

    @property
    def clickhouse(self) -> str:
        """Its type in ClickHouse."""
        return self.value[0]

    @property
    def postgres(self) -> str:
        """Its type in PostgreSQL."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as in both engines.
        kind: what it holds.
        meaning: one sentence for people.
        nullable: whether it may be empty.
        adds: whether it may be summed over stores and days.
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False
    adds: bool = False

    @property
    def clickhouse(self) -> str:
        """Its definition in ClickHouse."""
        type_name = f"Nullable({self.kind.clickhouse})" if self.nullable else self.kind.clickhouse
        if self.nullable and self.kind is Kind.NAME:
            type_name = "LowCardinality(Nullable(String))"
        return f"{self.name} {type_name}"

    @property
    def clickhouse_type(self) -> str:
        """Its type in ClickHouse, emptiness included."""
        return self.clickhouse.removeprefix(f"{self.name} ")

    @property
    def postgres(self) -> str:
        """Its definition in PostgreSQL."""
        return f"{self.name} {self.kind.postgres}{'' if self.nullable else ' NOT NULL'}"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of facts or of what they refer to.

    Attributes:
        name: as in both engines.
        meaning: one sentence: what a row is.
        columns: in order; the first is store_id.
        order: what rows are sorted by within the store and day.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    @property
    def by_day(self) -> bool:
        """Whether its rows belong to days."""
        return any(column.name == "day" for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """What the rows lie sorted by: a store's day is one stretch, whatever else the mart holds."""
        return ("store_id", *(("day",) if self.by_day else ()), "push_id", *self.order)


# Every row tells which push wrote it; views read the rows of the newest complete push only.
PUSH_COLUMNS = (
    Column("push_id", Kind.COUNT, "The push that wrote the row."),
    Column("pushed_at", Kind.UTC, "When it was written."),
)
