"""Which code makes the events: the version alone does not tell while the code is being changed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import floorwalker

_ROOMS = ("site", "video", "vision", "tracking", "journeys", "identity", "pipeline")


@cache
def code_fingerprint() -> str:
    """Version and digest of the sources on the way from video to events.

    Two versions of the code may give other events for the same recording; with the same event ids those
    would be conflicts. So every change of these rooms makes another run, which supersedes the earlier one.
    """
    package = Path(floorwalker.__file__).parent
    digest = hashlib.sha256()
    for source in sorted(path for room in _ROOMS for path in (package / room).rglob("*.py")):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes())
    return f"{floorwalker.__version__}+{digest.hexdigest()[:12]}"
