"""The matcher over a day's recordings, by the rules of `/match`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.rules import Rules
from floorwalker.journeys.day_matches import SameVisitor
from floorwalker.pipeline.day_matching import same_visitors

KEY = BucketKey("2026-03-03", "s")
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
ASHA, BEN = np.eye(4)[0], np.eye(4)[1]


@dataclass
class Seen:
    event_id: str
    visitor_id: str


@dataclass
class Run:
    events: list[Seen]


def entry(name: str, minute: int, who: np.ndarray, direction: Direction, camera: str = "front") -> Entry:
    at = AT + timedelta(minutes=minute)
    return Entry(KEY, name, at, direction, camera, who[np.newaxis].astype(np.float32))


def test_who_crosses_another_door_is_who_they_were() -> None:
    """Asha comes in by the front, leaves by the back, and comes again; Ben only comes."""
    entries = [
        entry("e3", 50, ASHA, Direction.ENTRY),
        entry("e1", 0, ASHA, Direction.ENTRY),
        entry("b1", 5, BEN, Direction.ENTRY),
        entry("e2", 20, ASHA + 0.2 * BEN, Direction.EXIT, "back"),
    ]
    runs = [
        Run([Seen("e1", "VIS_1"), Seen("b1", "VIS_2"), Seen("e3", "VIS_3")]),
        Run([Seen("e2", "VIS_9")]),
    ]
    matcher = Matcher(MemoryStore(), MeanEncoder(), Rules(0.7, 0.02))
    found = same_visitors(runs, entries, matcher, lambda cosine: 0.9)  # type: ignore[arg-type]
    odds = np.log(9)
    assert [(each.earlier, each.later) for each in found] == [("VIS_1", "VIS_9"), ("VIS_1", "VIS_3")]
    assert all(abs(each.log_odds - odds) < 1e-9 for each in found)
    assert isinstance(found[0], SameVisitor)


def test_a_near_tie_is_no_match() -> None:
    """Somebody between two people: a human would be asked, and here nobody is."""
    entries = [
        entry("a", 0, ASHA, Direction.ENTRY),
        entry("b", 5, BEN, Direction.ENTRY),
        entry("c", 30, (ASHA + BEN) / np.sqrt(2), Direction.EXIT),
    ]
    runs = [Run([Seen("a", "VIS_1"), Seen("b", "VIS_2"), Seen("c", "VIS_3")])]
    matcher = Matcher(MemoryStore(), MeanEncoder(), Rules(0.6, 0.02))
    assert same_visitors(runs, entries, matcher, lambda cosine: 0.9) == []  # type: ignore[arg-type]


def test_nobody_leaves_twice_without_coming_in_between() -> None:
    entries = [entry("a", 0, ASHA, Direction.EXIT), entry("b", 30, ASHA, Direction.EXIT)]
    runs = [Run([Seen("a", "VIS_1"), Seen("b", "VIS_2")])]
    matcher = Matcher(MemoryStore(), MeanEncoder(), Rules(0.7, 0.02))
    assert same_visitors(runs, entries, matcher, lambda cosine: 0.9) == []  # type: ignore[arg-type]
