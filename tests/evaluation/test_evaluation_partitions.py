"""Persons against truth: the published example, limits, and what is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorwalker.evaluation.partitions import score_partition

GROUPS = st.dictionaries(st.sampled_from([f"e{n}" for n in range(12)]), st.sampled_from("pqrs"))


def partition(*groups: str) -> dict[str, str]:
    return {entry: group for group in groups for entry in group}


def test_the_example_of_bagga_and_baldwin() -> None:
    """Three chains of 5, 2 and 5: one response joins a short to a long one, the other the two long ones."""
    true = partition("12345", "67", "89ABC")
    short = score_partition(partition("12345", "6789ABC"), true)
    assert short.bcubed.precision == pytest.approx(0.762, abs=0.001)
    assert short.bcubed.recall == 1.0
    long = score_partition(partition("1234589ABC", "67"), true)
    assert long.bcubed.precision == pytest.approx(0.583, abs=0.001)


def test_pairs_counted_by_hand() -> None:
    score = score_partition(partition("abc", "d"), partition("ab", "cd"))
    assert (score.pairs.precision, score.pairs.recall) == (1 / 3, 1 / 2)
    assert score.pairs.f1 == pytest.approx(0.4)
    assert (score.true_people, score.found_people, score.visitors_error) == (2, 2, 0.0)


def test_what_is_missing_counts_as_alone_and_what_is_unknown_not_at_all() -> None:
    score = score_partition(partition("abx", "yz"), partition("abc"))
    assert (score.entries, score.missing, score.unknown) == (3, 1, 3)
    assert (score.pairs.precision, score.pairs.recall) == (1.0, 1 / 3)
    assert score.visitors_error == 1.0


@given(true=GROUPS, found=GROUPS)
def test_limits(true: dict[str, str], found: dict[str, str]) -> None:
    score = score_partition(found, true)
    for one in (score.pairs, score.bcubed):
        assert 0 <= one.precision <= 1
        assert 0 <= one.recall <= 1
        assert 0 <= one.f1 <= 1
    perfect = score_partition(true, true)
    assert perfect.pairs.f1 == perfect.bcubed.f1 == 1.0
    assert perfect.visitors_error == 0.0
    alone = score_partition({entry: entry for entry in true}, true)
    assert alone.bcubed.precision == 1.0
    together = score_partition(dict.fromkeys(true, "one"), true)
    assert together.bcubed.recall == 1.0
