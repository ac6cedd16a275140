"""The mart's tables and views in ClickHouse's words."""

from __future__ import annotations

import hashlib

from floorwalker.mart.columns import PUSH_COLUMNS, Column, Table
from floorwalker.mart.tables import PARTS, PUSH_ORDER, TABLES
from floorwalker.mart.views import VIEWS

META = "mart_meta"
CURRENT = "mart_current"
NEWEST = f"({', '.join(PUSH_ORDER)})"


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
    partition = "PARTITION BY toYYYYMM(day) " if table.by_day else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ({columns}) ENGINE = MergeTree "
        f"{partition}ORDER BY ({', '.join(table.key)})"
    )


def view_statements(database: str) -> list[str]:
    """Make the views: of each part only the rows of its newest complete push."""

    def source(table: Table) -> str:
        return (
            f"(SELECT * FROM {database}.{table.name} WHERE (store_id, push_id) IN "
            f"(SELECT store_id, push_id FROM {database}.{CURRENT})) AS {table.name}_now"
        )

    current = (
        f"CREATE OR REPLACE VIEW {database}.{CURRENT} AS SELECT store_id, part, "
        f"argMax({PARTS.name}.push_id, {NEWEST}) AS push_id FROM {database}.{PARTS.name} "
        "GROUP BY store_id, part"
    )
    return [
        current,
        *(f"CREATE OR REPLACE VIEW {database}.{view.name} AS {view.select(source)}" for view in VIEWS),
    ]


def definition(database: str) -> str:
    """Digest of all that makes the mart."""
    said = [*(table_statement(database, table) for table in (*TABLES, PARTS)), *view_statements(database)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()
