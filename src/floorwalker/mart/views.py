"""The views that BI reads: the same names and columns in every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from floorwalker.mart.columns import Column, Kind, Table
from floorwalker.mart.tables import (
    CAMERAS,
    DAYS,
    HOURS,
    PARTS,
    SALES,
    STAYS,
    STORES,
    VISITS,
    ZONE_DAYS,
    ZONES,
)

Source = Callable[[Table], str]


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        name: as in both engines.
        meaning: one sentence: what a row is.
        columns: in order.
        select: its SQL, given what to read instead of each table.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    select: Callable[[Source], str]


def _all_of(name: str, table: Table, without: tuple[str, ...] = (), where: str = "") -> View:
    columns = tuple(column for column in table.columns if column.name not in without)
    listed = ", ".join(column.name for column in columns)

    def select(source: Source) -> str:
        return f"SELECT {listed} FROM {source(table)}{f' WHERE {where}' if where else ''}"

    return View(name, table.meaning, columns, select)


_STEPS = ("entry", "zone_visit", "billing_queue", "purchased")
_FUNNEL_COLUMNS = (
    DAYS.columns[0],
    DAYS.columns[1],
    Column("step_no", Kind.COUNT, "1 to 4."),
    Column("step", Kind.NAME, "`entry`, `zone_visit`, `billing_queue` or `purchased`."),
    Column("visits", Kind.COUNT, "Visits that reached it.", adds=True),
    Column("lost", Kind.COUNT, "Visits that reached the step before, but not this one.", adds=True),
)


def _funnel(source: Source) -> str:
    parts = []
    for number, step in enumerate(_STEPS, 1):
        before = _STEPS[max(number - 2, 0)]
        # Every part of a UNION ALL names its types, so that all engines agree on the columns'.
        parts.append(
            f"SELECT store_id, day, CAST({number} AS BIGINT) AS step_no, '{step}' AS step, "
            f"funnel_{step} AS visits, funnel_{before} - funnel_{step} AS lost FROM {source(DAYS)}"
        )
    return " UNION ALL ".join(parts)


_SYNC_COLUMNS = tuple(
    column for column in PARTS.columns if column.name in ("store_id", "part", "facts", "pushed_at")
)

VIEWS = (
    _all_of("v_days", DAYS),
    _all_of("v_zone_days", ZONE_DAYS),
    _all_of("v_hours", HOURS),
    View("v_funnel_days", "One step of the funnel on one day.", _FUNNEL_COLUMNS, _funnel),
    _all_of("v_visits", VISITS, ("is_staff",), "NOT is_staff"),
    _all_of("v_stays", STAYS, ("is_staff",), "NOT is_staff"),
    _all_of("v_sales", SALES),
    _all_of("v_stores", STORES),
    _all_of("v_zones", ZONES),
    _all_of("v_cameras", CAMERAS),
    View(
        "v_pushes",
        "What was pushed last of each store's day, and of each store (`part` is `store`).",
        _SYNC_COLUMNS,
        lambda source: f"SELECT {', '.join(c.name for c in _SYNC_COLUMNS)} FROM {source(PARTS)}",
    ),
)
