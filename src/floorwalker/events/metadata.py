"""An event's metadata: three keys of the contract, any others beside them."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from floorwalker.events.event import EventError
from floorwalker.events.names import MAX_NAME_LENGTH

MAX_QUEUE_DEPTH = 10_000
MAX_NESTING = 32  # whoever reads it later has a stack of their own
_KEYS = {"queue_depth": int, "session_seq": int, "sku_zone": str}
_NOTHING: dict[str, Any] = dict.fromkeys(("queue_depth", "sku_zone", "session_seq"))
_ENCODER = msgspec.json.Encoder(order="deterministic")


class MetadataFacts(NamedTuple):
    """What is kept of an event's metadata.

    Attributes:
        queue_depth: people ahead in the queue.
        group_id: the group they came in with, as text.
        text: all of it as JSON, keys sorted, so that equal metadata are equal texts.
    """

    queue_depth: int | None
    group_id: str | None
    text: str


def check_metadata(metadata: dict[str, Any] | None) -> dict[str, Any]:
    """Fill in the three keys of the contract and check their types.

    Raises:
        EventError: a key has the wrong type or range, or it is nested too deeply.
    """
    merged = _NOTHING | (metadata or {})
    for key, kind in _KEYS.items():
        value = merged[key]
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise EventError("schema", f"metadata.{key} must be {kind.__name__} or null, got {value!r:.60}")
    depth = merged["queue_depth"]
    if depth is not None and not 0 <= depth <= MAX_QUEUE_DEPTH:
        raise EventError("range", f"metadata.queue_depth must be 0 to {MAX_QUEUE_DEPTH}, got {depth}")
    if len(merged) > len(_NOTHING):
        _check_nesting(merged)
    return merged


def completed(metadata: dict[str, Any]) -> dict[str, Any]:
    """With the three keys of the contract, None where they are missing."""
    return _NOTHING | metadata


def facts_of(metadata: dict[str, Any]) -> MetadataFacts:
    """What is kept of metadata that was checked."""
    group = metadata.get("group_id")
    if group is not None:
        group = str(group).replace("\0", "")[:MAX_NAME_LENGTH]  # no text of a database holds a NUL
    return MetadataFacts(metadata.get("queue_depth"), group, _ENCODER.encode(metadata).decode())


def _check_nesting(metadata: dict[str, Any]) -> None:
    level: list[Any] = [metadata]
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise EventError("schema", f"metadata may be nested {MAX_NESTING} levels deep at most")
