"""Health of the feeds: which cameras should be talking and are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.opening import opening_of
from floorwalker.insights.picture import STALE_AFTER
from floorwalker.warehouse import Feed, StoreInfo
from floorwalker.warehouse.records import from_us

RETIRED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FeedState:
    """One camera's feed at a moment.

    Attributes:
        camera_id: the camera.
        last_event: its latest event.
        lag_minutes: minutes since then.
        live: whether its events ever came soon after they happened, a recording's never do, and it is not
            retired.
        silent_since: its latest live event, today's opening where that came later, its latest event where
            it was never live.
        silent_minutes: minutes since then.
        stale: a live feed, silent for more than 10 minutes while the shop is open.
        retired: nobody expects it to talk: the site file names cameras and not this one, or it was live and
            has told nothing live for more than 7 days.
    """

    camera_id: str
    last_event: datetime
    lag_minutes: float
    live: bool
    silent_since: datetime
    silent_minutes: float
    stale: bool
    retired: bool = False


def feed_states(store: StoreInfo, feeds: Sequence[Feed], now: datetime) -> list[FeedState]:
    """The states of a store's feeds.

    Args:
        store: whose.
        feeds: of any stores.
        now: the wall clock.
    """
    is_open = store.is_open(now) is not False
    opened = opening_moment(store, now)
    states = []
    for feed in feeds:
        if feed.store_id != store.store_id:
            continue
        last = from_us(feed.last_event_us)
        heard = last if feed.last_live_us is None else from_us(feed.last_live_us)
        # Nobody expects a camera to tell of anybody while the shop is closed.
        since = heard if opened is None else max(heard, opened)
        silence = now - since
        retired = _unnamed(store, feed) or (feed.last_live_us is not None and now - heard > RETIRED_AFTER)
        live = feed.last_live_us is not None and not retired
        states.append(
            FeedState(
                feed.camera_id, last, _minutes(now - last), live, since, _minutes(silence),
                live and is_open and silence > STALE_AFTER, retired,
            )
        )  # fmt: skip
    return states


def _unnamed(store: StoreInfo, feed: Feed) -> bool:
    """Whether the store's site file names its cameras, and not this one."""
    named = {camera.id for camera in store.site.cameras} if store.site else set()
    return bool(named) and feed.camera_id not in named


def opening_moment(store: StoreInfo, now: datetime) -> datetime | None:
    """When the shop opened for the time in which it is open now; None where closed or hours are unknown.

    Args:
        store: whose; hours past midnight belong to the day before, and a shop that closes in the moment
            in which it opens again never closed.
        now: an aware time.
    """
    opened: datetime | None = None
    today = now.astimezone(store.zone_info).date()
    for back in range(9):
        mine = opening_of(store, today - timedelta(days=back))
        if mine is None:
            continue
        opens, closes = mine
        if opens <= (opened or now) and (closes >= opened if opened else closes > now):
            opened = opens
    return opened


def _minutes(span: timedelta) -> float:
    return round(max(0.0, span.total_seconds()) / 60, 1)


def store_health(store: StoreInfo, states: Sequence[FeedState]) -> dict[str, Any]:
    """What `/health` says of one store; a store loaded from recordings is `replay` and never stale, one of
    whose feeds all are taken out of service is `retired`."""
    working = [state for state in states if not state.retired]
    mode = ("live" if any(state.live for state in working) else "replay") if working else "retired"
    last = max(states, key=lambda state: state.last_event, default=None)
    return {
        "last_event_timestamp": format_utc(last.last_event) if last else None,
        "lag_minutes": last.lag_minutes if last else None,
        "mode": mode if states else "empty",
        "stale": any(state.stale for state in states),
        "feeds": [
            {
                "camera_id": state.camera_id,
                "last_event_timestamp": format_utc(state.last_event),
                "lag_minutes": state.lag_minutes,
                "live": state.live,
                "stale": state.stale,
                "retired": state.retired,
            }
            for state in states
        ],
    }


def stale_warnings(store: StoreInfo, states: Sequence[FeedState]) -> list[str]:
    """One line for each stale feed."""
    return [
        f"STALE_FEED {store.store_id} {state.camera_id}: nothing for {state.silent_minutes:.0f} minutes"
        for state in states
        if state.stale
    ]
