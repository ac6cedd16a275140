"""Stretches of time as sorted, disjoint pairs of microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]
Spans = Sequence[Span]


def union(spans: Iterable[Span]) -> list[Span]:
    """The stretches that any of the spans covers, in order; empty spans vanish."""
    joined: list[Span] = []
    for start_us, end_us in sorted(spans):
        if end_us <= start_us:
            continue
        if joined and start_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_us))
        else:
            joined.append((start_us, end_us))
    return joined


def common(first: Spans, second: Spans) -> list[Span]:
    """The stretches that lie in both.

    Args:
        first: sorted and disjoint.
        second: sorted and disjoint.
    """
    found: list[Span] = []
    i = j = 0
    while i < len(first) and j < len(second):
        start_us, end_us = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if start_us < end_us:
            found.append((start_us, end_us))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(spans: Spans, taken: Spans) -> list[Span]:
    """What is left of stretches when others are taken out.

    Args:
        spans: sorted and disjoint.
        taken: sorted and disjoint.
    """
    left: list[Span] = []
    place = 0
    for start_us, end_us in spans:
        at_us = start_us
        while place < len(taken) and taken[place][1] <= start_us:
            place += 1
        for cut in range(place, len(taken)):
            if taken[cut][0] >= end_us:
                break
            if taken[cut][0] > at_us:
                left.append((at_us, taken[cut][0]))
            at_us = max(at_us, taken[cut][1])
        if at_us < end_us:
            left.append((at_us, end_us))
    return left


def length_us(spans: Spans) -> int:
    """Microseconds in all."""
    return sum(end_us - start_us for start_us, end_us in spans)
