"""Bursts: the crops of each crossing of a door, and the entries that a network makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from floorwalker.errors import WorkError
from floorwalker.events import DOOR_EVENTS, Event, EventType, format_utc
from floorwalker.files import whole_file
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.pipeline.camera_run import CameraJob, CameraRun
from floorwalker.pipeline.entry_payloads import payload_path
from floorwalker.pipeline.fitting import fit_frame
from floorwalker.tracking.overlap import iou
from floorwalker.tracking.track import Track
from floorwalker.video.moments import frames_at
from floorwalker.vision.embedding.crop_embedder import CropEmbedder

Crop = npt.NDArray[np.uint8]
_QUALITY = 95


@dataclass(frozen=True, slots=True)
class BurstSettings:
    """Which moments of a track stand for a crossing.

    Attributes:
        most: crops of a crossing. More say little that is new, and cost a network's run each.
        around_s: time before and after the crossing in which they are taken. Longer takes views from afar.
        least_height_px: smaller people are not taken: a network sees nothing in them.
        most_covered: overlap with another person's box, as intersection over union, up to which it is taken.
        margin: by which a box is widened on each side, as a share of it.
    """

    most: int = 10
    around_s: float = 3.0
    least_height_px: float = 48.0
    most_covered: float = 0.3
    margin: float = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Burst:
    """One crossing with its crops.

    Attributes:
        key: the store's day.
        entry_id: the event's id: the same recording processed again gives the same.
        timestamp: of the event.
        direction: which way.
        camera: by which camera.
        crops: (height, width, 3) uint8 each, blue-green-red, in order of time; at least one.
    """

    key: BucketKey
    entry_id: str
    timestamp: datetime
    direction: Direction
    camera: str
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    time_s: float
    event: int
    xyxy: npt.NDArray[np.float32]


def bursts_of(
    result: CameraRun,
    job: CameraJob,
    settings: BurstSettings | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Burst]:
    """Look at a recording a second time, where people crossed the door's line.

    Args:
        result: what the first look gave.
        job: what was processed.
        settings: which moments are taken.
        on_progress: called with crops done and crops in all.

    Yields:
        Bursts in order of time; crossings whose person was never seen well enough have none.

    Raises:
        InputError: the video cannot be read.
    """
    settings = settings or BurstSettings()
    crossings = [event for event in result.events if event.event_type in DOOR_EVENTS]
    moments = _moments(crossings, result, settings)
    crops: dict[int, list[Crop]] = {}
    last = {moment.event: place for place, moment in enumerate(moments)}
    by_time = [(time_s, list(group)) for time_s, group in groupby(moments, key=lambda moment: moment.time_s)]
    frames = frames_at(job.video, [time_s for time_s, _ in by_time])
    done = 0
    for (_, group), frame in zip(by_time, frames, strict=False):
        image = fit_frame(frame, job.camera).image
        for moment in group:
            crops.setdefault(moment.event, []).append(_crop(image, moment.xyxy, settings.margin))
            done += 1
            if on_progress is not None:
                on_progress(done, len(moments))
            if last[moment.event] == done - 1:
                yield _burst(crossings[moment.event], crops.pop(moment.event), job)
    for event, held in crops.items():  # where the video ended earlier than before
        yield _burst(crossings[event], held, job)


def entry_of(burst: Burst, embedder: CropEmbedder, images: Sequence[str] = ()) -> Entry:
    """The entry that a network makes of a burst.

    Args:
        burst: with its crops.
        embedder: the network.
        images: where the crops were written, if they were.
    """
    vectors = np.stack(list(embedder.embed(burst.crops)))
    return Entry(
        burst.key, burst.entry_id, burst.timestamp, burst.direction, burst.camera, vectors, {}, tuple(images)
    )


def write_crops(folder: Path, burst: Burst) -> list[str]:
    """Write a burst's crops as `floorwalker reid payloads` reads them: `STORE/DAY/ENTRY/` with `entry.json`.

    Returns:
        Where the crops lie, absolute paths.

    Raises:
        WorkError: they cannot be written.
    """
    place = payload_path(folder, burst.key, burst.entry_id).with_suffix("")
    written = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        for number, crop in enumerate(burst.crops):
            path = (place / f"{number:02d}.jpg").absolute()
            with whole_file(path) as part:
                cv2.imwrite(str(part), crop, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
            written.append(str(path))
        with whole_file(place / "entry.json") as part:
            part.write_bytes(msgspec.json.encode(_details(burst)))
    except OSError as error:
        raise WorkError(f"writing {place} failed: {error.strerror or error}") from error
    return written


def _details(burst: Burst) -> Mapping[str, str]:
    return {
        "timestamp": format_utc(burst.timestamp),
        "direction": burst.direction.value,
        "camera": burst.camera,
    }


def _moments(crossings: Sequence[Event], result: CameraRun, settings: BurstSettings) -> list[_Moment]:
    """The moments of all crossings, in order of time."""
    by_id = {track.track_id: track for track in result.tracks}
    start = result.recording.start_utc
    found = []
    for number, event in enumerate(crossings):
        track = by_id[event.metadata["track_id"]]
        crossed_s = (event.timestamp - start).total_seconds()
        for row in _rows(track, crossed_s, result.tracks, settings):
            found.append(_Moment(float(track.time_s[row]), number, track.xyxy[row]))
    return sorted(found, key=lambda moment: (moment.time_s, moment.event))


def _rows(track: Track, crossed_s: float, tracks: Sequence[Track], settings: BurstSettings) -> list[int]:
    """The best sighting in each of so many equal parts of the time around a crossing."""
    near = np.flatnonzero(np.abs(track.time_s - crossed_s) <= settings.around_s)
    if len(near) == 0:
        near = np.array([int(np.abs(track.time_s - crossed_s).argmin())])
    height = track.xyxy[near, 3] - track.xyxy[near, 1]
    covered = np.array([_covered(track, int(row), tracks) for row in near])
    good = (height >= settings.least_height_px) & (covered <= settings.most_covered)
    near, worth = near[good], (track.confidence[near] * height * (1.0 - covered))[good]
    if len(near) == 0:
        return []
    part = np.floor(np.linspace(0, settings.most, len(near), endpoint=False)).astype(int)
    return [int(near[part == one][worth[part == one].argmax()]) for one in np.unique(part)]


def _covered(track: Track, row: int, tracks: Sequence[Track]) -> float:
    """How much another person's box overlaps this one, 0 to 1."""
    time_s, boxes = track.time_s[row], []
    for other in tracks:
        if other.track_id != track.track_id and other.start_s <= time_s <= other.end_s:
            boxes.append(other.xyxy[int(np.abs(other.time_s - time_s).argmin())])
    if not boxes:
        return 0.0
    return float(iou(track.xyxy[row : row + 1], np.stack(boxes)).max())


def _crop(image: Crop, xyxy: npt.NDArray[np.float32], margin: float) -> Crop:
    height, width = image.shape[:2]
    wider = np.array([-1, -1, 1, 1]) * np.tile(xyxy[2:] - xyxy[:2], 2) * margin
    x0, y0, x1, y1 = np.rint(xyxy + wider).astype(int)
    x0, y0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    return image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].copy()


def _burst(event: Event, crops: Sequence[Crop], job: CameraJob) -> Burst:
    day = event.timestamp.astimezone(job.store.zone_info).date()
    return Burst(
        BucketKey(day.isoformat(), event.store_id),
        event.event_id,
        event.timestamp,
        Direction.EXIT if event.event_type is EventType.EXIT else Direction.ENTRY,
        event.camera_id,
        tuple(crops),
    )
