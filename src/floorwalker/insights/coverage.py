"""Coverage: how much of the time that a figure speaks of its cameras watched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from floorwalker.insights.camera_time import CameraTime, Told, camera_time, seen_share
from floorwalker.insights.opening import opening_spans
from floorwalker.insights.picture import Picture
from floorwalker.insights.spans import Span, Spans, common, length_us, union
from floorwalker.insights.windows import day_start
from floorwalker.warehouse.records import from_us, to_us

_EDGE_US = 60 * 1_000_000  # recordings of one day begin and end some seconds apart
_EDGE_SHARE = 0.05
_RECENT = timedelta(days=7)


class Status(StrEnum):
    """How far a figure may be believed to tell of everybody.

    `COMPLETE`: its cameras watched all the time. `PARTIAL`: one was down for a part. `UNWATCHED`: none
    watched at all, so that nothing is known; a 0 is then no figure. `UNKNOWN`: nothing tells when they
    watched. `CLOSED`: there was nothing to watch, the shop was closed or the time has not come yet.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNWATCHED = "unwatched"
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far some cameras watched some time.

    Attributes:
        status: what to make of figures that rest on them.
        share: share of the cameras' time in which they are not known to have been down; None where the
            status is `unknown` or `closed`.
        cameras: those that were down, by name.
    """

    status: Status
    share: float | None = None
    cameras: tuple[str, ...] = ()

    def brief(self) -> dict[str, Any]:
        """As an answer gives it."""
        return {"status": self.status.value, "share": self.share, "cameras": list(self.cameras)}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of a window's coverage.

    Attributes:
        needed: stretches in which the cameras should have watched: opening hours up to now; where nobody
            gave hours, for each local day from the first to the last thing known of it.
        hours_known: whether the site file gives opening hours.
        cameras: by name.
        doors: cameras that the figures of the door rest on.
        zones: cameras that watch each zone.
        billing: names of the billing zones.
    """

    needed: Spans
    hours_known: bool
    cameras: Mapping[str, CameraTime]
    doors: frozenset[str]
    zones: Mapping[str, frozenset[str]]
    billing: frozenset[str]

    def of_doors(self, within: Spans | None = None) -> Reach:
        """How far the door was watched, in the whole window or a part of it."""
        return self._reach(self.doors, within)

    def of_zones(self) -> Reach:
        """How far the zones were watched."""
        return self._reach({name for cameras in self.zones.values() for name in cameras})

    def of_all(self) -> Reach:
        """How far all cameras watched."""
        return self._reach(self.cameras)

    def of_till(self) -> Reach:
        """How far the billing zones were watched."""
        return self._reach({n for zone, mine in self.zones.items() if zone in self.billing for n in mine})

    def of_zone(self, zone_id: str) -> Reach:
        """How far one zone was watched."""
        return self._reach(self.zones.get(zone_id, ()))

    def of_sources(self, sources: Collection[str]) -> Reach:
        """How far a figure's cameras watched.

        Args:
            sources: `door`, `zones` or `till zone`; others rest on no camera.
        """
        names: set[str] = set()
        if "door" in sources:
            names |= self.doors
        for zone, mine in self.zones.items():
            if "zones" in sources or ("till zone" in sources and zone in self.billing):
                names |= mine
        return self._reach(names)

    def _reach(self, names: Iterable[str], within: Spans | None = None) -> Reach:
        needed = self.needed if within is None else common(self.needed, within)
        total_us = length_us(needed)
        mine = [self.cameras[name] for name in sorted(set(names)) if name in self.cameras]
        if not total_us:
            return Reach(Status.CLOSED if self.hours_known else Status.UNKNOWN)
        if not mine:
            return Reach(Status.UNKNOWN)
        edge_us = min(_EDGE_US, _EDGE_SHARE * total_us)
        seen_us = down_us = unknown_us = 0
        cameras = []
        for camera in mine:
            seen, down, unknown = seen_share(camera, needed)
            if down > edge_us:
                cameras.append(camera.camera_id)
                down_us += down
            seen_us += seen
            unknown_us += unknown
        if not cameras:
            known = unknown_us <= edge_us * len(mine)
            return Reach(Status.COMPLETE, 1.0) if known else Reach(Status.UNKNOWN)
        share = round(max(0.0, 1 - down_us / (total_us * len(mine))), 4)
        dark = not seen_us and not unknown_us
        return Reach(Status.UNWATCHED if dark else Status.PARTIAL, 0.0 if dark else share, tuple(cameras))


