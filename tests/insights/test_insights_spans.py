from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from floorwalker.insights.spans import common, length_us, union, without

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def points(some):
    return {at for start, end in some for at in range(start, end)}


@given(spans, spans)
def test_spans_are_sets_of_moments(first, second):
    one, two = union(first), union(second)
    assert points(one) == points(first)
    assert all(a[1] < b[0] for a, b in pairwise(one))
    assert points(common(one, two)) == points(first) & points(second)
    assert points(without(one, two)) == points(first) - points(second)
    assert length_us(one) == len(points(first))
