"""What a mask hides is seen by nobody: no detector, no judge of the picture, and nothing that is written."""

from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
import pytest

from floorwalker.pipeline.annotated import write_annotated
from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.pipeline.live_stretch import LiveStretch, StretchRules
from floorwalker.site import Store
from floorwalker.video import health_watch
from floorwalker.video.reader import read_frames
from floorwalker.vision.detections import Detections

SIZE = (320, 240)
HIDDEN = np.s_[40:120, 200:300]
START = datetime(2026, 3, 3, 10, tzinfo=UTC)
MASK = [(190.0, 30.0), (310.0, 30.0), (310.0, 130.0), (190.0, 130.0)]
HEAD = np.s_[65:80, 62:88]


class Onlooker:
    """A detector that finds one person and remembers the brightest that it saw where nobody may look."""

    fingerprint = "onlooker"

    def __init__(self) -> None:
        self.looked = 0
        self.brightest = 0

    def prepare(self, samples):
        for frame in samples:
            self._look(frame)

    def detect(self, frame):
        self._look(frame)
        return Detections.from_boxes([[60, 60, 90, 220]], [0.9])

    def _look(self, frame):
        self.looked += 1
        half = frame.resized((SIZE[0] // 2, SIZE[1] // 2))
        seen = max(int(frame.image[HIDDEN].max()), int(half[22:58, 102:148].max()))
        self.brightest = max(self.brightest, seen)


@pytest.fixture
def recording(tmp_path):
    """A room with a bright, changing screen, which is masked, and a striped person."""
    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for index in range(30):
            picture = np.random.default_rng(index).integers(90, 110, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
            picture[60:220, 60:90:4] = 240
            picture[HIDDEN] = (255, 40, 255 - 4 * index)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def store():
    camera = {"id": "C", "resolution": SIZE, "masks": [MASK]}
    return Store.model_validate({"id": "S1", "timezone": "Asia/Kolkata", "camera": [camera]})


@pytest.fixture
def judged(monkeypatch):
    """The brightest of what the judge of pictures saw there."""
    seen = []
    real = health_watch.view_of

    def view_of(image):
        seen.append(int(image[HIDDEN].max()))
        return real(image)

    monkeypatch.setattr(health_watch, "view_of", view_of)
    return seen


def test_on_recordings_and_in_annotated_videos(recording, store, judged, tmp_path):
    onlooker = Onlooker()
    job = CameraJob(recording, store, store.cameras[0], START)
    run = process_recording(job, onlooker)
    assert onlooker.looked > 10
    assert onlooker.brightest == 0
    assert judged
    assert max(judged) == 0
    drawn = tmp_path / "drawn.mp4"
    write_annotated(drawn, job, run)
    pictures = [frame.image for frame in read_frames(drawn)]
    assert len(pictures) > 10
    assert max(int(np.median(picture[50:110, 210:290])) for picture in pictures) < 16


def test_heads_are_unrecognisable_in_annotated_videos_unless_asked_for(recording, store, tmp_path):
    job = CameraJob(recording, store, store.cameras[0], START)
    run = process_recording(job, Onlooker())
    spread = {}
    for name, show_faces in (("blurred", False), ("shown", True)):
        write_annotated(tmp_path / f"{name}.mp4", job, run, show_faces=show_faces)
        pictures = [frame.image for frame in read_frames(tmp_path / f"{name}.mp4")]
        spread[name] = float(pictures[len(pictures) // 2][HEAD].std())
    assert spread["blurred"] < 0.4 * spread["shown"]


def test_on_live_streams(recording, store, judged):
    onlooker = Onlooker()
    stretch = LiveStretch(store, store.cameras[0], START, 10.0, onlooker, StretchRules())
    for frame in read_frames(recording):
        stretch.take(frame)
        list(stretch.look(frame.time_s))
    list(stretch.finish(3.0))
    assert onlooker.looked == 30
    assert onlooker.brightest == 0
    assert judged
    assert max(judged) == 0
