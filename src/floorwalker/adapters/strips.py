"""Strips: a burst's thumbnails side by side in one picture, so that a page asks once an entry."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

from PIL import Image

from floorwalker.adapters.thumbnails import Thumbnail

_GAP_PX = 2
_QUALITY = 80
_GROUND = (128, 128, 128)


def strip_of(thumbnails: Sequence[Thumbnail]) -> Thumbnail:
    """The thumbnails from left to right, on grey.

    Args:
        thumbnails: at least one.
    """
    pictures = [Image.open(io.BytesIO(each.content)) for each in thumbnails]
    height = max(picture.height for picture in pictures)
    width = sum(picture.width for picture in pictures) + _GAP_PX * (len(pictures) - 1)
    strip = Image.new("RGB", (width, height), _GROUND)
    left = 0
    for picture in pictures:
        strip.paste(picture, (left, 0))
        left += picture.width + _GAP_PX
    written = io.BytesIO()
    strip.save(written, "JPEG", quality=_QUALITY)
    content = written.getvalue()
    return Thumbnail(content, hashlib.sha256(content).hexdigest()[:24])
