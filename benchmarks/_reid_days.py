"""Whole days: the report people come and go, the matcher decides, the manifest is held against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from _reid_data import KEY
from _reid_methods import Compared
from floorwalker.evaluation.partitions import score_partition
from floorwalker.identity.matching.answer import Status
from floorwalker.identity.matching.day_people import people_of_day
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.entry import Direction, Entry
from floorwalker.identity.matching.manifest import manifest_of
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.rules import Rule, Rules

_OPENS = datetime(2026, 3, 3, 9, tzinfo=UTC)
_APART = timedelta(seconds=40)


def day(compared: Compared, seed: int, rule: Rule = Rule.PERSON) -> dict[str, dict[str, float]]:
    """One day in which every report person crosses the door as often as there are entries of them.

    They come in a drawn order, a crossing each forty seconds, in and out by turns, all at one door.

    Args:
        compared: the report people, with their encoder and calibration.
        seed: of the order.
        rule: what the lead is measured against.

    Returns:
        `order` (as `/match` decided) and `global` (all entries together): relative error of the unique
        visitors, F1 of pairs and B-cubed, and the share of entries that went to a human.
    """
    assert compared.encoder is not None
    assert compared.calibration is not None
    store = MemoryStore()
    rules = Rules(compared.chosen.threshold, compared.chosen.margin, rule=rule)
    matcher = Matcher(store, compared.encoder, rules)
    asked, true, turns = 0, {}, dict.fromkeys(compared.people, 0)
    order = np.random.default_rng(seed).permutation(len(compared.people))
    for number, row in enumerate(order):
        labelled = compared.labelled.entries[row]
        direction = (Direction.ENTRY, Direction.EXIT)[turns[labelled.person_id] % 2]
        turns[labelled.person_id] += 1
        entry = Entry(
            KEY, labelled.event.entry_id, _OPENS + number * _APART, direction, "door", labelled.embeddings,
            labelled.event.attrs,
        )  # fmt: skip
        asked += matcher.match(entry).answer.status is Status.REVIEW
        true[entry.entry_id] = labelled.person_id
    records = store.records(KEY)
    together = people_of_day(
        records,
        lambda entry: compared.encoder.encode(entry.embeddings, entry.attrs),  # type: ignore[union-attr]
        compared.calibration.probability,
        Doors(),
    )
    found = {"order": manifest_of(KEY, records).groups(), "global": dict(together.person_of)}
    return {
        name: {
            "visitors_error": (score := score_partition(groups, true)).visitors_error,
            "pairs_f1": score.pairs.f1,
            "bcubed_f1": score.bcubed.f1,
            "asked": asked / len(true),
        }
        for name, groups in found.items()
    }


def days_together(told: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Means over days; of the visitors' error the mean of its size too."""
    result = {}
    for name in told[0]:
        rows = [one[name] for one in told]
        result[name] = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        result[name]["visitors_error_size"] = float(np.mean([abs(row["visitors_error"]) for row in rows]))
    return result


def shipped(compared: Compared) -> Compared:
    """The same with the thresholds that the encoder comes with, as where nobody calibrated."""
    assert compared.encoder is not None
    return replace(compared, chosen=compared.encoder.thresholds)
