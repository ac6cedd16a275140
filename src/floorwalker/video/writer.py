"""Writing H.264 video that appears under its name only when it is whole."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from floorwalker.errors import InputError, WorkError

_TICKS = 90_000


class VideoWriter:
    """Writes frames to an .mp4, under a temporary name until `close`.

    Use it in a `with` block: an exception inside removes the unfinished file.

    Args:
        path: where the video appears; an existing file is replaced.
        fps: nominal frames a second, for players and rate control; the frames' own times decide.
        crf: quality, 0 to 51; lower looks better and takes more room.

    Raises:
        InputError: the folder does not exist or the name has no extension known as a video.
    """

    def __init__(self, path: Path, fps: float, crf: int = 23) -> None:
        if not path.parent.is_dir():
            raise InputError(f"no such folder to write the video into: {path.parent}")
        if path.is_dir():
            raise InputError(f"expected the name of a video to write, got a folder: {path}")
        self._path = path
        self._partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
        self._rate = Fraction(fps).limit_denominator(1001)
        self._crf = crf
        self._stream: VideoStream | None = None
        self._last_tick = -1
        try:
            self._container: OutputContainer = av.open(str(self._partial), "w")
        except ValueError as error:
            raise InputError(f"cannot tell the video format of {path.name!r}; use .mp4") from error
        except OSError as error:
            raise WorkError(f"cannot write {path}: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, image: npt.NDArray[np.uint8], time_s: float) -> None:
        """Append one frame.

        Args:
            image: (height, width, 3) uint8, blue-green-red; all of one size, odd ones are padded by a pixel.
            time_s: presentation time, growing.

        Raises:
            WorkError: the disk is full or the like; the unfinished file is removed.
        """
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            image = np.asarray(
                cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), dtype=np.uint8
            )
        stream = self._stream or self._start(image.shape[1], image.shape[0])
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
        self._last_tick = max(self._last_tick + 1, round(time_s * _TICKS))
        frame.pts = self._last_tick
        frame.time_base = Fraction(1, _TICKS)
        self._mux(stream, frame)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            WorkError: nothing was written, or the disk is full; the unfinished file is removed.
        """
        if self._stream is None:
            self.discard()
            raise WorkError(f"no frame was written to {self._path}")
        self._mux(self._stream, None)
        try:
            self._container.close()
            self._partial.replace(self._path)
        except OSError as error:
            self.discard()
            raise WorkError(f"cannot finish {self._path}: {error.strerror or error}") from error

    def discard(self) -> None:
        """Remove the unfinished file."""
        with contextlib.suppress(OSError):
            self._container.close()
        self._partial.unlink(missing_ok=True)

    def _start(self, width: int, height: int) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self._rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.options = {"crf": str(self._crf), "preset": "veryfast"}
        self._stream = stream
        return stream

    def _mux(self, stream: VideoStream, frame: VideoFrame | None) -> None:
        try:
            for packet in stream.encode(frame):
                self._container.mux(packet)
        except OSError as error:
            self.discard()
            raise WorkError(f"cannot write {self._path}: {error.strerror or error}") from error
