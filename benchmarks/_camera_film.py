"""A long day of one camera from little film: rendered clips, encoded once, their packets repeated.

Clips with people (a simulated morning's door camera, its staff left out) and clips of the empty shop, both
with sensor noise and drifting light, are encoded as H.264 with a key frame every two seconds; a day is made
of them by writing their packets again and again with new times, which takes seconds an hour.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import av
import cv2
import numpy as np

from floorwalker.simulation.actors import appearances
from floorwalker.simulation.cameras import shop_cameras
from floorwalker.simulation.difficulty import conditions_of
from floorwalker.simulation.film import Film, Stage
from floorwalker.simulation.light import Sensor
from floorwalker.simulation.morning import Morning, run_morning
from floorwalker.simulation.plan_picture import floor_plan_png
from floorwalker.simulation.site_writer import FLOOR_PLAN_FILE, site_toml
from floorwalker.simulation.truth_stays import crossings_of

SIZE = (1920, 1080)
FPS = 25
GOP = 50
SEED = 11
NOISE = 2.0
DRIFT = 0.03  # share of the brightness, up and down once in a clip
PEOPLE_SHARE = 0.05
# Seconds of the simulated morning in which somebody comes or goes; whole groups of pictures.
BUSY_S = ((40.0, 86.0), (158.0, 194.0), (212.0, 232.0), (288.0, 316.0))
QUIET_CLIPS = 3
QUIET_S = 40.0
_TICKS = 90_000
_ENCODER = "bframes=0:scenecut=0:ref=1:weightp=0:subme=1:me=dia"  # what a camera's own encoder would do


@dataclass(frozen=True, slots=True)
class Clip:
    """One piece of film.

    Attributes:
        file: its name.
        start_s: where in the simulated morning it begins.
        length_s: how long it is; whole groups of pictures.
        people_s: how long somebody is in view.
        crossings: moment from the clip's start and whether inward, of each crossing of the door's line.
    """

    file: str
    start_s: float
    length_s: float
    people_s: float
    crossings: tuple[tuple[float, bool], ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All clips of a folder.

    Attributes:
        folder: where they lie, beside `site.toml`.
        busy: clips with people.
        quiet: clips of the empty shop.
    """

    folder: Path
    busy: tuple[Clip, ...]
    quiet: tuple[Clip, ...]

    def round(self) -> list[Clip]:
        """Every busy clip once, and between them so much empty shop that people are in view for 5 %."""
        people_s = sum(clip.people_s for clip in self.busy)
        empty_s = people_s / PEOPLE_SHARE - sum(clip.length_s for clip in self.busy)
        return self._mixed(round(empty_s / QUIET_S / len(self.busy)))

    def dense_round(self) -> list[Clip]:
        """Every busy clip once, with little empty shop between them: the same crossings in less time."""
        return self._mixed(2)

    def _mixed(self, calm_each: int) -> list[Clip]:
        calm = cycle(self.quiet)
        order: list[Clip] = []
        for clip in self.busy:
            order += [next(calm) for _ in range(calm_each // 2)]
            order.append(clip)
            order += [next(calm) for _ in range(calm_each - calm_each // 2)]
        return order


def film_material(folder: Path) -> Material:
    """Render and encode the clips, or take those that a folder already holds.

    Args:
        folder: made where it is missing; about 150 MB.
    """
    described = folder / "material.json"
    if described.is_file():
        kept = json.loads(described.read_text())
        clips = [Clip(**{**entry, "crossings": tuple(map(tuple, entry["crossings"]))}) for entry in kept]
    else:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(2) as pool:
            quiet = [pool.submit(_film_quiet, folder, number) for number in range(QUIET_CLIPS)]
            busy = [pool.submit(_film_busy, folder, window) for window in BUSY_S]
            clips = [task.result() for task in (*busy, *quiet)]
        cameras = shop_cameras(SIZE)
        (folder / "site.toml").write_text(site_toml(cameras))
        (folder / FLOOR_PLAN_FILE).write_bytes(floor_plan_png(cameras))
        described.write_text(json.dumps([asdict(clip) for clip in clips]))
    return Material(
        folder,
        tuple(clip for clip in clips if clip.people_s),
        tuple(clip for clip in clips if not clip.people_s),
    )


def join(material: Material, clips: list[Clip], path: Path) -> None:
    """Write clips one after the other into one recording, packets copied, times rewritten.

    Args:
        material: where the clips lie.
        clips: in their order; one may come often.
        path: the .mp4 to write.
    """
    packets: dict[str, list[tuple[bytes, int, bool]]] = {}
    with av.open(str(path), "w") as out:
        stream = None
        offset = 0
        for clip in clips:
            if clip.file not in packets:
                with av.open(str(material.folder / clip.file)) as given:
                    template = given.streams.video[0]
                    stream = stream or out.add_stream_from_template(template)
                    ticks = Fraction(_TICKS) * (template.time_base or Fraction(1))
                    packets[clip.file] = [
                        (bytes(packet), round(packet.pts * ticks), packet.is_keyframe)
                        for packet in given.demux(template)
                        if packet.pts is not None
                    ]
            for content, ticks_in, is_key in packets[clip.file]:
                packet = av.Packet(content)
                packet.is_keyframe = is_key
                if stream is not None:
                    packet.stream = stream
                packet.time_base = Fraction(1, _TICKS)
                packet.pts = packet.dts = offset + ticks_in
                packet.duration = _TICKS // FPS
                out.mux(packet)
            offset += round(clip.length_s * _TICKS)


def crossings(clips: list[Clip]) -> Iterator[tuple[float, bool]]:
    """Moment and direction of every crossing of the door's line in clips put one after the other."""
    begun_s = 0.0
    for clip in clips:
        yield from ((begun_s + moment_s, inward) for moment_s, inward in clip.crossings)
        begun_s += clip.length_s


def _customers() -> Morning:
    morning = run_morning(SEED, 10.0, conditions_of("normal"))
    return replace(morning, people=tuple(person for person in morning.people if not person.is_staff))


def _film_busy(folder: Path, window_s: tuple[float, float]) -> Clip:
    morning = _customers()
    camera = shop_cameras(SIZE)[0]
    start_s, end_s = window_s
    first, last = round(start_s * FPS), round(end_s * FPS)
    in_view = np.zeros(last, bool)
    seen = set()
    for shown in appearances(morning, camera, FPS, last):
        rows = shown.first_frame + np.flatnonzero(shown.in_picture)
        in_view[rows] = True
        if (rows >= first).any():
            seen.add(shown.person.person_id)
    people = tuple(person for person in morning.people if person.person_id in seen)
    here = tuple(
        (round(crossing.time_s - start_s, 3), bool(crossing.inward))
        for person in people
        for crossing in crossings_of(person)
        if start_s <= crossing.time_s < end_s
    )
    file = f"busy-{start_s:g}.mp4"
    _encode(folder / file, replace(morning, people=people), first, last)
    return Clip(file, start_s, end_s - start_s, float(in_view[first:last].sum() / FPS), tuple(sorted(here)))


def _film_quiet(folder: Path, number: int) -> Clip:
    file = f"quiet-{number}.mp4"
    first = round(number * QUIET_S * FPS)
    _encode(folder / file, replace(_customers(), people=()), first, first + round(QUIET_S * FPS))
    return Clip(file, 0.0, QUIET_S, 0.0, ())


def _encode(path: Path, morning: Morning, first: int, last: int) -> None:
    """Paint, expose and encode frames of a morning; the light comes back to where it was."""
    cv2.setNumThreads(1)
    camera = shop_cameras(SIZE)[0]
    stage = Stage(Film(morning, camera, conditions_of("normal"), FPS, last, path))
    sensor = Sensor(np.random.default_rng([SEED, first]), NOISE, SIZE)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "25", "x264-params": _ENCODER}
        stream.codec_context.gop_size = GOP
        stream.codec_context.thread_count = 1
        for number in range(first, last):
            stage.paint(number)
            planes = np.asarray(cv2.cvtColor(stage.picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
            turn = 2 * np.pi * (number - first) / (last - first)
            sensor.expose(planes[: SIZE[1]], 1 + DRIFT * np.sin(turn))
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number - first
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
