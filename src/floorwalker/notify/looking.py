"""Looking at a store: what stands out goes to the log, and what is news to those who asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from floorwalker.insights.background import Judged, judge
from floorwalker.insights.facts import keep_facts
from floorwalker.insights.windows import Window, day_start, window_of_day
from floorwalker.notify import outbox
from floorwalker.notify.anomaly_log import Look, Transition, open_before, record
from floorwalker.notify.outbox import OPENED
from floorwalker.notify.webhooks import standing
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.records import from_us, to_us

NEWS_FOR = timedelta(hours=1)


def look_at_store(warehouse: Warehouse, store: StoreInfo) -> list[Transition]:
    """Look at a store's present day, and at earlier days of which something still goes on in the log.

    Returns:
        What began and ended since anybody looked last.
    """
    now = warehouse.now()
    today = now.astimezone(store.zone_info).date()
    with warehouse.database.read() as connection:
        still_us = open_before(connection, store.store_id, to_us(day_start(today, store.zone_info)))
    earlier = {from_us(at_us).astimezone(store.zone_info).date() for at_us in still_us}
    happened: list[Transition] = []
    for day in sorted(earlier | {today}):
        happened += look_at_day(warehouse, store, day)
    return happened


def look_at_day(
    warehouse: Warehouse, store: StoreInfo, day: date, *, old_news: bool = False
) -> list[Transition]:
    """Look at one local day of a store and record what stands out.

    Args:
        warehouse: where everything is kept.
        store: whose day.
        day: any; of a day that is over nothing goes on.
        old_news: tell webhooks also of what was detected longer than an hour ago.
    """
    now = warehouse.now()  # before the data are read: a look that took longer than another is the older one
    judged = judge(warehouse, store, window_of_day(day, store.zone_info))
    if judged.facts.fresh:
        keep_facts(warehouse, store, judged.facts.fresh)
    look = look_of(judged, now)
    with warehouse.database.write() as connection:
        happened = record(connection, look, to_us(now))
        if happened:
            _tell(connection, store.store_id, happened, now, old_news)
    return happened


def look_of(judged: Judged, now: datetime) -> Look:
    """What was judged, as the log takes it."""
    window: Window = judged.picture.window
    return Look(
        judged.picture.store.store_id,
        to_us(window.from_utc),
        to_us(window.to_utc),
        judged.picture.as_of_us,
        judged.anomalies,
        finished=window.to_utc <= now,
    )


def _tell(
    connection: Connection, store_id: str, happened: list[Transition], now: datetime, old_news: bool
) -> None:
    """Put messages into the outbox, in the transaction in which the log says the same."""
    now_us = to_us(now)
    since_us = to_us(now - NEWS_FOR)
    for hook in standing(connection):
        if not hook.wants(store_id):
            continue
        for transition in happened:
            name = transition.anomaly["anomaly_id"]
            if transition.kind == OPENED:
                # A day that is loaded afterwards is no news; nor is what somebody slept through.
                wanted = old_news or transition.detected_us >= since_us
            else:
                wanted = outbox.was_put(connection, hook, OPENED, store_id, name)
            if wanted:
                outbox.put(connection, hook, transition.kind, store_id, transition.anomaly, now_us)
