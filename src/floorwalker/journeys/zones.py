"""Stays in zones, with inertia: a step out and back is none, nor is a step in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from floorwalker.journeys.path import smooth
from floorwalker.site import Zone
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
_OUTLINE_PX = 0.01


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """When someone is in a zone.

    Attributes:
        least_stay_s: shorter stays are none. Raising it drops people who walk through.
        bridged_gap_s: an absence shorter than this, or out of sight between two sightings in the zone, does
            not end a stay.
        edge_px_share: a track that begins within this share of its height from the zone's edge came in from
            outside although nobody saw it; one that ends there went out.
        beside_px_share: who steps out of a zone, but stays within this share of their height from it and in
            no other zone, has not left it: feet behind a counter or a basket are not seen that exactly.
            Raising it forgives worse feet and joins more stays that are two.
        beside_s: at most so long.
    """

    least_stay_s: float = 1.0
    bridged_gap_s: float = 1.0
    edge_px_share: float = 0.3
    beside_px_share: float = 0.2
    beside_s: float = 45.0


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's uninterrupted presence in one zone.

    Attributes:
        track_id: who.
        zone: where.
        start_s: first moment inside.
        end_s: last moment inside.
        entered: whether the person was seen to come in, not first noticed inside.
        left: whether the person was seen to go out, not lost from sight inside.
        ongoing: still inside when the recording ended.
        confidence: mean confidence of the detections, 0 to 1.
        tracks: the tracks that show it, where it is not one alone.
        sighted: share of the stay during which the person was in sight, 0 to 1.
        depth: how far inside the zone they were at most, in body heights.
    """

    track_id: int
    zone: Zone
    start_s: float
    end_s: float
    entered: bool
    left: bool
    ongoing: bool
    confidence: float
    tracks: tuple[int, ...] = ()
    sighted: float = 1.0
    depth: float = 0.0

    @property
    def shown_by(self) -> tuple[int, ...]:
        """The tracks that show it, in order of time."""
        return self.tracks or (self.track_id,)

    @property
    def duration_s(self) -> float:
        """Length of the stay."""
        return self.end_s - self.start_s


def stays(track: Track, zones: Sequence[Zone], duration_s: float, settings: ZoneSettings) -> list[Stay]:
    """A track's stays in zones, in order of time.

    Where zones overlap, the smaller one counts.

    Args:
        track: one person in one camera.
        zones: the camera's.
        duration_s: length of the recording.
        settings: what counts.

    Returns:
        Stays, never two at one time.
    """
    if not zones:
        return []
    feet = smooth(track.time_s, track.foot_px)
    where = zone_index(feet, zones)
    found = []
    beside = _beside(track, feet, where, zones, settings.beside_px_share)
    for index, first, last in _presences(track.time_s, where, beside, settings):
        start_s, end_s = float(track.time_s[first]), float(track.time_s[last])
        found.append(
            Stay(
                track.track_id,
                zones[index],
                start_s,
                end_s,
                entered=_seen_at_edge(track, feet, zones[index], first, 0, settings),
                left=_seen_at_edge(track, feet, zones[index], last, len(feet) - 1, settings),
                ongoing=last == len(feet) - 1 and end_s >= duration_s - settings.bridged_gap_s,
                confidence=float(np.mean(track.confidence[first : last + 1])),
                sighted=_sighted(track.time_s[first : last + 1]),
                depth=_depth(track, feet, zones[index], first, last),
            )
        )
    return found


def _beside(
    track: Track, feet: FloatArray, where: npt.NDArray[np.intp], zones: Sequence[Zone], share: float
) -> npt.NDArray[np.bool_]:
    """(zones, n) whether the feet are in no zone, but close to this one."""
    reach = share * (track.xyxy[:, 3] - track.xyxy[:, 1]).astype(np.float64)
    points = shapely.points(feet)
    apart = np.stack([shapely.distance(shapely.Polygon(zone.polygon), points) for zone in zones])
    return np.asarray((apart <= reach) & (where < 0))


def _presences(
    time_s: FloatArray, where: npt.NDArray[np.intp], beside: npt.NDArray[np.bool_], settings: ZoneSettings
) -> list[tuple[int, int, int]]:
    """Zone, first and last index of each stay, in order of time and never two at once."""
    least_s = settings.least_stay_s - 1e-6
    candidates = sorted(
        (first, last, index)
        for index in range(len(beside))
        for first, last in _presence(time_s, where == index, beside[index], settings)
        if time_s[last] - time_s[first] >= least_s
    )
    kept: list[tuple[int, int, int]] = []
    until = -1
    for first, last, index in candidates:
        # On the border of two zones both are bridged; the one entered first holds until it is left.
        own = np.flatnonzero(where[: last + 1] == index)
        own = own[own >= max(first, until + 1)]
        if len(own) and time_s[last] - time_s[own[0]] >= least_s:
            kept.append((index, int(own[0]), last))
            until = last
    return kept


