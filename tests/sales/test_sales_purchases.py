from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from floorwalker.sales.purchases import SALE_WINDOW_US, TillVisit, match_margins, match_purchases

S = 1_000_000


def test_each_sale_goes_to_who_left_nearest_to_it():
    visits = [TillVisit("a", 0, 100 * S), TillVisit("b", 10 * S, 160 * S), TillVisit("c", 20 * S, 130 * S)]
    matches = match_purchases([98 * S, 158 * S], visits)
    assert [(match.transaction, visits[match.visit].visitor_id) for match in matches] == [(0, "a"), (1, "b")]
    assert [match.gap_s for match in matches] == [2.0, 2.0]


def test_a_near_match_is_not_driven_apart_for_a_distant_one():
    visits = [TillVisit("a", 0, 10 * S), TillVisit("b", 60 * S, 100 * S)]
    matches = match_purchases([100 * S, 390 * S], visits)
    assert [(match.transaction, match.visit) for match in matches] == [(0, 1)]
    # Where it costs little, both find a buyer.
    assert len(match_purchases([100 * S, 300 * S], visits)) == 2


def test_a_long_stay_before_paying_still_buys():
    assert len(match_purchases([10 * S], [TillVisit("a", 0, 2000 * S)])) == 1


def test_nothing_to_match():
    assert match_purchases([], [TillVisit("a", 0, S)]) == []
    assert match_purchases([S], []) == []
    assert match_purchases([S], [TillVisit("a", 2 * S, 3 * S)]) == []


times = st.integers(0, 900)


@given(st.lists(times, max_size=3), st.lists(st.tuples(times, st.integers(0, 400)), max_size=4))
def test_matches_are_one_to_one_possible_and_of_least_cost(sale_s, stays):
    sales = [at * S for at in sale_s]
    visits = [TillVisit(str(n), start * S, (start + length) * S) for n, (start, length) in enumerate(stays)]
    matches = match_purchases(sales, visits)
    assert len({m.transaction for m in matches}) == len({m.visit for m in matches}) == len(matches)

    def cost(sale, visit):
        if visit is None or not visit.start_us <= sale <= visit.end_us + SALE_WINDOW_US:
            return SALE_WINDOW_US
        return min(abs(sale - visit.end_us), 0.999 * SALE_WINDOW_US)

    taken = {m.transaction: visits[m.visit] for m in matches}
    assert all(cost(sales[n], visit) < SALE_WINDOW_US for n, visit in taken.items())
    paid = sum(cost(sale, taken.get(n)) for n, sale in enumerate(sales))
    slots = [*visits, *[None] * len(sales)]
    least = min(sum(map(cost, sales, order)) for order in permutations(slots, len(sales)))
    assert abs(paid - least) < 1


def test_a_margin_is_what_the_next_best_assignment_would_cost_more():
    # One sale at 100: a left 2 s before it, b 12 s: without the pair a, b would have it.
    visits = [TillVisit("a", 0, 98 * S), TillVisit("b", 0, 88 * S)]
    assert match_margins([100 * S], visits) == {0: 10.0}
    # With nobody else the sale would be nobody's, at the cost of five minutes.
    assert match_margins([100 * S], visits[:1]) == {0: 298.0}
    # Two who left at the same moment fit alike.
    assert match_margins([100 * S], [visits[0], TillVisit("c", 0, 98 * S)]) == {0: 0.0}


@given(st.lists(times, max_size=4), st.lists(st.tuples(times, st.integers(0, 400)), max_size=4))
def test_margins_are_those_of_forbidding_each_pair(sale_s, stays):
    sales = [at * S for at in sale_s]
    visits = [TillVisit(str(n), start * S, (start + length) * S) for n, (start, length) in enumerate(stays)]

    def cost(sale, visit):
        if visit is None or not visit.start_us <= sale <= visit.end_us + SALE_WINDOW_US:
            return SALE_WINDOW_US
        return min(abs(sale - visit.end_us), 0.999 * SALE_WINDOW_US)

    slots = [*range(len(visits)), *[None] * len(sales)]

    def least(forbidden=None):
        return min(
            sum(
                10**12 if (n, slot) == forbidden else cost(sale, None if slot is None else visits[slot])
                for n, (sale, slot) in enumerate(zip(sales, order, strict=True))
            )
            for order in permutations(slots, len(sales))
        )

    best, margins = least(), match_margins(sales, visits)
    matches = match_purchases(sales, visits)
    assert set(margins) == {match.transaction for match in matches}
    for match in matches:
        without = least((match.transaction, match.visit))
        assert abs(margins[match.transaction] - (without - best) / 1e6) < 0.01
