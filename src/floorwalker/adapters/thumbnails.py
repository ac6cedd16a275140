"""Thumbnails: images small enough for a page of hundreds, made once and kept for a while."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image, ImageOps

from floorwalker.adapters.image_places import ImageError
from floorwalker.adapters.images import FORMATS, ImageSource

LEAST_PX, MOST_PX = 16, 512
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small image.

    Attributes:
        content: a JPEG file.
        etag: another one for another content.
    """

    content: bytes
    etag: str
    media_type: str = "image/jpeg"


class Thumbnails:
    """Makes and keeps thumbnails; what was asked for longest ago goes first.

    Args:
        images: where the images come from.
        most_bytes: how much is kept.
    """

    def __init__(self, images: ImageSource, most_bytes: int = 64_000_000) -> None:
        self._images = images
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, int], Thumbnail] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """How much is kept now."""
        return self._held

    def get(self, uri: str, height_px: int) -> Thumbnail:
        """The thumbnail of an image.

        Args:
            uri: of the image.
            height_px: no higher than this, and no wider than twice it; brought into 16 to 512.

        Raises:
            ImageError: the image may not be read, is not there, too large, or none.
        """
        key = (uri, min(max(height_px, LEAST_PX), MOST_PX))
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make_thumbnail(self._images.read(uri), key[1], uri)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._held += len(made.content)
            while self._held > self._most_bytes and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._held -= len(gone.content)
        return made

    def forget(self) -> None:
        """Keep nothing: pictures of people go when the images go."""
        with self._lock:
            self._kept.clear()
            self._held = 0


def make_thumbnail(content: bytes, height_px: int, name: str) -> Thumbnail:
    """Make a JPEG of an image, turned as its file says and without what else the file tells.

    Args:
        content: an image file whose size was checked.
        height_px: no higher than this, and no wider than twice it; smaller images stay as they are.
        name: for the message.

    Raises:
        ImageError: `no_image`: it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.draft("RGB", (2 * height_px, height_px))  # a JPEG is decoded no larger than needed
            small = ImageOps.exif_transpose(image.convert("RGB"))
            small.thumbnail((2 * height_px, height_px))
            written = io.BytesIO()
            small.save(written, "JPEG", quality=_QUALITY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError("no_image", f"{name[:120]!r} is damaged: {error}") from error
    result = written.getvalue()
    return Thumbnail(result, hashlib.sha256(result).hexdigest()[:24])
