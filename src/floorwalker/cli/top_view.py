"""One picture of a store for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_SEVERITY = {"CRITICAL": "bold red", "WARN": "yellow", "INFO": "cyan"}
_MOST_ANOMALIES = 6


def draw(frame: Mapping[str, Any], *, rows: int = 12) -> RenderableType:
    """A store's picture.

    Args:
        frame: as `read_frame` gives it.
        rows: how many events to show.
    """
    metrics = frame["metrics"]
    zone = ZoneInfo(metrics["window"]["timezone"])
    return Group(
        _head(frame["store"], metrics, zone),
        Columns([_tile(*tile) for tile in _tiles(metrics)], equal=True, padding=(0, 1)),
        _anomalies(frame["anomalies"], zone),
        Text(),
        _feeds(frame["health"], zone),
        Text(),
        _events(frame["events"]["events"][:rows], zone),
        *(Text(f"{w['code']}: {w['message']}", style="dim") for w in metrics["warnings"][:3]),
    )


def _head(store: Mapping[str, Any], metrics: Mapping[str, Any], zone: ZoneInfo) -> Text:
    day = metrics["window"].get("day") or metrics["window"]["from"]
    text = Text(store["name"] or store["store_id"], style="bold")
    text.append(f"  {store['store_id']}  {day}  ", style="dim")
    return text.append(f"as of {_time(metrics.get('as_of'), zone)} {metrics['window']['timezone']}")


def _tiles(metrics: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    intervals = metrics.get("intervals", {})
    unseen = metrics.get("occupancy_unseen") or 0
    came, joined = _number(metrics.get("entries")), _number(metrics.get("queue_joins"))
    return [
        ("visitors", _number(metrics["unique_visitors"]), f"{metrics['staff_excluded']} staff apart"),
        (
            "inside now",
            _number(metrics.get("occupancy")),
            f"{unseen} likely left" if unseen else f"{came} came in",
        ),
        ("conversion", _share(metrics["conversion_rate"]), _till(metrics)),
        ("queue now", _number(metrics["queue_depth_current"]), f"{joined} joined"),
        ("gave up", _share(metrics["abandonment_rate"]), _range(intervals.get("abandonment_rate"))),
        ("dwell", _seconds(metrics["avg_dwell_ms"]), "average stay"),
    ]


def _tile(name: str, value: str, below: str) -> Panel:
    body = Group(Text(value, style="bold"), Text(below, style="dim"))
    return Panel(body, title=name, title_align="left", border_style="dim", padding=(0, 1), width=20)


def _anomalies(anomalies: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> RenderableType:
    standing = [anomaly for anomaly in anomalies if anomaly.get("active", True)]
    if not standing:
        return Text("nothing stands out", style="green")
    table = _table("stands out", "since", "value", "expected", "what to do")
    for anomaly in standing[:_MOST_ANOMALIES]:
        table.add_row(
            Text(anomaly["type"], style=_SEVERITY.get(anomaly["severity"], "")),
            _time(anomaly["detected_at"], zone),
            _plain(anomaly["value"]),
            _plain(anomaly["expected"]),
            escape(anomaly["suggested_action"]),
        )
    if len(standing) > _MOST_ANOMALIES:
        table.add_row(f"and {len(standing) - _MOST_ANOMALIES} more")
    return table


def _feeds(health: Mapping[str, Any], zone: ZoneInfo) -> RenderableType:
    table = _table("camera", "last event", "lag", "state")
    for feed in health.get("feeds", ()):
        quiet = "retired" if feed.get("retired") else "replay"
        state = "silent" if feed["stale"] else "live" if feed["live"] else quiet
        table.add_row(
            escape(feed["camera_id"]),
            _time(feed["last_event_timestamp"], zone),
            _lag(feed["lag_minutes"]),
            Text(state, style={"silent": "bold red", "live": "green"}.get(state, "dim")),
        )
    return table if table.row_count else Text("no camera was heard of yet", style="dim")


def _events(events: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> RenderableType:
    table = _table("time", "event", "visitor", "where")
    for event in events:
        where = event["zone_id"] or event["camera_id"]
        visitor = event["visitor_id"] + (" (staff)" if event["is_staff"] else "")
        table.add_row(_time(event["timestamp"], zone), event["event_type"], escape(visitor), escape(where))
    return table if table.row_count else Text("no events yet", style="dim")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="ellipsis", no_wrap=name != "what to do")
    return table


def _time(text: str | None, zone: ZoneInfo) -> str:
    return "-" if text is None else f"{datetime.fromisoformat(text).astimezone(zone):%H:%M:%S}"


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:,}"


def _seconds(ms: Any) -> str:
    return "-" if ms is None else f"{ms / 1000:.0f} s"


def _share(value: Any) -> str:
    return "-" if value is None else f"{value:.1%}"


def _till(metrics: Mapping[str, Any]) -> str:
    """How far the conversion may be off; 0 for want of sales is no measurement."""
    interval = metrics.get("intervals", {}).get("conversion_rate")
    if interval and interval.get("n") and interval.get("low") is None and metrics["transactions"] == 0:
        return "no till data"
    return _range(interval)


def _range(interval: Mapping[str, Any] | None) -> str:
    if not interval or interval.get("low") is None or interval.get("high") is None:
        return ""
    return f"{interval['low']:.0%} to {interval['high']:.0%}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else escape("-" if value is None else str(value))


def _lag(minutes: float | None) -> str:
    if minutes is None:
        return "-"
    return (
        f"{minutes:.0f} min"
        if minutes < 120
        else f"{minutes / 60:.0f} h"
        if minutes < 2880
        else f"{minutes / 1440:.0f} d"
    )
