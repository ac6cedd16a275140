"""The catalogue: what each field of each answer means, as data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from floorwalker.insights.catalogue_entry import CLOCK, DOOR, SITE, SOURCES, TILL_ZONE, ZONES, Metric
from floorwalker.insights.catalogue_metrics import METRICS
from floorwalker.insights.catalogue_series import DWELL, FUNNEL, HEATMAP, PURCHASES, TRAFFIC

PARAMETERS = {
    "day": "the store's local day, for example 2026-03-03; 23 and 25 hours exist",
    "from": "ISO-8601 time with a zone; alone it reaches to the end of its local day",
    "to": "ISO-8601 time with a zone, itself not in the window; alone it begins with its local day",
    "known_at": "ISO-8601 time with a zone: the figure as it was known at that moment",
    "bucket_minutes": "length of a stretch: 1, 5, 15, 30 or 60; default by the length of the data",
}
ANSWERS = {
    "metrics": "/stores/{store_id}/metrics",
    "funnel": "/stores/{store_id}/funnel",
    "heatmap": "/stores/{store_id}/heatmap",
    "traffic": "/stores/{store_id}/traffic",
    "dwell": "/stores/{store_id}/dwell",
    "purchases": "/stores/{store_id}/purchases",
}
_STATUSES = "complete, partial, unwatched, unknown or closed"


def _frame(answer: str) -> tuple[Metric, ...]:
    """What every answer says of itself."""
    return (
        Metric(f"{answer}.store_id", "Store", "the store asked for", (CLOCK,), "", "text", ()),
        Metric(
            f"{answer}.as_of",
            "As of",
            "the wall clock while a live feed is fresh, else the last event in the window",
            (CLOCK,),
            "UTC time",
            "ISO-8601",
        ),
        Metric(
            f"{answer}.window.from",
            "Window from",
            "beginning of the window",
            (CLOCK,),
            "UTC time",
            "ISO-8601",
        ),
        Metric(
            f"{answer}.window.to",
            "Window to",
            "end of the window, itself not in it",
            (CLOCK,),
            "UTC time",
            "ISO-8601",
        ),
        Metric(
            f"{answer}.window.day",
            "Day",
            "the store's local day, where the window lies in one",
            (CLOCK, SITE),
            "local day",
            "2026-03-03 or null",
        ),
        Metric(f"{answer}.window.timezone", "Time zone", "the store's", (SITE,), "", "IANA name", ()),
        Metric(
            f"{answer}.basis",
            "Basis",
            "door: visitors are counted at the door; sightings: no door camera, everybody seen counts; "
            "unlinked: door and zones never share a visitor",
            (DOOR, ZONES),
            "",
            "door, sightings or unlinked",
        ),
    )


def _coverage(answer: str) -> tuple[Metric, ...]:
    """What an answer says of its cameras."""
    cameras = (DOOR, ZONES, TILL_ZONE)
    figures = f"{answer}.coverage.figures.*"
    down = f"{answer}.coverage.down.[]"
    return (
        Metric(
            f"{answer}.coverage.status",
            "Coverage",
            "complete: all cameras watched all the time they should; partial: one was down for a part; "
            "unwatched: none watched; unknown: nothing tells; closed: there was nothing to watch",
            cameras,
            "",
            _STATUSES,
        ),
        Metric(
            f"{answer}.coverage.share",
            "Coverage, share",
            "1 − time in which cameras are known to have been down ÷ their time in opening hours up to now",
            cameras,
            "share",
            "0 to 1, null where unknown or closed",
        ),
        Metric(
            f"{answer}.coverage.cameras.[]",
            "Cameras down",
            "cameras that were down",
            cameras,
            "",
            "camera id",
        ),
        Metric(
            f"{answer}.coverage.opening_hours",
            "Opening hours from",
            "whether the site file gives opening hours; if not, a day reaches from the first to the last "
            "thing known of it",
            (SITE,),
            "",
            "site file or unknown",
            (),
        ),
        Metric(
            f"{answer}.coverage.expected_s",
            "Time to watch",
            "opening time in the window up to now",
            (SITE, CLOCK),
            "seconds",
            "0 or more",
        ),
        Metric(
            f"{figures}.status",
            "A figure's coverage",
            "as coverage, of its own cameras",
            cameras,
            "",
            _STATUSES,
        ),
        Metric(
            f"{figures}.share",
            "A figure's share",
            "as share, of its own cameras",
            cameras,
            "share",
            "0 to 1 or null",
        ),
        Metric(
            f"{figures}.cameras.[]",
            "A figure's cameras down",
            "those of its cameras that were down",
            cameras,
            "",
            "camera id",
        ),
        Metric(f"{down}.camera_id", "Down: camera", "a camera that was down", cameras, "", "camera id"),
        Metric(f"{down}.from", "Down from", "when it went down", cameras, "UTC time", "ISO-8601"),
        Metric(
            f"{down}.to",
            "Down to",
            "when it came back, or the end of the time looked at",
            cameras,
            "UTC time",
            "ISO-8601",
        ),
        Metric(
            f"{down}.reason",
            "Down: reason",
            "no recording, a recording's gap in its own words, or silent (a live feed)",
            cameras,
            "",
            "text",
        ),
        Metric(
            f"{answer}.coverage.sources.*",
            "Coverage known from",
            "by camera: recordings, live (a feed), events (it told of somebody, no more is known) or nothing",
            cameras,
            "",
            "recordings, live, events or nothing",
        ),
    )


def _assembled() -> tuple[Metric, ...]:
    parts = {
        "metrics": METRICS,
        "funnel": FUNNEL,
        "heatmap": HEATMAP,
        "traffic": TRAFFIC,
        "dwell": DWELL,
        "purchases": PURCHASES,
    }
    found: list[Metric] = []
    for answer, own in parts.items():
        framed = answer != "heatmap"
        found += [*(_frame(answer) if framed else ()), *own, *(_coverage(answer) if framed else ())]
    return tuple(found)


CATALOGUE = _assembled()
SHARED = frozenset(metric.path for metric in (*_frame("metrics"), *_coverage("metrics")))


def figures_of(answer: str) -> tuple[Metric, ...]:
    """The figures at the top of an answer that rest on cameras.

    Args:
        answer: a key of `ANSWERS`.
    """
    frame = {metric.id for metric in _frame(answer)}
    return tuple(
        metric
        for metric in CATALOGUE
        if metric.answer == answer and "." not in metric.path and metric.cameras and metric.id not in frame
    )


def catalogue_answer() -> dict[str, Any]:
    """The catalogue as `GET /catalogue` gives it."""
    return {
        "answers": ANSWERS,
        "sources": SOURCES,
        "parameters": PARAMETERS,
        "metrics": [asdict(metric) | {"answer": metric.answer, "path": metric.path} for metric in CATALOGUE],
    }
