"""Images by their address: only from where they may be read, never larger than they may be."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import BinaryIO, Protocol
from urllib.parse import urljoin

import fsspec
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from floorwalker import __version__
from floorwalker.adapters.image_places import ImageError, ImagePlaces, Place
from floorwalker.errors import FloorwalkerError
from floorwalker.notify.addresses import Address, Forbidden, parse_address, resolve
from floorwalker.notify.connecting import connected
from floorwalker.settings import Settings

FORMATS = ("JPEG", "PNG", "WEBP")
_REDIRECTS = 3
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """How large an image may be and how long it may take.

    Attributes:
        most_bytes: of the file.
        most_pixels: width times height, checked before anything is decoded.
        private: whether http and https may lead to this machine and to private networks.
        step_s: how long connecting or waiting may each take.
        whole_s: how long an image may take in all.
    """

    most_bytes: int = 8_000_000
    most_pixels: int = 25_000_000
    private: bool = False
    step_s: float = 5.0
    whole_s: float = 15.0


class ImageSource(Protocol):
    """Gives images by their address."""

    def read(self, uri: str) -> bytes:
        """The file of an image, checked, not decoded."""

    def picture(self, uri: str) -> npt.NDArray[np.uint8]:
        """The image as (height, width, 3) uint8, blue-green-red."""


@dataclass(frozen=True, slots=True)
class Images:
    """Reads images from files, over HTTP, and from whatever fsspec knows.

    Args:
        places: where images may lie.
        limits: how large they may be.
    """

    places: ImagePlaces
    limits: ImageLimits = field(default_factory=ImageLimits)

    def read(self, uri: str) -> bytes:
        """The file of an image: of a known format, and no larger than it may be. Nothing is decoded.

        Args:
            uri: a path or an address.

        Raises:
            ImageError: it may not be read, is not there, too large, or no image.
        """
        place = self.places.check(uri)
        if place.scheme == "file":
            content = self._of_file(place)
        elif place.scheme in ("http", "https"):
            content = self._of_web(place)
        else:
            content = self._of_store(place)
        check_image(content, self.limits.most_pixels, uri)
        return content

    def picture(self, uri: str) -> npt.NDArray[np.uint8]:
        """The image as (height, width, 3) uint8, blue-green-red, turned as its file says.

        Raises:
            ImageError: as `read`, or what is in the file cannot be decoded.
        """
        content = self.read(uri)
        try:  # by the library that told its size: another one might find a larger image in the same file
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                rgb = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.uint8)
        except (OSError, ValueError, SyntaxError) as error:
            raise ImageError("no_image", f"{uri[:120]!r} is damaged: {error}") from error
        return np.ascontiguousarray(rgb[:, :, ::-1])

    def _of_file(self, place: Place) -> bytes:
        try:
            # Without waiting: a pipe would have no end, nor does anybody write to it.
            number = os.open(place.address, _READING)
        except OSError as error:
            raise _missing(place, error) from error
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise ImageError("no_image", f"{place.address} is no file")
        with open(number, "rb") as file:
            return self._bounded(file, place)

    def _of_store(self, place: Place) -> bytes:
        try:
            with fsspec.open(place.address, "rb") as file:
                return self._bounded(file, place)
        except ImportError as error:
            raise ImageError("unreachable", f"reading {place.scheme}:// needs more: {error}") from error
        except FileNotFoundError as error:
            raise _missing(place, error) from error
        except ImageError:
            raise
        except Exception as error:  # each kind of store raises its own
            raise ImageError(
                "unreachable", f"{place.address[:200]}: {type(error).__name__}: {error}"
            ) from error

    def _of_web(self, place: Place) -> bytes:
        """By way of at most three redirects, each checked like the first address."""
        for _ in range(_REDIRECTS + 1):
            try:
                address = parse_address(place.address)
                number = resolve(address, private=self.limits.private, setting="FLOORWALKER_IMAGES_PRIVATE")
                found = self._ask(address, number, place)
            except Forbidden as error:
                raise ImageError("refused", str(error)) from error
            except ImageError:
                raise
            except (FloorwalkerError, OSError, HTTPException, ValueError) as error:
                raise ImageError("unreachable", f"{place.address[:200]}: {error}") from error
            if isinstance(found, bytes):
                return found
            place = self.places.check(found)
            if place.scheme not in ("http", "https"):
                raise ImageError("refused", f"{found[:120]!r}: a redirect leads out of the web")
        raise ImageError("unreachable", f"{place.address[:200]}: more than {_REDIRECTS} redirects")

    def _ask(self, address: Address, number: str, place: Place) -> bytes | str:
        """The content, or where else it is said to be."""
        headers = {
            "Host": address.host_header,
            "Accept": "image/*",
            "User-Agent": f"floorwalker/{__version__}",
            "Connection": "close",
        }
        limits = self.limits
        with connected(address, number, limits.step_s, limits.whole_s) as connection:
            connection.request("GET", address.target, headers=headers)
            answer = connection.getresponse()
            moved = answer.getheader("Location")
            if answer.status in _MOVED and moved:
                return urljoin(place.address, moved)
            if answer.status in (404, 410):
                raise ImageError("missing", f"{place.address[:200]} answered {answer.status}")
            if answer.status != 200:
                raise ImageError("unreachable", f"{place.address[:200]} answered {answer.status}")
            content = self._bounded(answer, place)
            if answer.length:  # cut off by the other side, or by our patience
                raise ImageError("unreachable", f"{place.address[:200]} broke off")
            return content

    def _bounded(self, file: BinaryIO | io.BufferedIOBase, place: Place) -> bytes:
        most = self.limits.most_bytes
        parts, held = [], 0
        while held <= most and (part := file.read(min(1 << 20, most + 1 - held))):
            parts.append(part)
            held += len(part)
        if held > most:
            raise ImageError("too_large", f"{place.address[:200]}: expected at most {most:,} bytes")
        return b"".join(parts)


def images_of(settings: Settings) -> Images:
    """The images that the settings allow."""
    return Images(places_of(settings), limits_of(settings))


def places_of(settings: Settings) -> ImagePlaces:
    """The places that the settings name; where they name none, `crops` in the state folder."""
    named = [place.strip() for place in settings.image_places.split(",") if place.strip()]
    return ImagePlaces.of(named or [settings.home / "crops"])


def limits_of(settings: Settings) -> ImageLimits:
    """The limits that the settings name."""
    return ImageLimits(settings.image_bytes, settings.image_pixels, private=settings.images_private)


def check_image(content: bytes, most_pixels: int, name: str) -> str:
    """Look at the head of an image alone.

    Args:
        content: the file.
        most_pixels: width times height that it may have.
        name: for the message.

    Returns:
        Its format: `JPEG`, `PNG` or `WEBP`.

    Raises:
        ImageError: `no_image` or `too_large`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            (width, height), kind = image.size, image.format or ""
    except Image.DecompressionBombError as error:
        raise ImageError("too_large", f"{name[:120]!r}: {error}") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ImageError("no_image", f"{name[:120]!r} is no JPEG, PNG or WebP image") from error
    if width * height > most_pixels:
        raise ImageError(
            "too_large", f"{name[:120]!r} has {width} × {height} pixels; expected at most {most_pixels:,}"
        )
    return kind


def _missing(place: Place, error: OSError) -> ImageError:
    return ImageError("missing", f"{place.address[:200]}: {error.strerror or 'not there'}")
