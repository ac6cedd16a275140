"""Where images may lie: an address that a client wrote must not read what the server alone can see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from floorwalker.errors import InputError, WorkError

_LONGEST = 2000
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WEB = ("http", "https")


class ImageError(WorkError):
    """An image that is not shown, and why.

    Attributes:
        code: `refused`, `missing`, `too_large`, `no_image` or `unreachable`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """Where one image lies, checked.

    Attributes:
        scheme: `file`, `http`, `https`, or one that fsspec knows, such as `gs` or `s3`.
        address: the path of a file; of others the whole address.
    """

    scheme: str
    address: str


@dataclass(frozen=True, slots=True)
class ImagePlaces:
    """The folders, buckets and addresses that images are read from; nothing else is.

    Attributes:
        folders: absolute, without links in them.
        prefixes: beginnings of addresses, each up to a `/`: `gs://bucket/crops/`, `https://host/`.
    """

    folders: tuple[Path, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, places: Sequence[str | Path]) -> ImagePlaces:
        """Read what the settings name.

        Args:
            places: folders, as paths or `file://…`, and beginnings of addresses, such as `gs://bucket/crops`.

        Raises:
            InputError: neither of both.
        """
        folders, prefixes = [], []
        for place in places:
            scheme, rest = _split(str(place))
            if scheme == "file":
                folders.append(Path(rest).resolve())
            elif not rest.strip("/") or _leads_elsewhere(scheme, rest):
                raise InputError(f"expected a place of images such as gs://bucket/crops, got {str(place)!r}")
            else:
                prefixes.append(f"{scheme}://{rest.rstrip('/')}/")
        return cls(tuple(folders), tuple(prefixes))

    def and_also(self, more: ImagePlaces) -> ImagePlaces:
        """Both, the others' folders first."""
        return ImagePlaces((*more.folders, *self.folders), (*more.prefixes, *self.prefixes))

    def check(self, uri: str) -> Place:
        """Where an image lies, if it may be read.

        Args:
            uri: a path, relative to the first folder where it is not absolute, or an address.

        Raises:
            ImageError: `refused`.
        """
        if not 0 < len(uri) <= _LONGEST or any(ord(sign) < 32 or ord(sign) == 127 for sign in uri):
            raise ImageError("refused", "expected the address of an image, at most 2,000 characters")
        scheme, rest = _split(uri)
        if scheme == "file":
            return Place("file", str(self._file(rest, uri)))
        address = f"{scheme}://{rest}"
        if _leads_elsewhere(scheme, rest) or not address.startswith(self.prefixes):
            raise self._refused(uri)
        return Place(scheme, address)

    def _file(self, path: str, uri: str) -> Path:
        asked = Path(path)
        if not asked.is_absolute() and self.folders:
            asked = self.folders[0] / asked
        try:
            found = asked.resolve()
        except (OSError, RuntimeError) as error:  # a ring of links
            raise self._refused(uri) from error
        if not any(found.is_relative_to(folder) for folder in self.folders):
            raise self._refused(uri)
        return found

    def _refused(self, uri: str) -> ImageError:
        listed = ", ".join([*map(str, self.folders), *self.prefixes]) or "nothing"
        return ImageError(
            "refused",
            f"{uri[:120]!r} does not lie where images may be read from ({listed}); "
            "FLOORWALKER_IMAGE_PLACES names more",
        )


def _split(uri: str) -> tuple[str, str]:
    """Scheme and what follows it; `file` and a path where there is no scheme."""
    found = _SCHEME.match(uri)
    if found is None:
        return "file", uri
    scheme, rest = found[1].lower(), uri[found.end() :]
    if scheme == "file":
        return "file", unquote(urlsplit(uri).path)
    if scheme in _WEB:  # a host is the same however it is written
        host, slash, path = rest.partition("/")
        return scheme, host.lower() + slash + path
    return scheme, rest


def _leads_elsewhere(scheme: str, rest: str) -> bool:
    """Whether an address goes up again, however that is written, or on to another store, as fsspec's may."""
    if scheme not in _WEB and "::" in rest:
        return True
    path = re.split(r"[?#]", rest)[0]
    for _ in range(2):
        path = unquote(path)
    return any(part in (".", "..") for part in re.split(r"[/\\]", path))
