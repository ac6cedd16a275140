"""PK batches: P people, K entries of each, so that each holds what belongs together and what does not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def pk_batches(
    people: Sequence[Hashable],
    days: Sequence[Hashable],
    people_a_batch: int,
    entries_a_person: int,
    rng: np.random.Generator,
) -> Iterator[Rows]:
    """One epoch: everybody with two entries or more comes once, in a new order, day by day.

    Args:
        people: the person of each entry.
        days: the store-day of each: only people of one day are surely not each other.
        people_a_batch: P; the last batch is filled up with others, so all are of one size. Raised, the
            hardest stranger of a batch is harder.
        entries_a_person: K; who has fewer gives some twice.
        rng: the order.

    Yields:
        Rows of entries, P · K of them, person by person; fewer people where there are fewer than P.

    Source: Hermans, Beyer and Leibe, In Defense of the Triplet Loss, 2017.
    """
    rows_of: dict[Hashable, list[int]] = {}
    for row, person in enumerate(people):
        rows_of.setdefault(person, []).append(row)
    groups = [np.array(rows) for rows in rows_of.values() if len(rows) > 1]
    if len(groups) < 2:
        return
    size = min(people_a_batch, len(groups))
    place = {day: float(at) for at, day in zip(rng.random(len(set(days))), dict.fromkeys(days), strict=True)}
    order = rng.permutation(len(groups))
    order = order[np.argsort([place[days[groups[one][0]]] for one in order], kind="stable")]
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        if len(chosen) < size:
            others = np.setdiff1d(order, chosen)
            chosen = np.concatenate([chosen, rng.choice(others, size - len(chosen), replace=False)])
        yield np.concatenate([_draw(groups[one], entries_a_person, rng) for one in chosen])


def _draw(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    drawn = rng.permutation(rows)[:count]
    if len(drawn) < count:
        drawn = np.concatenate([drawn, rng.choice(rows, count - len(drawn))])
    return drawn