def coverage_of(picture: Picture) -> Coverage:
    """What is known of when the cameras of a window watched."""
    hours = opening_spans(picture.store, picture.window)
    days = _needed(picture, hours)
    times: dict[str, list[int]] = {}
    for event in picture.events:
        times.setdefault(event.camera_id, []).append(event.time_us)
    zones = {zone: frozenset(cameras) for zone, cameras in picture.zone_cameras.items()}
    known = set(times) | set(picture.doors) | {name for mine in zones.values() for name in mine}
    # Where no site file says what a camera watches, one that has been live these days may watch anything.
    recent_us = picture.from_us - _RECENT // timedelta(microseconds=1)
    stray = {
        feed.camera_id
        for feed in picture.feeds
        if not known and feed.last_live_us is not None and recent_us <= feed.last_live_us < picture.to_us
    }
    everybody = sorted(known | stray)
    live = {feed.camera_id: feed.last_live_us for feed in picture.feeds}
    by_camera: dict[str, list[Any]] = {}
    for recording in picture.recordings:
        by_camera.setdefault(recording.camera_id, []).append(recording)
    cameras = {
        name: camera_time(
            Told(
                name,
                by_camera.get(name, ()),
                times.get(name, ()),
                live.get(name),
                name in picture.recorded_before,
                sorted(at for other, mine in times.items() if other != name for at in mine)
                if live.get(name) is not None
                else (),
            ),
            days,
        )
        for name in everybody
    }
    return Coverage(
        needed=union(span for day in days for span in day),
        hours_known=hours is not None,
        cameras=cameras,
        doors=frozenset(everybody) if picture.basis == "sightings" or stray else picture.doors,
        zones={**zones, **({"": frozenset(stray)} if stray else {})},
        billing=picture.billing | ({""} if stray else frozenset()),
    )


def _needed(picture: Picture, hours: list[Span] | None) -> list[list[Span]]:
    """By local day, the stretches in which the cameras should have watched, up to now."""
    window = picture.window
    end_us = picture.to_us if picture.now is None else min(picture.to_us, to_us(picture.now))
    edges = [
        to_us(day_start(day, window.zone)) for day in [*window.days, window.last_day + timedelta(days=1)]
    ]
    bounds = [(max(a, picture.from_us), min(b, end_us)) for a, b in pairwise(edges)]
    if hours is not None:
        return [common(hours, [bound]) if bound[0] < bound[1] else [] for bound in bounds]
    known = [(event.time_us, event.time_us) for event in picture.events]
    for recording in picture.recordings:
        start_us = to_us(recording.start_utc)
        known.append((start_us, start_us + round(recording.duration_s * 1e6)))
    found = []
    for low, high in bounds:
        mine = [(max(a, low), min(b, high)) for a, b in known if a < high and b >= low]
        last = max((b for _, b in mine), default=low)
        if low <= picture.as_of_us < high:  # while a feed is live, now is known too
            last = max(last, picture.as_of_us) if mine else last
        found.append([(min(a for a, _ in mine), last)] if mine and last > min(a for a, _ in mine) else [])
    return found


def overlaps(picture: Picture) -> dict[str, tuple[datetime, datetime]]:
    """By camera, the first stretch of the window that two different recordings show: both count."""
    found: dict[str, tuple[datetime, datetime]] = {}
    reached: dict[str, int] = {}
    for recording in sorted(picture.recordings, key=lambda r: r.start_utc):
        start_us = to_us(recording.start_utc)
        end_us = start_us + round(recording.duration_s * 1e6)
        before_us = reached.get(recording.camera_id, 0)
        low, high = max(start_us, picture.from_us), min(before_us, end_us, picture.to_us)
        if high - low > 1_000_000 and recording.camera_id not in found:
            found[recording.camera_id] = (from_us(low).astimezone(UTC), from_us(high).astimezone(UTC))
        reached[recording.camera_id] = max(before_us, end_us)
    return found
