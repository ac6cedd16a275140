"""A store's day of entries for the review pages, made from real crops; serves tests and benchmarks alike."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from floorwalker.identity.matching.encoder import MEAN_THRESHOLDS
from floorwalker.identity.matching.entry import BucketKey, Direction
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, ManifestPerson
from floorwalker.identity.matching.manifest_json import encode_manifest

KEY = BucketKey("2026-03-02", "nc0009")
OPENS = datetime(2026, 3, 2, 9, tzinfo=UTC)
DIMENSION = 32
_CAMERAS = ("door-north", "door-south", "door-garage")
_BURST = 5
_WITHIN_ENTRY = 0.45
# Two entries of one person have about the cosine of the threshold, so that there is something to ask.
_BETWEEN_ENTRIES = (1 / MEAN_THRESHOLDS.threshold - 1 - _WITHIN_ENTRY**2 / _BURST) ** 0.5


def crops_of(folder: Path) -> list[list[str]]:
    """The crops of each person of `reid-images`, as paths relative to it."""
    found: dict[str, list[str]] = defaultdict(list)
    with (folder / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["person_id"]].append(row["path"])
    return [found[name] for name in sorted(found)]


def make_day(crops: list[list[str]], *, entries: int, seed: int = 1, vectors: bool = True) -> Manifest:
    """A day of about four entries a person, each a burst of five crops and five vectors around the person's.

    Args:
        crops: of each look; there are more persons than looks, so that they repeat.
        entries: how many; every fiftieth is at two doors at once with the one before it.
        seed: of everything.
        vectors: whether they are in it.
    """
    random = np.random.default_rng(seed)
    count = max(1, entries // 4)
    centres = random.normal(size=(count, DIMENSION))
    events: dict[int, list[ManifestEvent]] = defaultdict(list)
    for number in range(entries):
        person = number % count if number < count else int(random.integers(count))
        seconds = 8 * number if number % 50 else 8 * (number - 1) + 1
        look = crops[person % len(crops)]
        burst = [look[int(place)] for place in random.choice(len(look), _BURST, replace=False)]
        seen = centres[person] + random.normal(scale=_BETWEEN_ENTRIES, size=DIMENSION)
        near = seen + random.normal(scale=_WITHIN_ENTRY, size=(_BURST, DIMENSION))
        events[person].append(
            ManifestEvent(
                entry_id=f"e{number:05d}",
                timestamp=OPENS + timedelta(seconds=max(seconds, 0)),
                direction=Direction.ENTRY if number % 3 else Direction.EXIT,
                camera=_CAMERAS[number % len(_CAMERAS)],
                alert_id=None,
                images=tuple(burst),
                score=-1.0 if not events[person] else float(random.uniform(0.8, 0.99)),
                score2=float(random.uniform(0.3, 0.8)),
                attrs={"upper": "jacket", "lower": {"jeans": 0.8, "skirt": 0.2}},
                embeddings=near.astype(np.float32) if vectors else None,
            )
        )
    people = [
        ManifestPerson(f"{KEY.store_id}-{place + 1:04d}", held[0].timestamp, tuple(held))
        for place, held in enumerate(sorted(events.values(), key=lambda held: held[0].timestamp))
    ]
    return Manifest(KEY, tuple(people))


def write_day(manifest: Manifest, path: Path) -> Path:
    """The manifest as a file."""
    path.write_bytes(b"".join(encode_manifest(manifest)))
    return path
