"""The views described for people: what a row is, what each column means, what may be summed."""

from __future__ import annotations

from typing import Any

from floorwalker.mart.columns import Column, Kind
from floorwalker.mart.views import VIEWS

_TYPES = {
    Kind.NAME: "text",
    Kind.TEXT: "text",
    Kind.DAY: "date",
    Kind.UTC: "time, UTC",
    Kind.LOCAL: "time, the store's clock",
    Kind.COUNT: "whole number",
    Kind.MONEY: "money",
    Kind.RATIO: "number",
    Kind.FLAG: "yes or no",
}
_HEAD = (
    "# The views of the mart\n\n"
    "Printed by `floorwalker mart describe`. The same names and columns in ClickHouse and PostgreSQL; how to "
    "connect, and what to mind, is in [bi.md](bi.md). *May be empty*: not known, for example because no "
    "camera watched; never a zero. *Sums*: may be added up over days and stores. Everything else has to be "
    "made from its parts, or stays apart.\n"
)


def describe() -> list[dict[str, Any]]:
    """All views with their columns, as plain values."""
    return [
        {
            "view": view.name,
            "row": view.meaning,
            "columns": [
                {
                    "name": column.name,
                    "type": _TYPES[column.kind],
                    "meaning": column.meaning,
                    "may_be_empty": column.nullable,
                    "sums": column.adds,
                }
                for column in view.columns
            ],
        }
        for view in VIEWS
    ]


def describe_markdown() -> str:
    """All views as a page of the documentation."""
    parts = [_HEAD]
    for view in VIEWS:
        parts.append(f"## {view.name}\n\n{view.meaning}\n")
        parts.append("| column | holds | meaning |\n|---|---|---|")
        parts += [_line(column) for column in view.columns]
        parts.append("")
    return "\n".join(parts)


def _line(column: Column) -> str:
    marks = [_TYPES[column.kind]]
    if column.nullable:
        marks.append("may be empty")
    if column.adds:
        marks.append("sums")
    return f"| `{column.name}` | {', '.join(marks)} | {column.meaning} |"