def zone_index(feet: FloatArray, zones: Sequence[Zone]) -> npt.NDArray[np.intp]:
    """The zone of each point, the smallest where several overlap, or -1.

    Args:
        feet: (n, 2) pixels.
        zones: the camera's.

    Returns:
        (n,) indices into the zones.
    """
    polygons = [_ground(zone.polygon) for zone in zones]
    where = np.full(len(feet), -1, dtype=np.intp)
    for index in sorted(range(len(zones)), key=lambda i: -polygons[i].area):
        where[shapely.contains_xy(polygons[index], feet[:, 0], feet[:, 1])] = index
    return where


def _ground(outline: Sequence[tuple[float, float]]) -> shapely.Polygon:
    """A polygon with its outline: whose feet the picture's edge cuts off stands in a zone drawn up to it."""
    return shapely.Polygon(outline).buffer(_OUTLINE_PX)


def spans_within(
    track: Track, polygon: Sequence[tuple[float, float]], start_s: float, end_s: float
) -> list[tuple[float, float]]:
    """When a person stood in a polygon during a stretch of time; absences under a second are bridged.

    Args:
        track: who.
        polygon: outline in pixels.
        start_s: from.
        end_s: to.
    """
    feet = smooth(track.time_s, track.foot_px)
    inside = shapely.contains_xy(shapely.Polygon(polygon), feet[:, 0], feet[:, 1])
    during = (track.time_s >= start_s) & (track.time_s <= end_s)
    intervals = _intervals(track.time_s, inside & during, 1.0)
    return [(float(track.time_s[first]), float(track.time_s[last])) for first, last in intervals]


def _presence(
    time_s: FloatArray, inside: npt.NDArray[np.bool_], beside: npt.NDArray[np.bool_], settings: ZoneSettings
) -> list[tuple[int, int]]:
    """First and last index of each presence in one zone; steps just beside it are bridged, too."""
    joined: list[tuple[int, int]] = []
    for first, last in _intervals(time_s, inside, settings.bridged_gap_s):
        if joined:
            until = joined[-1][1]
            brief = time_s[first] - time_s[until] <= settings.beside_s
            if brief and beside[until + 1 : first][~inside[until + 1 : first]].all():
                joined[-1] = (joined[-1][0], last)
                continue
        joined.append((first, last))
    return joined


def _intervals(
    time_s: FloatArray, inside: npt.NDArray[np.bool_], bridged_gap_s: float
) -> list[tuple[int, int]]:
    """First and last index of each presence, short absences bridged."""
    at = np.flatnonzero(inside)
    if len(at) == 0:
        return []
    absent = time_s[at[1:]] - time_s[at[:-1]] >= bridged_gap_s
    # Out of sight between two sightings inside is no absence: nobody was seen outside.
    broken = absent & (np.diff(at) > 1)
    groups = np.split(at, np.flatnonzero(broken) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups]


def _sighted(time_s: FloatArray) -> float:
    """Share of a stretch of time without gaps of a second or more."""
    steps = np.diff(time_s)
    return float(1.0 - steps[steps >= 1.0].sum() / max(float(time_s[-1] - time_s[0]), 1e-9))


def _depth(track: Track, feet: FloatArray, zone: Zone, first: int, last: int) -> float:
    """How far inside a zone somebody was at most, in body heights; the detector's last outlier left out."""
    rows = slice(first, last + 1)
    polygon = shapely.Polygon(zone.polygon)
    points = shapely.points(feet[rows])
    inside = np.where(shapely.contains(polygon, points), shapely.distance(polygon.exterior, points), 0.0)
    height = np.median(track.xyxy[rows, 3] - track.xyxy[rows, 1])
    return float(np.quantile(inside, 0.9) / max(float(height), 1.0))


def _seen_at_edge(
    track: Track, feet: FloatArray, zone: Zone, at: int, terminal: int, settings: ZoneSettings
) -> bool:
    """Whether the stay's end lies within the track, or so near the zone's edge that it is the real end."""
    if at != terminal:
        return True
    height = float(track.xyxy[at, 3] - track.xyxy[at, 1])
    distance = shapely.Polygon(zone.polygon).exterior.distance(shapely.Point(feet[at]))
    return bool(distance <= settings.edge_px_share * height)
