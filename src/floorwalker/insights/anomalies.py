"""Anomalies: what stands out in a window, judged at the data's own time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from floorwalker.insights.anomaly import Anomaly, order
from floorwalker.insights.conversion_drop import DayConversion, conversion_drops
from floorwalker.insights.dead_zone import dead_zones
from floorwalker.insights.health import FeedState
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue_spike import queue_spikes
from floorwalker.insights.stale_feed import stale_feeds
from floorwalker.insights.unusual_traffic import unusual_traffic


@dataclass(frozen=True, slots=True)
class Background:
    """What a window is held against.

    Attributes:
        days: those of the 7 days before that had visitors.
        weeks: people by hour of the day, for the same weekday in weeks before.
        feeds: the store's feeds, where the window holds the present; else none.
    """

    days: Sequence[DayConversion] = ()
    weeks: Sequence[Mapping[int, int]] = ()
    feeds: Sequence[FeedState] = field(default=())


def anomalies(picture: Picture, background: Background | None = None) -> list[Anomaly]:
    """What stands out, the most severe first, what is over too.

    Args:
        picture: the store.
        background: what it is held against; None: only the window speaks.
    """
    background = background or Background()
    return order(
        [
            *queue_spikes(picture),
            *conversion_drops(picture, background.days),
            *dead_zones(picture),
            *unusual_traffic(picture, background.weeks),
            *stale_feeds(picture, background.feeds),
        ]
    )


def worth_showing(found: Sequence[Anomaly]) -> list[Anomaly]:
    """Those that somebody may still do something by; a quiet zone that has customers again is none."""
    return [anomaly for anomaly in found if anomaly.active or anomaly.kind != "DEAD_ZONE"]
