"""Feeds that fell silent, as anomalies."""

from __future__ import annotations

from collections.abc import Sequence

from floorwalker.events import format_utc
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.health import FeedState
from floorwalker.insights.picture import STALE_AFTER, Picture
from floorwalker.warehouse.records import to_us

_CRITICAL_MINUTES = 60


def stale_feeds(picture: Picture, feeds: Sequence[FeedState]) -> list[Anomaly]:
    """One anomaly for each stale feed; it began when the feed was heard last in opening hours."""
    return [
        Anomaly(
            store_id=picture.store.store_id,
            kind="STALE_FEED",
            severity="CRITICAL" if feed.silent_minutes >= _CRITICAL_MINUTES else "WARN",
            begun_us=to_us(feed.silent_since),
            detected_us=to_us(feed.silent_since + STALE_AFTER),
            camera_id=feed.camera_id,
            value=feed.silent_minutes,
            expected=STALE_AFTER.total_seconds() / 60,
            message=f"camera {feed.camera_id} has sent nothing for {feed.silent_minutes:.0f} minutes",
            action=f"Check the camera {feed.camera_id}, its power and network.",
            evidence={"last_event": format_utc(feed.last_event)},
            as_of_us=picture.as_of_us,
        )
        for feed in feeds
        if feed.stale
    ]
