"""The mart's tables and views in ClickHouse's words."""

from __future__ import annotations

import hashlib

from floorwalker.mart.columns import PUSH_COLUMNS, Column, Table
from floorwalker.mart.tables import PARTS, TABLES
from floorwalker.mart.views import VIEWS

META = "mart_meta"
# The last push of a part in the order of `PUSH_ORDER`, as one number: each of the four has 64 bits of it.
_RANK = (
    "rank UInt256 MATERIALIZED bitShiftLeft(toUInt256(epoch), 192) "
    "+ bitShiftLeft(toUInt256(store_version), 128) "
    "+ bitShiftLeft(toUInt256(toUnixTimestamp64Milli(pushed_at)), 64) + toUInt256(push_id)"
)


def columns_of(table: Table) -> tuple[Column, ...]:
    """A table's columns, those that tell the push too."""
    return table.columns if table is PARTS else (*table.columns, *PUSH_COLUMNS)


def meta_statement(database: str) -> str:
    """Makes the table that says which program made the mart."""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{META} (version Int64, definition String, "
        "made_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY made_at"
    )


def table_statement(database: str, table: Table) -> str:
    """Makes a table; a chain's month is one partition, to be moved or dropped whole."""
    columns = ", ".join(column.clickhouse for column in columns_of(table))
    if table is PARTS:
        return (
            f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ({columns}, {_RANK}) "
            "ENGINE = ReplacingMergeTree(rank) ORDER BY (store_id, part)"
        )
    partition = "PARTITION BY toYYYYMM(day) " if table.by_day else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ({columns}) ENGINE = MergeTree "
        f"{partition}ORDER BY ({', '.join(table.key)})"
    )


def newest(database: str) -> str:
    """The rows of `mart_parts` that hold: of each part the last complete push."""
    return f"{database}.{PARTS.name} FINAL"


def view_statements(database: str) -> list[str]:
    """Make the views: of each part only the rows of its last complete push."""

    def source(table: Table) -> str:
        if table is PARTS:
            return newest(database)
        return (
            f"(SELECT * FROM {database}.{table.name} WHERE push_id IN "
            f"(SELECT push_id FROM {newest(database)})) AS {table.name}_now"
        )

    return [f"CREATE OR REPLACE VIEW {database}.{view.name} AS {view.select(source)}" for view in VIEWS]


def definition(database: str) -> str:
    """Digest of all that makes the mart."""
    said = [*(table_statement(database, table) for table in (*TABLES, PARTS)), *view_statements(database)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()
