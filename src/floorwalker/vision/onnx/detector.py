"""People found by a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.runs import hash_file
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.onnx.letterbox import Letterbox
from floorwalker.vision.onnx.onnxruntime_session import OnnxRuntimeSession
from floorwalker.vision.onnx.openvino_session import OpenVinoSession
from floorwalker.vision.onnx.session import Engine, Precision, Request, Session

SCORE_THRESHOLD = 0.35
OVERLAP_THRESHOLD = 0.45
SMALLEST_SIDE_PX = 2.0


class OnnxDetector:
    """Finds people with a network of a known head; implements `vision.detector.OverlappingDetector`.

    Args:
        session: the network.
        fingerprint: name and content of the network and everything that decides what it finds.
        score_threshold: lowest score to report, 0 to 1; lower finds more people and more false ones.
    """

    def __init__(self, session: Session, fingerprint: str, score_threshold: float = SCORE_THRESHOLD) -> None:
        self._session = session
        self._fingerprint = fingerprint
        self._threshold = score_threshold
        self._idle: list[Request] = []
        self._letterbox: Letterbox | None = None

    @classmethod
    def load(
        cls,
        path: Path,
        frame_size: tuple[int, int],
        score_threshold: float = SCORE_THRESHOLD,
        input_size: tuple[int, int] | None = None,
        precision: Precision = "auto",
        threads: int | None = None,
        person_class: int | None = None,
        engine: Engine = "openvino",
        free_size: tuple[int, int] | None = None,
        at_once: int | None = None,
    ) -> OnnxDetector:
        """Load a network for frames of one size.

        Args:
            path: an .onnx file.
            frame_size: width and height of the frames.
            score_threshold: lowest score to report.
            input_size: width and height of the network's input; default: its own, or chosen by the frames.
            precision: `auto` is `bf16` where the processor has it, else `f32`; for `openvino` only.
            threads: threads of the engine; default: one a core.
            person_class: which of the network's classes is a person; default: its family's.
            engine: `openvino` for the CPU, `onnxruntime` for graphics processors.
            free_size: input size of a network that takes any; default: one of the frames' shape.
            at_once: pictures that share the threads at one time; default: one a thread; for `openvino` only.

        Raises:
            InputError: the file cannot be read, its shapes are not understood, or the engine is not
                installed.
        """
        session: Session
        if engine == "onnxruntime":
            session = OnnxRuntimeSession(path, frame_size, input_size, threads, person_class, free_size)
        else:
            session = OpenVinoSession(
                path, frame_size, input_size, precision, threads, person_class, free_size, at_once
            )
        return cls(session, _fingerprint(path, session, score_threshold), score_threshold)

    @property
    def fingerprint(self) -> str:
        """Name, content, family, input size, threshold and precision."""
        return self._fingerprint

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        return self._session.input_size

    @property
    def ahead(self) -> int:
        """Frames worth having under way: one a thread of the engine, and one that waits for the next free."""
        return self._session.parallel + 1

    def prepare(self, samples: Iterable[Frame]) -> None:
        """A network needs no look ahead; the samples are not read."""

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame, best score first."""
        return self.begin(frame).result()

    def begin(self, frame: Frame) -> OnnxPending:
        """Begin to look for the people in one frame; does not wait."""
        if self._letterbox is None or self._letterbox.frame_size != frame.size:
            head = self._session.head
            self._letterbox = Letterbox.fit(head.feed.placement, frame.size, self._session.input_size)
            self._idle = []  # what is beside the frame would be left over from the other size
        request = self._idle.pop() if self._idle else self._session.request()
        self._letterbox.paint(frame, request.canvas)
        request.start()
        return OnnxPending(self, request, self._letterbox)

    def finish(self, request: Request, letterbox: Letterbox) -> Detections:
        """Wait for a request that was begun, and say whom it found."""
        head = self._session.head
        boxes, scores = head.decode(request.wait(), self._threshold)
        if letterbox is self._letterbox:
            self._idle.append(request)
        # A broken network must not end the camera: what is no number is nobody.
        sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
        boxes, scores = boxes[sound], scores[sound]
        if not len(boxes):
            return Detections.empty()
        order = (
            suppress(boxes, scores, OVERLAP_THRESHOLD) if head.repeats else np.argsort(-scores, kind="stable")
        )
        found = letterbox.to_frame(boxes[order])
        big = np.all(found[:, 2:] - found[:, :2] >= SMALLEST_SIDE_PX, axis=1)
        return Detections.from_boxes(found[big], np.clip(scores[order][big], 0, 1))


@dataclass(frozen=True, slots=True)
class OnnxPending:
    """A frame that is being looked at; implements `vision.detector.Pending`.

    Attributes:
        detector: whose.
        request: what is under way.
        letterbox: where the frame lies in the network's input.
    """

    detector: OnnxDetector
    request: Request
    letterbox: Letterbox

    def result(self) -> Detections:
        """The people, best score first; waits for them. To be asked once."""
        return self.detector.finish(self.request, self.letterbox)


def suppress(
    boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], overlap: float
) -> npt.NDArray[np.intp]:
    """Which of overlapping boxes to keep: the best of each heap.

    Args:
        boxes: (n, 4) x1, y1, x2, y2.
        scores: (n,).
        overlap: intersection over union from which two boxes are of one person; raising it keeps more
            doubles.

    Returns:
        Indices, best score first.
    """
    xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(xywh.astype(np.float64), scores, 0.0, overlap)  # type: ignore[arg-type]
    return np.asarray(kept, dtype=np.intp).reshape(-1)


def _fingerprint(path: Path, session: Session, threshold: float) -> str:
    width, height = session.input_size
    head = session.head
    return (
        f"{path.stem} sha256:{hash_file(path)} {head.family} {width}x{height} score>={threshold:g} "
        f"{session.precision}"
    )
