"""Recordings and runs: what was filmed, and one processing of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a recording that shows nothing usable.

    Attributes:
        start_s: seconds from the recording's start.
        end_s: seconds from the recording's start.
        reason: for example `missing frames`, `black`, `truncated`.
    """

    start_s: float
    end_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A stretch of one camera.

    Attributes:
        store_id: the store.
        camera_id: the camera.
        start_utc: time of presentation time 0.
        duration_s: length in seconds of presentation time.
        content_hash: sha256 of the file.
        gaps: where nothing usable was filmed.
    """

    store_id: str
    camera_id: str
    start_utc: datetime
    duration_s: float
    content_hash: str
    gaps: tuple[Gap, ...] = ()

    @property
    def recording_id(self) -> str:
        """Name of the recording: 32 hex digits of its store, camera and content.

        The start is no part of it: the same file with a corrected start is the same recording, whose new run
        takes the place of the old one, so that nobody is counted twice.
        """
        return _digest([self.store_id, self.camera_id, self.content_hash])


@dataclass(frozen=True, slots=True)
class Run:
    """One processing of one recording.

    Attributes:
        recording_id: what was processed.
        code_version: Floorwalker's version.
        detector: the detector's name and fingerprint.
        config_hash: hash of everything that decides the outcome, the recording's start included (see
            `hash_configuration`).
    """

    recording_id: str
    code_version: str
    detector: str
    config_hash: str

    @property
    def run_id(self) -> str:
        """Name of the run: the same recording and configuration give the same run."""
        return _digest([self.recording_id, self.config_hash])


def hash_configuration(parts: dict[str, object]) -> str:
    """Hash of a configuration: 32 hex digits, independent of the keys' order.

    Args:
        parts: JSON-like values; everything that decides the outcome belongs in.
    """
    return _digest(parts)


def hash_file(path: Path) -> str:
    """sha256 of a file's content, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:32]
