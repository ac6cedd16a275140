"""Labelled entries to thresholds: what would have been decided, how often wrongly, and what a cosine says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import NOBODY
from floorwalker.identity.matching.calibrate import (
    MARGINS,
    LabelledPairs,
    calibrate_entries,
    calibrate_pairs,
    fit_curve,
)
from floorwalker.identity.matching.calibration import Logistic, Steps
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.labelled import read_labelled
from floorwalker.identity.matching.replay import choose_thresholds, outcome, replay, replay_orders
from floorwalker.identity.matching.retrieval import identification_rate, retrieval
from floorwalker.identity.matching.verdicts import read_verdicts


def _shop(people=40, entries=4, noise=0.7, seed=0):
    """Unit vectors of made-up people, as similar as a network might make them, and whose they are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, 32))
    who = np.repeat(np.arange(people), entries)
    vectors = centres[who] + noise * rng.normal(size=(len(who), 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = rng.permutation(len(who))
    vectors = vectors[order].astype(np.float32)
    return vectors @ vectors.T, [f"p{one}" for one in who[order]]


def test_the_lead_is_taken_over_another_person_or_over_another_entry():
    similarity = np.array(
        [[1.0, 0.9, 0.3, 0.8], [0.9, 1.0, 0.2, 0.7], [0.3, 0.2, 1.0, 0.5], [0.8, 0.7, 0.5, 1.0]], np.float32
    )
    decisions = replay(similarity, ["a", "a", "b", "a"])
    assert decisions.score == pytest.approx([NOBODY, 0.9, 0.3, 0.8])
    assert decisions.score2 == pytest.approx([NOBODY, NOBODY, NOBODY, 0.5])
    assert decisions.right.tolist() == [False, True, False, True]
    assert decisions.earlier.tolist() == [0, 1, 0, 2]
    assert replay(similarity, ["a", "a", "b", "a"], by_entry=True).score2[3] == pytest.approx(0.7)


def test_entries_of_two_store_days_are_never_compared():
    similarity = np.ones((4, 4), np.float32)
    decisions = replay_orders(similarity, list("abab"), [1, 1, 2, 2], 3, np.random.default_rng(0))
    assert len(decisions) == 12
    assert decisions.against.max() == 1


def test_chosen_thresholds_keep_within_their_rate_and_lower_ones_would_not():
    similarity, people = _shop()
    decisions = replay_orders(similarity, people, [0] * len(people), 5, np.random.default_rng(1))
    chosen = choose_thresholds(decisions, 0.02, MARGINS)
    got = outcome(decisions, chosen)
    assert 0 < got.false <= 0.02
    assert got.found > 0.6
    assert outcome(decisions, Thresholds(chosen.threshold - 0.1, chosen.margin)).false > 0.02
    assert outcome(decisions, Thresholds(1.0, 0.0)).found == 0.0


def test_a_calibration_holds_on_people_that_it_has_not_seen():
    similarity, people = _shop(seed=1)
    made = calibrate_entries(similarity, people, ["day"] * len(people), "mean-1", 0.02)
    assert isinstance(made.curve, Logistic)
    low, high = made.threshold_range
    assert low <= made.threshold <= high
    others, names = _shop(seed=2)
    decisions = replay_orders(others, names, [0] * len(names), 5, np.random.default_rng(1))
    assert outcome(decisions, made.thresholds).false < 0.05
    assert outcome(decisions, made.thresholds).found == pytest.approx(made.found, abs=0.15)


def test_the_curve_tells_how_often_pairs_of_a_cosine_are_one_person():
    rng = np.random.default_rng(4)
    cosine = rng.uniform(-0.2, 1.0, 20_000)
    same = rng.random(20_000) < 1 / (1 + np.exp(-12 * (cosine - 0.4)))
    unknown = np.full(20_000, np.nan)
    for kept, kind in ((slice(None), Steps), (slice(0, 900), Logistic)):
        curve = fit_curve(LabelledPairs(cosine[kept], same[kept], unknown[kept]))
        assert isinstance(curve, kind)
        made = calibrate_pairs(LabelledPairs(cosine, same, unknown), "x", 0.01, 0.02, 1)
        told = made.model_copy(update={"curve": curve}).probability([0.0, 0.4, 0.8])
        assert told == pytest.approx([0.01, 0.5, 0.99], abs=0.1)


def test_agreement_speaks_for_the_same_person_where_it_does():
    rng = np.random.default_rng(5)
    same = np.arange(400) % 2 == 0
    cosine = 0.3 * same + rng.normal(0.3, 0.15, 400)
    agreed = np.clip(0.4 * same + rng.normal(0.4, 0.15, 400), 0, 1)
    curve = fit_curve(LabelledPairs(cosine, same, agreed))
    made = calibrate_pairs(LabelledPairs(cosine, same, agreed), "x", 0.01, 0.02, 1)
    assert isinstance(curve, Logistic)
    low, nothing, high = made.probability([0.45] * 3, [0.1, np.nan, 0.9])
    assert low < nothing < high


def test_more_other_people_ask_for_a_higher_threshold():
    rng = np.random.default_rng(6)
    pairs = LabelledPairs(rng.normal(0.3, 0.1, 4000), np.arange(4000) % 4 == 0, np.full(4000, np.nan))
    few, many = (calibrate_pairs(pairs, "x", 0.05, 0.02, others).threshold for others in (1, 50))
    assert few < many
    with pytest.raises(InputError, match="at least 5 pairs"):
        calibrate_pairs(LabelledPairs(np.ones(9), np.ones(9, bool), np.full(9, np.nan)), "x", 0.05, 0.02, 1)


def test_retrieval_scores_are_those_of_the_definitions():
    similarity = np.array([[0.9, 0.8, 0.7, 0.6]], np.float32)
    same = np.array([[False, True, False, True]])
    found = retrieval(similarity, same, np.ones((1, 4), bool))
    assert found.mean_ap == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (found.cmc(1), found.cmc(2)) == (0.0, 1.0)
    assert retrieval(similarity, np.zeros((1, 4), bool), np.ones((1, 4), bool)).mean_ap == 0.0
    score = np.array([0.9, 0.5, 0.8, 0.4])
    known = np.array([True, True, False, False])
    assert [identification_rate(score, known, known, far) for far in (0.0, 0.5, 1.0)] == [0.5, 1.0, 1.0]


def _manifest(day, people):
    return {
        "day_id": day,
        "store_id": "S1",
        "people": [
            {
                "person_id": name,
                "events": [
                    {
                        "entry_id": entry, "timestamp": f"{day}T10:0{number}:00Z", "direction": "entry",
                        "camera": "C", "embeddings": vectors,
                    }
                    for number, (entry, vectors) in enumerate(entries.items())
                ],
            }
            for name, entries in people.items()
        ],
    }  # fmt: skip


def test_labelled_entries_come_from_manifests_and_truths_put_them_right(tmp_path):
    good, zero = [[1.0, 0.0]], [[0.0, 0.0]]
    first = _manifest("2026-03-03", {"a": {"1": good, "2": good}, "b": {"3": zero, "4": good}})
    (tmp_path / "first.json").write_text(json.dumps(first))
    (tmp_path / "other.json").write_text('{"nothing": 1}')
    labelled = read_labelled([tmp_path])
    assert [(entry.event.entry_id, entry.person_id) for entry in labelled.entries] == [
        ("1", "a"), ("2", "a"), ("4", "b"),
    ]  # fmt: skip
    assert labelled.left_out == 1
    truth = {"day_id": "2026-03-03", "store_id": "S1", "persons": {"x": ["1", "4"]}}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    labelled = read_labelled([tmp_path])
    assert [entry.person_id for entry in labelled.entries] == ["x", "x"]
    second = _manifest("2026-03-04", {"a": {"5": [[1.0, 0.0, 0.0]]}})
    (tmp_path / "second.json").write_text(json.dumps(second))
    with pytest.raises(InputError, match="vectors of one network"):
        read_labelled([tmp_path])
    with pytest.raises(InputError, match="no entry manifest"):
        read_labelled([tmp_path / "other.json"])


def test_the_last_verdict_on_a_pair_counts_and_unsure_takes_it_back(tmp_path):
    path = tmp_path / "verdicts.jsonl"
    lines = [("a", "b", "same"), ("b", "a", "different"), ("c", "d", "same"), ("d", "c", "unsure")]
    path.write_text(
        "".join(json.dumps({"entry_a": a, "entry_b": b, "verdict": v}) + "\n" for a, b, v in lines)
    )
    assert read_verdicts(path) == {("a", "b"): False}
    path.write_text('{"entry_a": "a", "entry_b": "b", "verdict": "perhaps"}\n')
    with pytest.raises(InputError, match="line 1"):
        read_verdicts(path)
