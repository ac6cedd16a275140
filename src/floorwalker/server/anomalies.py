"""What stands out in a store, and its figures day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Response

from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.insights.anomalies import worth_showing
from floorwalker.insights.background import judge
from floorwalker.insights.facts import Found, day_row, days_between, keep_facts, read_facts
from floorwalker.insights.windows import choose_window, parse_day
from floorwalker.notify.anomaly_log import over_without_trace
from floorwalker.server.auth import VIEWER
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.records import to_us

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
Stores = Annotated[Warehouse, Depends(warehouse_of)]
MAX_SERIES_DAYS = 366


@router.get("/stores/{store_id}/anomalies", summary="What stands out")
def get_anomalies(
    store_id: str,
    warehouse: Stores,
    response: Response,
    later: BackgroundTasks,
    day: Annotated[str | None, Query(description="The store's local day, 2026-03-03.")] = None,
    from_: Annotated[
        str | None, Query(alias="from", description="ISO-8601 with a zone; instead of day.")
    ] = None,
    to: Annotated[str | None, Query(description="ISO-8601 with a zone; instead of day.")] = None,
    active: Annotated[
        bool | None, Query(description="true: only what goes on; false: only what is over.")
    ] = None,
    everything: Annotated[
        bool, Query(alias="all", description="Also dead zones that are over, of which a day has many.")
    ] = False,
) -> list[dict[str, Any]]:
    """What stands out in the window, judged at the data's own time, the most severe first; what is over too,
    with `active` false and `ended_at`. The same thing has the same `anomaly_id` in every answer."""
    store = warehouse.store(store_id)
    judged = judge(warehouse, store, choose_window(warehouse, store, day, from_, to))
    _keep_later(later, warehouse, store, judged.facts)
    window = judged.picture.window
    response.headers["X-As-Of"] = format_utc(judged.picture.as_of)
    response.headers["X-Window-From"] = format_utc(window.from_utc)
    response.headers["X-Window-To"] = format_utc(window.to_utc)
    listed = judged.anomalies if everything else worth_showing(judged.anomalies)
    answers = [found.answer() for found in listed]
    named = {answer["anomaly_id"] for answer in answers}
    # A feed that talks again leaves no trace in the data; the log remembers that it was silent.
    with warehouse.database.read() as connection:
        silent = over_without_trace(connection, store_id, to_us(window.from_utc), to_us(window.to_utc))
    as_of = format_utc(judged.picture.as_of)
    answers += [answer | {"as_of": as_of} for answer in silent if answer["anomaly_id"] not in named]
    return [answer for answer in answers if active in (None, answer["active"])]


@router.get("/stores/{store_id}/days", summary="The figures day by day")
def get_days(
    store_id: str,
    warehouse: Stores,
    later: BackgroundTasks,
    from_: Annotated[
        str | None,
        Query(alias="from", description="First local day, 2026-03-03; default: 30 days before the last."),
    ] = None,
    to: Annotated[
        str | None,
        Query(description="Last local day, itself in it; default: the last with events, or today."),
    ] = None,
) -> dict[str, Any]:
    """One row a local day on which anything was recorded, at most 366 days. Visitors of several days are
    never the sum of these rows: who comes on two days is one person on each. Where retention took a day's
    events it is `swept`: figures that rest on them are null."""
    store = warehouse.store(store_id)
    first, last = _range(warehouse, store, from_, to)
    found = read_facts(warehouse, store, days_between(first, last))
    _keep_later(later, warehouse, store, found)
    return {
        "store_id": store_id,
        "timezone": store.timezone,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "days": [day_row(facts, store) for _, facts in sorted(found.days.items())],
    }


def _range(
    warehouse: Warehouse, store: StoreInfo, from_text: str | None, to_text: str | None
) -> tuple[date, date]:
    first = None if from_text is None else parse_day(from_text, "from")
    if to_text is not None:
        last = parse_day(to_text, "to")
    else:  # the day that other answers take where none is named, unless the first one is later
        last = choose_window(warehouse, store).last_day
        last = last if first is None else max(first, last)
    first = last - timedelta(days=30) if first is None else first
    if first > last:
        raise InputError(f"expected from no later than to, got {first} and {last}")
    if (last - first).days >= MAX_SERIES_DAYS:
        raise InputError(f"expected at most {MAX_SERIES_DAYS} days, got {(last - first).days + 1}")
    return first, last


def _keep_later(later: BackgroundTasks, warehouse: Warehouse, store: StoreInfo, found: Found) -> None:
    """Keep what was computed once the answer is sent: nobody waits for a writer."""
    if found.fresh:
        later.add_task(keep_facts, warehouse, store, found.fresh)
