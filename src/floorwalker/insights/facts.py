"""Daily facts: the figures of whole local days, computed once and kept while nothing of them changes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec

from floorwalker import __version__
from floorwalker.insights.answers import answer_metrics
from floorwalker.insights.metrics import Counts
from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.unusual_traffic import ways_in_by_hour
from floorwalker.insights.windows import day_start, window_of_day
from floorwalker.warehouse import DatabaseAway, StoreInfo, Warehouse
from floorwalker.warehouse.facts import DaySpan, Ground, keep, read_kept
from floorwalker.warehouse.records import to_us

KIND = "day"
_CODE = f"{__version__}/4"  # the number goes up when a fact is computed in another way
# What a day's row of a series shows, by the names of `GET /metrics`.
FIGURES = (
    "as_of", "basis", "unique_visitors", "visits", "entries", "exits", "reentries", "groups",
    "conversion_rate", "conversion_matched", "transactions", "transactions_per_visitor", "revenue",
    "currency", "revenue_other", "avg_dwell_ms", "completed_stays", "queue_joins", "queue_abandons",
    "abandonment_rate", "staff_excluded", "staff_hours",
)  # fmt: skip
_WITHOUT_EVENTS = frozenset({"as_of", "basis", "currency"})
_OF_SALES = frozenset({"transactions", "revenue", "revenue_other"})


class DayFacts(msgspec.Struct, frozen=True):
    """The figures of one whole local day.

    Attributes:
        day: the local day.
        recorded: whether anything was recorded of it; it may only share a UTC day with one of which it was,
            or somebody corrected what is not there.
        visitors: distinct visitors.
        converted: those near a sale, as `conversion_rate` counts them.
        ways_in: people who came in, by hour of the store's clock.
        door: how far the door's cameras watched: `complete`, `partial`, `unwatched`, `unknown`, `closed`.
        figures: as `GET /metrics` gives them.
        coverage: status and share of all cameras.
    """

    day: str
    recorded: bool
    visitors: int
    converted: int
    ways_in: dict[int, int]
    door: str
    figures: dict[str, Any]
    coverage: dict[str, Any]


@dataclass(slots=True)
class Found:
    """Facts of some days.

    Attributes:
        days: facts by day, of those days of which anything was recorded.
        fresh: stamp and content of those that were computed just now and may be kept.
    """

    days: dict[date, DayFacts] = field(default_factory=dict)
    fresh: dict[str, tuple[str, str]] = field(default_factory=dict)


def facts_of(picture: Picture) -> DayFacts:
    """The facts of one local day.

    Args:
        picture: of the whole day.
    """
    counts = Counts(picture)
    answer = answer_metrics(picture)
    coverage = answer["coverage"]
    entries = coverage["figures"].get("entries") or {}
    return DayFacts(
        day=picture.window.first_day.isoformat(),
        recorded=picture.recorded,
        visitors=len(counts.unique),
        converted=min(len(counts.near_sale), len(counts.unique)),
        ways_in=ways_in_by_hour(picture),
        door=str(entries.get("status", "unknown")),
        figures={name: answer[name] for name in FIGURES if name in answer},
        coverage={"status": coverage["status"], "share": coverage["share"]},
    )


def read_facts(warehouse: Warehouse, store: StoreInfo, days: Iterable[date]) -> Found:
    """The facts of some local days: kept ones where they still hold, the others computed now.

    Args:
        warehouse: where the events are.
        store: whose.
        days: any; of a day that is not over yet facts are computed but never kept.
    """
    now_us = to_us(warehouse.now())
    spans = [_span(day, store) for day in sorted(set(days))]
    with warehouse.database.read() as connection:
        # Stamps before data: a change in between makes the stamp too old, and the fact is made again.
        ground = Ground(connection, store.store_id, _CODE, spans)
        known = [span for span in spans if ground.may_have_data(span)]
        kept: dict[str, str] = {}
        stamps: dict[str, str] = {}
        # Another process may have changed the site file since the store was read: days and figures made
        # with what it said before are for who asked now, and for nobody later.
        if ground.is_of(store):
            kept = read_kept(connection, ground, store.store_id, KIND, known)
            over = [span for span in known if span.day not in kept and span.to_us <= now_us]
            stamps = {span.day: ground.stamp(span) for span in over}
    found = Found()
    for span in known:
        day = date.fromisoformat(span.day)
        facts = _decoded(kept.get(span.day))
        if facts is None:
            facts = facts_of(take_picture(warehouse, store, window_of_day(day, store.zone_info)))
            if span.day in stamps:
                found.fresh[span.day] = (stamps[span.day], msgspec.json.encode(facts).decode())
        if facts.recorded:
            found.days[day] = facts
    return found


def day_row(facts: DayFacts, store: StoreInfo) -> dict[str, Any]:
    """A day's row of a series; a day of which retention took the events tells no figure that rests on them.

    Args:
        facts: of the day.
        store: whose.
    """
    begin_us = to_us(day_start(date.fromisoformat(facts.day), store.zone_info))
    swept, figures = begin_us < store.swept_before_us, facts.figures
    if swept:  # sales may be kept for longer than events are
        left = _WITHOUT_EVENTS | (_OF_SALES if figures["transactions"] else frozenset())
        figures = {name: value if name in left else None for name, value in figures.items()}
    return {"day": facts.day, "swept": swept, **figures, "coverage": facts.coverage}


def keep_facts(warehouse: Warehouse, store: StoreInfo, fresh: Mapping[str, tuple[str, str]]) -> bool:
    """Keep facts for the next who asks; where the database takes no writing now, nothing is lost but time.

    Args:
        warehouse: where to.
        store: whose.
        fresh: `Found.fresh`.

    Returns:
        Whether they were kept.
    """
    with contextlib.suppress(DatabaseAway), warehouse.database.write() as connection:
        keep(connection, store.store_id, KIND, fresh, to_us(warehouse.now()))
        return True
    return False


def days_between(first: date, last: date) -> Sequence[date]:
    """The local days from one to another, both in it."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _span(day: date, store: StoreInfo) -> DaySpan:
    zone = store.zone_info
    return DaySpan(
        day.isoformat(), to_us(day_start(day, zone)), to_us(day_start(day + timedelta(days=1), zone))
    )


def _decoded(content: str | None) -> DayFacts | None:
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=DayFacts)
    except msgspec.DecodeError:  # of another version of this program
        return None
