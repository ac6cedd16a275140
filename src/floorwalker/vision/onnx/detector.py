"""People found by a network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from floorwalker.runs import hash_file
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.onnx.letterbox import Letterbox
from floorwalker.vision.onnx.session import OpenVinoSession, Precision, Session

SCORE_THRESHOLD = 0.35
OVERLAP_THRESHOLD = 0.45
SMALLEST_SIDE_PX = 2.0


class OnnxDetector:
    """Finds people with a network of a known head.

    Args:
        session: the network.
        fingerprint: name and content of the network and everything that decides what it finds.
        score_threshold: lowest score to report, 0 to 1; lower finds more people and more false ones.
    """

    def __init__(self, session: Session, fingerprint: str, score_threshold: float = SCORE_THRESHOLD) -> None:
        self._session = session
        self._fingerprint = fingerprint
        self._threshold = score_threshold

    @classmethod
    def load(
        cls,
        path: Path,
        frame_size: tuple[int, int],
        score_threshold: float = SCORE_THRESHOLD,
        input_size: tuple[int, int] | None = None,
        precision: Precision = "f32",
    ) -> OnnxDetector:
        """Load a network for frames of one size on OpenVINO.

        Args:
            path: an .onnx file.
            frame_size: width and height of the frames.
            score_threshold: lowest score to report.
            input_size: width and height of the network's input; default: its own, or chosen by the frames.
            precision: `f32` or `bf16`.

        Raises:
            InputError: the file cannot be read or its shapes are not understood.
        """
        session = OpenVinoSession(path, frame_size, input_size, precision)
        width, height = session.input_size
        fingerprint = (
            f"{path.stem} sha256:{hash_file(path)} {width}x{height} score>={score_threshold:g} {precision}"
        )
        return cls(session, fingerprint, score_threshold)

    @property
    def fingerprint(self) -> str:
        """Name, content, input size, threshold and precision."""
        return self._fingerprint

    def prepare(self, samples: Iterable[Frame]) -> None:
        """A network needs no look ahead; the samples are not read."""

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame, best score first."""
        height, width = frame.image.shape[:2]
        head = self._session.head
        box = Letterbox.fit(head.kind, (width, height), self._session.input_size)
        raw, scores = head.decode(self._session.run(box.batch(frame.image, head.kind)), self._threshold)
        if not len(raw):
            return Detections.empty()
        xywh = np.concatenate([raw[:, :2], raw[:, 2:] - raw[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), self._threshold, OVERLAP_THRESHOLD)
        order = np.asarray(kept, dtype=np.intp).reshape(-1)
        boxes = box.to_frame(raw[order], (width, height))
        big = np.all(boxes[:, 2:] - boxes[:, :2] >= SMALLEST_SIDE_PX, axis=1)
        return Detections.from_boxes(boxes[big], np.clip(scores[order][big], 0, 1))
