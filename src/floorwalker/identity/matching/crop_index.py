"""Crops of known people to a manifest: bursts with their persons, to train and to calibrate on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import NOBODY
from floorwalker.identity.matching.entry import BucketKey, Direction, Vectors
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, ManifestPerson

_NEEDED = "person_id"
_STEP = timedelta(seconds=30)


def manifest_from_index(
    key: BucketKey, rows: Sequence[Mapping[str, str]], vectors: Vectors, burst: int
) -> Manifest:
    """Cut each person's crops of a camera into bursts, in the order of the index.

    Crops carry no time of their own, so the bursts stand half a minute apart, person after person.

    Args:
        key: the store's day that the manifest shall be of.
        rows: of each crop `person_id`, `path` and, where there are several, `camera`.
        vectors: (crops, D) of the same crops.
        burst: most crops of a burst. Raised, there are fewer entries a person.

    Raises:
        InputError: a crop has no person.
    """
    groups: dict[str, dict[str, list[int]]] = {}
    for number, row in enumerate(rows):
        person = row.get(_NEEDED, "")
        if not person:
            raise InputError(f"the index does not say whose crop {row.get('path', number)!r} is ({_NEEDED})")
        groups.setdefault(person, {}).setdefault(row.get("camera") or "camera", []).append(number)
    moment = datetime.fromisoformat(key.day_id).replace(hour=10, tzinfo=UTC)
    people = []
    for person, cameras in groups.items():
        events = []
        for camera, numbers in cameras.items():
            for start in range(0, len(numbers), burst):
                chosen = numbers[start : start + burst]
                entry_id = f"{person}-{camera}-{start // burst + 1}"
                images = tuple(rows[number]["path"] for number in chosen)
                events.append(
                    ManifestEvent(
                        entry_id, moment, Direction.ENTRY, camera, None, images, NOBODY, NOBODY, {},
                        vectors[chosen],
                    )
                )  # fmt: skip
                moment += _STEP
        people.append(ManifestPerson(person, events[0].timestamp, tuple(events)))
    return Manifest(key, tuple(people))
