"""One camera's film: frames painted, encoded to H.264, and the boxes of everybody in view."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from floorwalker.simulation.actors import Appearance, appearances
from floorwalker.simulation.cameras import PinholeCamera
from floorwalker.simulation.difficulty import Conditions
from floorwalker.simulation.door import GlassDoor, openness
from floorwalker.simulation.light import Sensor, brightness
from floorwalker.simulation.morning import Morning
from floorwalker.simulation.painter import Sight, Window, body_sprite, cast_shadow, clipped, hide, lay_on
from floorwalker.simulation.scene import cover_of, empty_shop
from floorwalker.simulation.tables import csv_text
from floorwalker.simulation.textures import Image

BOX_COLUMNS = (
    "frame", "time_s", "person_id", "x1", "y1", "x2", "y2", "foot_x", "foot_y", "visible",
)  # fmt: skip
LEAST_VISIBLE = 0.05
_KEY_FRAME_EVERY_S = 5.0
_ENCODER = "bframes=0:scenecut=0:ref=1:weightp=0:subme=1:me=dia"  # what a camera's own encoder would do
_TIME_BASE = Fraction(1, 90_000)
BoxRow = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """What one camera is to film.

    Attributes:
        morning: who was where.
        camera: whose view.
        conditions: light and noise.
        fps: frames a second.
        frames: number of frames.
        video: the file to write, or None for boxes alone.
    """

    morning: Morning
    camera: PinholeCamera
    conditions: Conditions
    fps: float
    frames: int
    video: Path | None


def shoot(film: Film, on_frame: Callable[[], None]) -> str:
    """Paint and encode all frames.

    Args:
        film: what to film.
        on_frame: called after each frame.

    Returns:
        The boxes as CSV text.
    """
    cv2.setNumThreads(1)
    stage = Stage(film)
    rows: list[BoxRow] = []
    if film.video is None:
        for frame in range(film.frames):
            rows.extend(stage.paint(frame))
            on_frame()
    else:
        with av.open(str(film.video), "w", format="mp4") as container:
            for packet in _encoded(container, film, stage, rows, on_frame):
                container.mux(packet)
    return csv_text(BOX_COLUMNS, rows)


def _encoded(
    container: av.container.OutputContainer,
    film: Film,
    stage: Stage,
    rows: list[BoxRow],
    on_frame: Callable[[], None],
) -> Iterator[av.Packet[av.VideoStream]]:
    rate = Fraction(film.fps).limit_denominator(1000)
    stream = container.add_stream("libx264", rate=rate)
    stream.width, stream.height = film.camera.size
    stream.pix_fmt = "yuv420p"
    stream.options = {"preset": "veryfast", "crf": "25", "x264-params": _ENCODER}
    stream.codec_context.gop_size = max(1, round(film.fps * _KEY_FRAME_EVERY_S))
    stream.codec_context.thread_count = 1
    stream.codec_context.time_base = _TIME_BASE
    for number in range(film.frames):
        rows.extend(stage.paint(number))
        frame = av.VideoFrame.from_ndarray(stage.exposed(number), format="yuv420p")
        frame.pts = round(number / film.fps / _TIME_BASE)
        frame.time_base = _TIME_BASE
        yield from stream.encode(frame)
        on_frame()
    yield from stream.encode()


class Stage:
    """Paints frame after frame over the empty shop.

    Args:
        film: what to film.
    """

    def __init__(self, film: Film) -> None:
        morning, camera = film.morning, film.camera
        self._film = film
        self._cover = cover_of(camera)
        self._empty: Image = (
            np.zeros((0, 0, 3), dtype=np.uint8) if film.video is None else empty_shop(camera, morning.seed)
        )
        self.picture: Image = self._empty.copy()
        self._owner = np.zeros(self._cover.floor.shape, dtype=np.int16)
        self._dirty: list[Window] = []
        self._cast = appearances(morning, camera, film.fps, film.frames)
        self._by_frame = self._schedule()
        self._door = GlassDoor(camera, self._cover)
        self._opened = openness(morning, film.fps, film.frames)
        rng = np.random.default_rng([morning.seed, 21, zlib.crc32(camera.camera_id.encode())])
        self._gain = brightness(rng, film.conditions, film.frames, film.fps)
        self._sensor = Sensor(rng, film.conditions.noise, camera.size)

    def _schedule(self) -> list[list[Sight]]:
        frames: list[list[Sight]] = [[] for _ in range(self._film.frames)]
        for appearance in self._cast:
            for row in np.flatnonzero(appearance.in_picture).tolist():
                frames[appearance.first_frame + row].append(Sight(appearance, row))
        for sights in frames:
            sights.sort(key=lambda sight: (-sight.level_cm, sight.appearance.person.number))
        return frames

    def paint(self, frame: int) -> list[BoxRow]:
        """Paint one frame into `picture`.

        Returns:
            The rows of the boxes' table for it.
        """
        self._clear()
        sights = self._by_frame[frame]
        darkness = self._film.conditions.shadow
        if self._film.video is not None:
            for sight in sights:
                changed = cast_shadow(self.picture, sight, self._cover, darkness)
                if changed is not None:
                    self._dirty.append(changed)
        totals: list[tuple[Sight, int, Window]] = []
        outside = [sight for sight in sights if sight.appearance.outside[sight.row]]
        inside = [sight for sight in sights if not sight.appearance.outside[sight.row]]
        for sight in outside:
            totals.append(self._place(sight, len(totals) + 1))
        if self._film.video is not None and self._door.window is not None:
            self._door.draw(self.picture, float(self._opened[frame]), frame / self._film.fps)
            self._dirty.append(self._door.window)
        for sight in inside:
            totals.append(self._place(sight, len(totals) + 1))
        return self._rows(frame, totals)

    def exposed(self, frame: int) -> Image:
        """The painted frame as yuv420p planes with brightness and noise."""
        planes: Image = np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        height = self.picture.shape[0]
        self._sensor.expose(planes[:height], float(self._gain[frame]))
        return planes

    def _clear(self) -> None:
        for x1, y1, x2, y2 in self._dirty:
            self.picture[y1:y2, x1:x2] = self._empty[y1:y2, x1:x2]
            self._owner[y1:y2, x1:x2] = 0
        self._dirty.clear()

    def _place(self, sight: Sight, label: int) -> tuple[Sight, int, Window]:
        """Paint a person and count the pixels of the whole body within the picture."""
        window = clipped(sight.appearance.boxes[sight.row], self._film.camera.size)
        sprite = body_sprite(sight, window)
        x1, y1, x2, y2 = window
        total = int(np.count_nonzero(sprite[..., 3] > 127))
        hide(sprite, sight, self._cover, window)
        self._owner[y1:y2, x1:x2][sprite[..., 3] > 127] = label
        if self._film.video is not None:
            lay_on(self.picture, sprite, window)
        self._dirty.append(window)
        return sight, total, window

    def _rows(self, frame: int, totals: list[tuple[Sight, int, Window]]) -> list[BoxRow]:
        width, height = self._film.camera.size
        found = []
        for label, (sight, total, (x1, y1, x2, y2)) in enumerate(totals, start=1):
            seen = int(np.count_nonzero(self._owner[y1:y2, x1:x2] == label))
            visible = seen / total if total else 0.0
            if visible < LEAST_VISIBLE:
                continue
            found.append((sight.appearance, sight.row, visible))
        found.sort(key=lambda item: item[0].person.number)
        return [_row(frame, self._film.fps, item, (width, height)) for item in found]


def _row(frame: int, fps: float, item: tuple[Appearance, int, float], size: tuple[int, int]) -> BoxRow:
    appearance, row, visible = item
    x1, y1, x2, y2 = np.clip(appearance.boxes[row], 0, [size[0], size[1], size[0], size[1]])
    foot_x, foot_y = appearance.foot_px[row]
    return (
        frame,
        f"{frame / fps:.3f}",
        appearance.person.person_id,
        *(f"{value:.1f}" for value in (x1, y1, x2, y2, foot_x, foot_y)),
        f"{visible:.3f}",
    )
