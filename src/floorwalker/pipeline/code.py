"""Which code makes the events: the version alone does not tell while the code is being changed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import floorwalker

_ROOMS = ("site", "video", "vision", "tracking", "journeys", "identity", "pipeline")


@cache
def code_fingerprint(rooms: tuple[str, ...] = _ROOMS) -> str:
    """Version and digest of the sources on the way from video to events.

    Two versions of the code may give other events for the same recording; with the same event ids those
    would be conflicts. So every change of these rooms makes another run, which supersedes the earlier one.

    Args:
        rooms: folders or modules of the package; default: all on that way.
    """
    package = Path(floorwalker.__file__).parent
    digest = hashlib.sha256()
    for source in sorted(path for room in rooms for path in _sources(package / room)):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes())
    return f"{floorwalker.__version__}+{digest.hexdigest()[:12]}"


def _sources(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("*.py"))
