"""What a window is held against when anomalies are looked for: earlier days and the feeds' state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from floorwalker.insights.anomalies import Background, anomalies
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.conversion_drop import BASELINE_DAYS, DayConversion
from floorwalker.insights.facts import DayFacts, Found, read_facts
from floorwalker.insights.health import feed_states
from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.unusual_traffic import WEEKS
from floorwalker.insights.windows import Window
from floorwalker.warehouse import StoreInfo, Warehouse

_BAD_DOOR = ("partial", "unwatched", "closed")


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands out in a window.

    Attributes:
        picture: the window.
        anomalies: the most severe first.
        facts: of the earlier days; those computed just now may be kept.
    """

    picture: Picture
    anomalies: list[Anomaly]
    facts: Found


def judge(warehouse: Warehouse, store: StoreInfo, window: Window) -> Judged:
    """Look for anomalies in a window of a store.

    Args:
        warehouse: where the events are.
        store: whose.
        window: for which time.
    """
    picture = take_picture(warehouse, store, window)
    days_before = [window.first_day - timedelta(days=ago) for ago in range(1, BASELINE_DAYS + 1)]
    weeks_before = [window.first_day - timedelta(weeks=ago) for ago in range(1, WEEKS + 1)]
    facts = read_facts(warehouse, store, {*days_before, *weeks_before})
    now = warehouse.now()
    earlier = [facts.days[day] for day in days_before if day in facts.days]
    weeks = [facts.days[day] for day in weeks_before if day in facts.days]
    background = Background(
        days=[DayConversion(day.visitors, day.converted) for day in earlier if day.visitors and _sold(day)],
        weeks=[day.ways_in for day in weeks if day.ways_in and day.door not in _BAD_DOOR],
        feeds=feed_states(store, picture.feeds, now) if window.holds(now) else [],
    )
    return Judged(picture, anomalies(picture, background), facts)


def _sold(day: DayFacts) -> bool:
    """Whether the till told of a day: one whose rows are missing, or were swept, converted nobody known."""
    return bool(day.figures.get("transactions"))
