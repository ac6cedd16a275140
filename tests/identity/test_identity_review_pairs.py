"""Pairs: what follows from verdicts, what is worth asking, which pairs are hard, and what stays in a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import Answer, Candidate, Status
from floorwalker.identity.matching.bucket_log import EditKind, Matched
from floorwalker.identity.matching.calibration import uncalibrated
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.encoder import MEAN_THRESHOLDS, MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.review.hard_pairs import (
    Pair,
    Why,
    cosines,
    find_hard_pairs,
    read_pairs,
    unit_vectors,
)
from floorwalker.identity.review.implied import implied_by, open_pairs, ordered
from floorwalker.identity.review.line_log import LineLog
from floorwalker.identity.review.marks import Mark, mark_of, marked_by
from floorwalker.identity.review.pair_bench import Saying, SetBench, states_of
from floorwalker.identity.review.teaching import worth_of

KEY = BucketKey("2026-03-03", "nc0009")
OPENS = datetime(2026, 3, 3, 9, tzinfo=UTC)
SAME, DIFFERENT, UNSURE = EditKind.SAME, EditKind.DIFFERENT, EditKind.UNSURE


def test_same_goes_on_and_different_holds_between_all_of_both() -> None:
    implied = implied_by({("a", "b"): SAME, ("b", "c"): SAME, ("c", "d"): DIFFERENT, ("d", "e"): SAME})
    assert implied.relation("a", "c") is SAME
    assert implied.relation("a", "e") is DIFFERENT
    assert implied.relation("a", "x") is None
    assert implied.contradictions == []


def test_unsure_implies_nothing_and_a_contradiction_is_told() -> None:
    assert implied_by({("a", "b"): UNSURE}).relation("a", "b") is None
    implied = implied_by({("a", "b"): SAME, ("b", "c"): SAME, ("a", "c"): DIFFERENT})
    assert implied.contradictions == [("a", "c")]


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8), st.data())
def test_whatever_is_implied_is_true_where_the_verdicts_are(owner: list[int], data: st.DataObject) -> None:
    names = [f"e{place}" for place in range(8)]
    pairs = list(combinations(names, 2))
    truth = {pair: SAME if owner[int(pair[0][1])] == owner[int(pair[1][1])] else DIFFERENT for pair in pairs}
    said = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=12))
    verdicts = {pair: truth[pair] for pair in said}
    implied = implied_by(verdicts)
    assert implied.contradictions == []
    for pair in pairs:
        assert implied.relation(*pair) in (None, truth[pair])
    free = open_pairs(pairs, verdicts, implied)
    assert not set(free) & set(said)
    # Who goes on asking what is worth most ends with all pairs known, and never asks what follows.
    asked = 0
    while free:
        worth = worth_of(free, {}, implied)
        best = max(free, key=lambda pair: worth[pair].total)
        verdicts[best] = truth[best]
        asked += 1
        before = len(free)
        implied = implied_by(verdicts)
        free = open_pairs(pairs, verdicts, implied)
        assert len(free) < before
    assert all(implied.relation(*pair) is truth[pair] for pair in pairs)
    assert asked <= len(pairs)


def test_what_is_uncertain_and_answers_more_is_worth_more() -> None:
    implied = implied_by({("a", "b"): SAME, ("c", "d"): SAME, ("x", "b"): DIFFERENT})
    pairs = [("a", "c"), ("b", "d"), ("b", "c"), ("c", "x"), ("e", "f"), ("g", "h")]
    worth = worth_of(pairs, {("e", "f"): 0.5, ("g", "h"): 0.99, ("a", "c"): 0.5}, implied)
    assert worth["e", "f"].uncertainty == 1.0
    assert worth["g", "h"].total < worth["e", "f"].total < worth["a", "c"].total
    # "Same" answers b-d and b-c and, as x is not b, c-x too; "different" answers the first two only.
    assert worth["a", "c"].settles == pytest.approx(0.5 * 3 + 0.5 * 2)


def test_of_two_pairs_with_a_third_one_answers_the_other_once_the_two_are_one() -> None:
    worth = worth_of([("a", "b"), ("a", "c"), ("b", "c")], {("a", "b"): 1.0}, implied_by({}))
    assert worth["a", "b"].settles == 1.0
    assert worth["a", "b"].total == 0.0  # what is sure teaches nothing


def entry(name: str, second: float, vector: list[float], camera: str = "north") -> Entry:
    at = OPENS + timedelta(seconds=second)
    vectors = np.array([vector], np.float32) if vector else np.zeros((0, 0), np.float32)
    return Entry(KEY, name, at, Direction.ENTRY, camera, vectors)


def matched(
    number: int, held: Entry, person: str, status: Status = Status.NEW, *candidates: Candidate
) -> Matched:
    return Matched(number, held, Answer(status, None, person, candidates=candidates))


def at_cosine(value: float) -> list[float]:
    return [value, float(np.sqrt(1 - value**2)), 0.0]


def test_hard_pairs_are_reviews_near_ties_and_what_is_near_the_threshold() -> None:
    log = [
        matched(1, entry("a", 0, [1, 0, 0]), "P-1"),
        matched(2, entry("near", 10, at_cosine(0.881)), "P-2"),
        matched(3, entry("far", 20, [0, 0, 1]), "P-3"),
        matched(4, entry("at once", 0.5, at_cosine(0.88), "south"), "P-4"),
        matched(5, entry("asked", 30, []), "P-5", Status.REVIEW, Candidate("P-3", "far", 0.5)),
        matched(6, entry("twin", 40, [0, 0.02, 1]), "P-6"),
        matched(7, entry("tie", 50, [0, 0.01, 1]), "P-7"),
    ]
    units = unit_vectors([each.entry for each in log], MeanEncoder())
    found = {
        ordered(*pair.entries): pair.why
        for pair in find_hard_pairs(log, units, threshold=0.88, margin=0.02, doors=Doors())
    }
    assert found[ordered("near", "a")] is Why.NEAR_THRESHOLD
    assert found[ordered("asked", "far")] is Why.REVIEW
    assert found[ordered("tie", "far")] is Why.NEAR_TIE
    assert found[ordered("tie", "twin")] is Why.NEAR_TIE
    assert ordered("at once", "a") not in found  # nobody is at two places at once
    assert ordered("far", "a") not in found
    assert len(find_hard_pairs(log, units, threshold=0.88, margin=0.02, doors=Doors(), most=2)) == 2


def test_entries_without_vectors_or_of_another_network_are_compared_with_nobody() -> None:
    some = [entry("a", 0, [1, 0, 0]), entry("b", 9, []), entry("c", 20, [1, 0]), entry("d", 30, [0, 0, 0])]
    units = unit_vectors(some, MeanEncoder())
    assert set(units) == {"a", "c"}
    assert cosines([("a", "b"), ("a", "c"), ("a", "a")], units) == {("a", "a"): pytest.approx(1.0)}


def test_a_list_of_pairs_is_read_once_each_way_round() -> None:
    read = read_pairs(
        b'\xef\xbb\xbfscore,QID, aid\r\n0.9,a,b\r\n0.8,b,a\r\n0.7,"c,d",a\r\n', "pairs_hard.csv"
    )
    assert read == [Pair(("a", "b"), Why.LISTED), Pair(("c,d", "a"), Why.LISTED)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected the columns qid and aid, got nothing"),
        (b"qid,other\na,b\n", "got qid, other"),
        (b"qid,aid\na,\n", "line 2"),
        (b"qid,aid\na,a\n", "two different entry ids"),
        (b"qid,aid\n\xff,a\n", "UTF-8"),
    ],
)
def test_what_is_no_list_of_pairs_says_why(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_pairs(content, "pairs_hard.csv")


@pytest.fixture
def bench(tmp_path: Path) -> SetBench:
    entries = {name: entry(name, 60.0 * place, []) for place, name in enumerate("abc")}
    entries["z"] = entry("z", 1, [], "south")
    pairs = [Pair(names, Why.LISTED) for names in (("a", "b"), ("b", "c"), ("a", "c"), ("a", "z"))]
    truth = {"a": "P", "b": "P", "c": "Q"}
    return SetBench(entries, pairs, {}, truth, LineLog(tmp_path / "state.jsonl"))


def say(bench: SetBench, kind: str, *entries: str, undoes: int | None = None) -> None:
    bench.say(Saying(kind, "asha", OPENS, entries, undoes))


def marks(bench: SetBench) -> list[str]:
    states, _ = states_of(bench, bench.marked(), uncalibrated("mean-1", MEAN_THRESHOLDS))
    return [f"{state.mark} {state.verdict or '-'} {state.implied or '-'}" for state in states]


def test_verdicts_keep_and_remove_by_the_truth_and_a_hand_overrules(bench: SetBench) -> None:
    say(bench, "same", "a", "b")
    say(bench, "same", "c", "b")
    assert marks(bench) == ["keep same -", "remove same -", "unreviewed - same", "unreviewed - -"]
    say(bench, "keep", "b", "c")
    say(bench, "unsure", "a", "z")
    assert marks(bench)[1] == "keep same -"
    assert marks(bench)[3] == "remove unsure -"
    say(bench, "different", "b", "c")  # a new verdict speaks anew
    assert marks(bench) == ["keep same -", "keep different -", "unreviewed - different", "remove unsure -"]


def test_everything_said_of_pairs_is_undone_and_done_again(bench: SetBench) -> None:
    seen = [marks(bench)]
    for kind, *entries in (
        ("same", "a", "b"),
        ("remove", "a", "b"),
        ("unreviewed", "a", "b"),
        ("unsure", "b", "c"),
    ):
        say(bench, kind, *entries)
        seen.append(marks(bench))
    for expected in reversed(seen[:-1]):
        undo = bench.marked().undo
        assert undo is not None
        say(bench, "undo", undoes=undo.number)
        assert marks(bench) == expected
    for expected in seen[1:]:
        say(bench, "undo", undoes=bench.marked().redo_undoes)
        assert marks(bench) == expected
    assert marked_by(LineLog(bench.log.path).read()) == bench.marked()  # another sitting


def test_what_cannot_be_said_of_a_pair_is_refused(bench: SetBench) -> None:
    for kind, entries, undoes, code in [
        ("same", ("a", "z"), None, "two_places"),
        ("same", ("a", "nobody"), None, "unknown_entry"),
        ("same", ("a",), None, "bad_edit"),
        ("undo", (), 7, "unknown_edit"),
    ]:
        with pytest.raises(MatchRefused) as refused:
            say(bench, kind, *entries, undoes=undoes)
        assert refused.value.code == code
    assert bench.log.read() == ()


def test_without_a_truth_every_sure_verdict_keeps() -> None:
    marked = marked_by(())
    marked.verdicts[ordered("a", "b")] = DIFFERENT
    assert mark_of(("b", "a"), marked, None) is Mark.KEEP
