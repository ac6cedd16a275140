"""Judging: what a bucket and the rules of time and place make of an entry."""

from __future__ import annotations

from floorwalker.identity.matching.answer import Answer, Candidate
from floorwalker.identity.matching.bucket import Bucket, Crossing
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.entry import Entry, Vectors
from floorwalker.identity.matching.rules import NO_DOUBTS, Doubts, Rule, Rules, decide
from floorwalker.identity.matching.vectors import VectorError


def judge(bucket: Bucket, doors: Doors, entry: Entry, vector: Vectors, rules: Rules) -> Answer:
    """Say who an entry is.

    Who was at another place at that moment is no candidate. Who would cross twice in the same direction is
    one, but needs more; see `decide`.

    Args:
        bucket: all that was there before it.
        doors: where the store's cameras are.
        entry: the entry; its vectors are not looked at.
        vector: (E,) of length 1.
        rules: the rules.

    Raises:
        VectorError: E is not the bucket's.
    """
    if bucket.dimension is not None and bucket.dimension != vector.size:
        raise VectorError(
            "wrong_dimension",
            f"this store's day is compared by {bucket.dimension} numbers, the entry leads to {vector.size}",
        )
    newcomer = bucket.people.next_person(entry.key.store_id)
    if rules.rule is Rule.ENTRY:
        return decide(bucket.entries(vector, rules.topk), rules, newcomer)
    crossing = Crossing.of(entry)
    elsewhere = bucket.elsewhere(crossing)
    candidates, left_out = bucket.persons(vector, rules.topk, elsewhere)
    doubts = NO_DOUBTS
    best = candidates[0] if candidates else None
    if best is not None and best.score >= rules.threshold:
        twice = _why_twice(bucket, doors, best, crossing)
        doubts = Doubts(twice, bucket.is_told_apart(best.person_id))
    elif left_out is not None and left_out.score >= rules.threshold:
        other = elsewhere[bucket.counts_as(left_out.person_id)]
        doubts = Doubts(
            ruled_out=f"two_places: {left_out.person_id} crossed at {other.camera} at that moment"
        )
    return decide(candidates, rules, newcomer, doubts)


def _why_twice(bucket: Bucket, doors: Doors, best: Candidate, crossing: Crossing) -> str | None:
    """Why somebody would enter or leave twice without having left or entered in between."""
    for beside in bucket.beside(best.person_id, crossing.moment_s):
        if beside is None or beside.direction != crossing.direction:
            continue
        apart_s = abs(beside.moment_s - crossing.moment_s)
        if not doors.is_one_crossing(beside.camera, crossing.camera, apart_s):
            return (
                f"twice: {best.person_id} has a crossing of the same direction ({crossing.direction}) "
                f"{apart_s:.0f} s apart at {beside.camera} and none in between"
            )
    return None
