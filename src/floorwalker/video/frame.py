"""The frame: one picture with its presentation time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Size = tuple[int, int]


class Picture(Protocol):
    """Pixels that are made when somebody asks for them."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        ...

    def whole(self) -> Image:
        """(height, width, 3) uint8, blue-green-red."""
        ...

    def resized(self, size: Size) -> Image:
        """The picture in another size: (height, width, 3) uint8, blue-green-red."""
        ...


class Frame:
    """One picture of a recording.

    A frame from the decoder holds the decoder's planes. Its whole picture in colour is made when somebody
    asks for `image`, once; who needs another size asks for `resized` and spares the way over the whole one.

    Attributes:
        time_s: presentation time in seconds since the recording's start, never a frame count.
        index: position among the decoded frames of the recording, from 0.
    """

    __slots__ = ("_image", "_picture", "index", "time_s")

    def __init__(self, picture: Image | Picture, time_s: float, index: int) -> None:
        """Make a frame.

        Args:
            picture: (height, width, 3) uint8, blue-green-red, or what makes one.
            time_s: presentation time in seconds since the recording's start.
            index: position among the decoded frames of the recording, from 0.
        """
        self._picture: Picture = Painted(picture) if isinstance(picture, np.ndarray) else picture
        self._image: Image | None = None
        self.time_s = time_s
        self.index = index

    @property
    def size(self) -> Size:
        """Width and height in pixels; asking for them makes no picture."""
        return self._picture.size

    @property
    def image(self) -> Image:
        """(height, width, 3) uint8, blue-green-red."""
        if self._image is None:
            self._image = self._picture.whole()
        return self._image

    def at(self, time_s: float) -> Frame:
        """The same picture at a time counted from elsewhere."""
        return Frame(self._picture, time_s, self.index)

    def resized(self, size: Size) -> Image:
        """The picture in another size; made anew each time.

        Args:
            size: width and height wanted, in pixels.

        Returns:
            (height, width, 3) uint8, blue-green-red.
        """
        return self.image if size == self.size else self._picture.resized(size)


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture that is there already; implements `Picture`.

    Attributes:
        image: (height, width, 3) uint8, blue-green-red.
    """

    image: Image

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]

    def whole(self) -> Image:
        """The picture itself, not a copy."""
        return self.image

    def resized(self, size: Size) -> Image:
        """The picture in another size, linearly interpolated."""
        return np.asarray(cv2.resize(self.image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
