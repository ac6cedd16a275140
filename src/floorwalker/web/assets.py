"""What the pages load: style sheets, scripts, and Plotly, all from this machine."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

import plotly.offline

PREFIX = "/ui/static"
PLOTLY = "plotly.min.js"
_SMALLEST_GZIP = 512
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent.

    Attributes:
        content: its bytes.
        compressed: the same, gzipped; None where that saves nothing.
        media_type: for the header.
        etag: quoted, changes with the content.
    """

    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str


class Assets:
    """The files under `web/static` and Plotly, under addresses that change when their content does.

    So browsers may keep them for ever. Files are read once; Plotly is compressed when first asked for.
    """

    def __init__(self) -> None:
        self._files = dict(_read_static())
        digest = hashlib.sha256()
        for name in sorted(self._files):
            digest.update(name.encode() + b"\0" + self._files[name])
        self._version = digest.hexdigest()[:12]
        self._plotly = str(plotly.offline.get_plotlyjs()).encode()
        self._plotly_version = hashlib.sha256(self._plotly).hexdigest()[:12]
        self._made: dict[str, Asset] = {}  # bounded by the files there are
        self._lock = threading.Lock()

    @property
    def plotly_url(self) -> str:
        """Address of Plotly's script."""
        return f"{PREFIX}/{self._plotly_version}/{PLOTLY}"

    @property
    def modules(self) -> list[str]:
        """Names of the ES modules, so that a page can ask for all of them at once."""
        return sorted(name for name in self._files if name.endswith(".js") and name != "js/theme.js")

    def url(self, name: str) -> str:
        """Address of a file.

        Args:
            name: path below `static`, for example `css/tokens.css`.

        Raises:
            KeyError: there is no such file.
        """
        if name not in self._files:
            raise KeyError(name)
        return f"{PREFIX}/{self._version}/{name}"

    def find(self, version: str, name: str) -> tuple[Asset, bool] | None:
        """The file at an address below the prefix.

        Args:
            version: first part of the address; an outdated one still finds the file as it is now.
            name: the rest of the address.

        Returns:
            The file, and whether the address is the current one; None where there is no such file.
        """
        if name == PLOTLY:
            content, current = self._plotly, self._plotly_version
        elif name in self._files:
            content, current = self._files[name], self._version
        else:
            return None
        with self._lock:
            if name not in self._made:
                self._made[name] = _make(name, content)
            return self._made[name], version == current


def _read_static() -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    pending = [(resources.files("floorwalker.web") / "static", PurePosixPath())]
    while pending:
        folder, path = pending.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                pending.append((entry, path / entry.name))
            else:
                found.append((str(path / entry.name), entry.read_bytes()))
    return found


def _make(name: str, content: bytes) -> Asset:
    suffix = PurePosixPath(name).suffix
    media_type = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    compressed = gzip.compress(content, 6, mtime=0) if len(content) >= _SMALLEST_GZIP else None
    if compressed is not None and len(compressed) >= len(content):
        compressed = None
    return Asset(content, compressed, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
