"""Health of the feeds: which cameras should be talking and are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.picture import STALE_AFTER
from floorwalker.warehouse import Feed, StoreInfo
from floorwalker.warehouse.records import from_us


@dataclass(frozen=True, slots=True)
class FeedState:
    """One camera's feed at a moment.

    Attributes:
        camera_id: the camera.
        last_event: its latest event.
        lag_minutes: minutes since then.
        live: whether its events ever came soon after they happened; a recording's never do.
        stale: a live feed, silent for more than 10 minutes while the shop is open.
    """

    camera_id: str
    last_event: datetime
    lag_minutes: float
    live: bool
    stale: bool


def feed_states(store: StoreInfo, feeds: Sequence[Feed], now: datetime) -> list[FeedState]:
    """The states of a store's feeds.

    Args:
        store: whose.
        feeds: of any stores.
        now: the wall clock.
    """
    is_open = store.is_open(now) is not False
    states = []
    for feed in feeds:
        if feed.store_id != store.store_id:
            continue
        last = from_us(feed.last_event_us)
        live = feed.last_live_us is not None
        states.append(
            FeedState(
                feed.camera_id,
                last,
                round(max(0.0, (now - last).total_seconds()) / 60, 1),
                live,
                live and is_open and now - from_us(feed.last_live_us or 0) > STALE_AFTER,
            )
        )
    return states


def store_health(store: StoreInfo, states: Sequence[FeedState]) -> dict[str, Any]:
    """What `/health` says of one store; a store loaded from recordings is `replay` and never stale."""
    last = max(states, key=lambda state: state.last_event, default=None)
    return {
        "last_event_timestamp": format_utc(last.last_event) if last else None,
        "lag_minutes": last.lag_minutes if last else None,
        "mode": "live" if any(state.live for state in states) else "replay" if states else "empty",
        "stale": any(state.stale for state in states),
        "feeds": [
            {
                "camera_id": state.camera_id,
                "last_event_timestamp": format_utc(state.last_event),
                "lag_minutes": state.lag_minutes,
                "live": state.live,
                "stale": state.stale,
            }
            for state in states
        ],
    }


def stale_warnings(store: StoreInfo, states: Sequence[FeedState]) -> list[str]:
    """One line for each stale feed."""
    return [
        f"STALE_FEED {store.store_id} {state.camera_id}: nothing for {state.lag_minutes:.0f} minutes"
        for state in states
        if state.stale
    ]
