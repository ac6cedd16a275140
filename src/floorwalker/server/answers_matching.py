"""The shapes of re-entry matching, for the description of the API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from floorwalker.server.answers import Shape, Utc

_EXAMPLE: dict[str, Any] = {
    "day_id": "2026-03-03",
    "store_id": "nc0009",
    "entry_id": "e-1042",
    "timestamp": "2026-03-03T14:22:10Z",
    "direction": "exit",
    "camera": "CAM_ENTRY_01",
    "images": ["s3://crops/e-1042/0.jpg"],
    "embeddings": [[0.8, 0.6, 0.1], [0.7, 0.7, 0.1]],
    "attrs": {"upper_colour": {"black": 0.8, "blue": 0.2}, "bag": "rucksack"},
}


class MatchRequest(Shape):
    """A crossing of a door as a burst of image vectors."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": _EXAMPLE})

    day_id: str = Field(description="The store's local day, 2026-03-03.")
    store_id: str = Field(min_length=1, max_length=200)
    entry_id: str = Field(min_length=1, max_length=200, description="Its name, unique over days and stores.")
    timestamp: str = Field(description="When, ISO-8601 with a zone, of that day.")
    direction: Literal["entry", "exit"]
    camera: str = Field(min_length=1, max_length=200)
    images: list[str] = Field([], max_length=1000, description="Where the crops lie.")
    embeddings: list[list[float]] = Field(
        min_length=1, max_length=1000, description="N vectors of D numbers, the first picture first."
    )
    attrs: dict[str, Any] = Field(
        {}, description="By field: a label, a number, a truth value, labels, or {label: confidence}."
    )
    alert_id: str | None = Field(None, max_length=200)
    topk: int | None = Field(None, ge=1, le=1000, description="Most candidates to name; decides nothing.")
    persist: bool = Field(True, description="Whether the entry is kept; false only asks.")


class MatchCandidate(Shape):
    """A person whom the entry may be."""

    person_id: str
    entry_id: str = Field(description="Their most similar entry.")
    score: float = Field(ge=-1, le=1)


class MatchTold(Shape):
    """Who an entry is."""

    ok: Literal[True]
    entry_id: str
    timestamp: Utc
    direction: Literal["entry", "exit"]
    camera: str
    images: list[str]
    embeddings: list[list[float]]
    status: Literal["match", "new", "review"]
    match_id: str | None = Field(description="The earlier entry that it is most similar to.")
    person_id: str
    score: float = Field(ge=-1, le=1, description="Cosine to the most similar person; -1: there is none.")
    score2: float = Field(ge=-1, le=1, description="To the next other person; -1: there is none.")
    reason: str | None = Field(
        description="near_tie, twice, told_apart or two_places, and after a colon the same for people."
    )
    candidates: list[MatchCandidate]


class RebuildTold(Shape):
    """What was read again."""

    ok: Literal[True]
    count: int = Field(ge=0, description="Entries that were encoded anew.")
    swept: int = Field(ge=0, description="Entries whose vectors retention took.")
    buckets: int = Field(ge=0, description="Stores of that day.")


class ComparedEntry(Shape):
    """What is known of one of the two."""

    entry_id: str
    day_id: str
    store_id: str
    timestamp: Utc
    direction: Literal["entry", "exit"]
    camera: str
    alert_id: str | None
    images: list[str]
    attrs: dict[str, Any]
    person_id: str = Field(description="As it was answered; edits may have moved the entry since.")


class CompareTold(Shape):
    """How alike two entries are."""

    ok: Literal[True]
    cosine: float = Field(ge=-1, le=1)
    agreement: float | None = Field(
        ge=0, le=1, description="Of their attributes; null where there is no schema or none is known of both."
    )
    entry_a: ComparedEntry
    entry_b: ComparedEntry


class EditTold(Shape):
    """One thing a person did."""

    number: int = Field(ge=1, description="Place in the log of the store's day; `undoes` names it.")
    kind: str
    by: str
    at: Utc
    entries: list[str]
    person: str | None
    other: str | None
    text: str | None
    undoes: int | None
    undone: bool


class EditMade(EditTold):
    """The edit as it was written down; a split says whom it made."""

    ok: Literal[True]


class EditList(Shape):
    """All edits of a store's day."""

    ok: Literal[True]
    day_id: str
    store_id: str
    edits: list[EditTold]


def match_request() -> dict[str, Any]:
    """The example of what is sent."""
    return dict(_EXAMPLE)


def match_examples() -> dict[tuple[str, str], Any]:
    """An answer of each call."""
    made = {
        "number": 3,
        "kind": "merge",
        "by": "asha",
        "at": "2026-03-03T15:00:00Z",
        "entries": [],
        "person": "nc0009-0001",
        "other": "nc0009-0002",
        "text": None,
        "undoes": None,
        "undone": False,
    }
    entry = {
        name: _EXAMPLE[name] for name in ("day_id", "store_id", "timestamp", "camera", "images", "attrs")
    }
    entry |= {"direction": "exit", "alert_id": None, "person_id": "nc0009-0001", "vectors": 2, "dimension": 3}
    return {
        ("POST", "/match"): {
            "ok": True,
            **{name: _EXAMPLE[name] for name in ("entry_id", "timestamp", "direction", "camera", "images")},
            "embeddings": _EXAMPLE["embeddings"],
            "status": "match",
            "match_id": "e-1017",
            "person_id": "nc0009-0001",
            "score": 0.93,
            "score2": 0.41,
            "reason": None,
            "candidates": [{"person_id": "nc0009-0001", "entry_id": "e-1017", "score": 0.93}],
        },
        ("POST", "/rebuild"): {"ok": True, "count": 1042, "swept": 0, "buckets": 1},
        ("GET", "/compare"): {
            "ok": True,
            "cosine": 0.93,
            "agreement": 0.8,
            "entry_a": {**entry, "entry_id": "e-1017"},
            "entry_b": {**entry, "entry_id": "e-1042"},
        },
        ("POST", "/reid/edits"): {"ok": True, **made},
        ("GET", "/reid/edits"): {
            "ok": True,
            "day_id": "2026-03-03",
            "store_id": "nc0009",
            "edits": [made],
        },
    }
