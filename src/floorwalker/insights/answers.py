"""The answers: figures together with how far their cameras watched, and None where nobody did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.buying import purchases
from floorwalker.insights.catalogue import figures_of
from floorwalker.insights.coverage import Coverage, Reach, Status, coverage_of
from floorwalker.insights.dwell import dwell
from floorwalker.insights.funnel import STEPS, funnel
from floorwalker.insights.heatmap import heatmap
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import Picture
from floorwalker.insights.spans import length_us
from floorwalker.insights.traffic import traffic
from floorwalker.insights.waits import ToldWait
from floorwalker.warehouse.records import from_us

_SHOWN = 3


def answer_metrics(picture: Picture, told_waits: Mapping[str, ToldWait] | None = None) -> dict[str, Any]:
    """`GET /stores/{id}/metrics`.

    Args:
        picture: the store.
        told_waits: what events say of waiting at the till, by event id.
    """
    coverage = coverage_of(picture)
    found = _covered("metrics", metrics(picture, told_waits), coverage)
    found["zones"] = {zone: _of_zone(mine, zone, coverage) for zone, mine in found["zones"].items()}
    found["warnings"] = [*found["warnings"], *_warnings(picture, coverage)]
    return found


def answer_funnel(picture: Picture) -> dict[str, Any]:
    """`GET /stores/{id}/funnel`."""
    found = _covered("funnel", funnel(picture), coverage_of(picture))
    lost = {
        step: None if found[step] is None or found[before] is None else found["drop_off_pct"][step]
        for before, step in zip((STEPS[0], *STEPS), STEPS, strict=False)
    }
    return found | {"drop_off_pct": lost}


def answer_heatmap(picture: Picture) -> dict[str, dict[str, Any]]:
    """`GET /stores/{id}/heatmap`."""
    coverage = coverage_of(picture)
    return {zone: _of_zone(mine, zone, coverage) for zone, mine in heatmap(picture).items()}


def answer_traffic(picture: Picture, bucket: timedelta | None = None) -> dict[str, Any]:
    """`GET /stores/{id}/traffic`.

    Args:
        picture: the store.
        bucket: length of a stretch; None: what suits the data.
    """
    coverage = coverage_of(picture)
    return _covered("traffic", traffic(picture, bucket, coverage), coverage, {"buckets": coverage.of_doors()})


def answer_dwell(picture: Picture) -> dict[str, Any]:
    """`GET /stores/{id}/dwell`."""
    coverage = coverage_of(picture)
    reaches = {"stays": coverage.of_zones(), "in_shop": coverage.of_doors()}
    found = _covered("dwell", dwell(picture), coverage, reaches)
    found["zones"] = {
        zone: mine | _status(coverage.of_zone(zone)) for zone, mine in found["zones"].items()
    }  # fmt: skip
    return found


def answer_purchases(picture: Picture) -> dict[str, Any]:
    """`GET /stores/{id}/purchases`."""
    coverage = coverage_of(picture)
    return _covered("purchases", purchases(picture), coverage, {"matched": coverage.of_till()})


def _covered(
    answer: str, found: dict[str, Any], coverage: Coverage, more: Mapping[str, Reach] | None = None
) -> dict[str, Any]:
    """Put in what is known of the cameras, and None in place of zeros that nobody watched."""
    reaches: dict[str, Reach] = dict(more or {})
    seen: dict[tuple[str, ...], Reach] = {}
    shown = dict(found)
    for metric in figures_of(answer):
        name, value = metric.path, found.get(metric.path)
        if name not in found:
            continue
        for sources in (metric.cameras, *((source,) for source in metric.cameras)):
            if sources not in seen:
                seen[sources] = coverage.of_sources(sources)
        reaches[name] = seen[metric.cameras]
        # A figure of two kinds of camera is not known where one kind saw nothing.
        dark = any(seen[(source,)].status is Status.UNWATCHED for source in metric.cameras)
        if dark and not value:
            reaches[name] = replace(reaches[name], status=Status.UNWATCHED)
            shown[name] = None
            if name in shown.get("intervals", ()):
                unknown = found["intervals"][name] | {"low": None, "high": None}
                shown["intervals"] = shown["intervals"] | {name: unknown}
    return {**shown, "coverage": _answer(coverage, reaches)}


def _of_zone(figures: Mapping[str, Any], zone: str, coverage: Coverage) -> dict[str, Any]:
    """A zone's figures with what is known of its cameras."""
    reach = coverage.of_zone(zone)
    dark = reach.status is Status.UNWATCHED
    shown = {
        name: None if dark and isinstance(value, (int, float)) and not value else value
        for name, value in figures.items()
    }
    return shown | _status(reach)


def _status(reach: Reach) -> dict[str, Any]:
    return {"status": reach.status.value, "share": reach.share}


def _answer(coverage: Coverage, figures: Mapping[str, Reach]) -> dict[str, Any]:
    """What an answer says of its coverage."""
    whole = coverage.of_all()
    return {
        **whole.brief(),
        "opening_hours": "site file" if coverage.hours_known else "unknown",
        "expected_s": round(length_us(coverage.needed) / 1e6),
        "figures": {name: reach.brief() for name, reach in figures.items()},
        "down": [
            {
                "camera_id": camera_id,
                "from": format_utc(from_us(start_us)),
                "to": format_utc(from_us(end_us)),
                "reason": reason,
            }
            for camera_id in whole.cameras
            for start_us, end_us, reason in coverage.cameras[camera_id].down
            if end_us - start_us >= 1_000_000
        ],
        "sources": {name: camera.source for name, camera in coverage.cameras.items()},
    }


def _warnings(picture: Picture, coverage: Coverage) -> list[dict[str, str]]:
    """What cameras that were down mean for the figures."""
    whole = coverage.of_all()
    if not whole.cameras:
        return []
    stretches = [
        f"{camera_id} {_local(picture, a)} to {_local(picture, b)} ({reason})"
        for camera_id in whole.cameras
        for a, b, reason in coverage.cameras[camera_id].down
        if b - a >= 60_000_000
    ]
    when = "; ".join(stretches[:_SHOWN])
    if len(stretches) > _SHOWN:
        when += f"; and {len(stretches) - _SHOWN} more"
    if whole.status is Status.UNWATCHED:
        return [
            {
                "code": "UNWATCHED",
                "message": "no camera watched in this window's opening time, so its figures are not known: "
                + when,
            }
        ]
    return [
        {
            "code": "PARTLY_WATCHED",
            "message": f"the cameras watched {whole.share:.0%} of this window's opening time; figures marked "
            f"partial tell of no more than that: {when}",
        }
    ]


def _local(picture: Picture, time_us: int) -> str:
    local = from_us(time_us).astimezone(picture.window.zone)
    return f"{local:%H:%M}" if len(picture.window.days) == 1 else f"{local:%d %b %H:%M}"
