"""The decision: one of the persons of the day, a new one, or a human has to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import NOBODY, Answer, Candidate, Status

MOST_CANDIDATES = 1000


class Rule(StrEnum):
    """What the lead is measured against: the best other *person*, or the second best *entry*.

    The latter breaks down as soon as somebody has two earlier entries: both are theirs, and the lead is
    nothing. It takes no notice of what is impossible either.
    """

    PERSON = "person"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Rules:
    """When an entry is somebody seen before.

    Attributes:
        threshold: τ, least cosine of a match. Raising it finds fewer returns and joins fewer strangers.
        margin: m, least lead over the best other person. Raising it asks a human more often.
        topk: most candidates that an answer names; decides nothing.
        rule: what the lead is measured against.
        twice_margins: by how many m more than τ a match needs that would be a second crossing in the same
            direction. Raising it asks a human more often and joins fewer strangers.
    """

    threshold: float
    margin: float
    topk: int = 20
    rule: Rule = Rule.PERSON
    twice_margins: float = 2.0

    def __post_init__(self) -> None:
        if not -1.0 <= self.threshold <= 1.0:
            raise InputError(f"expected a threshold of -1 to 1, got {self.threshold}")
        if not 0.0 <= self.margin <= 2.0:
            raise InputError(f"expected a margin of 0 to 2, got {self.margin}")
        if not 1 <= self.topk <= MOST_CANDIDATES:
            raise InputError(f"expected a topk of 1 to {MOST_CANDIDATES}, got {self.topk}")


@dataclass(frozen=True, slots=True)
class Doubts:
    """What speaks against the best person beside the cosine.

    Attributes:
        twice: why it would be a crossing in the same direction twice; None: it would not.
        told_apart: people said that two of the person's entries are different people.
        ruled_out: why somebody was no candidate who looks like it; None: nobody was.
    """

    twice: str | None = None
    told_apart: bool = False
    ruled_out: str | None = None


NO_DOUBTS = Doubts()


def decide(
    candidates: Sequence[Candidate], rules: Rules, newcomer: str, doubts: Doubts = NO_DOUBTS
) -> Answer:
    """Decide who an entry is.

    A match needs a cosine of τ, and a lead of m over the best other. Where the person would cross twice in
    the same direction it needs more than τ: see `Rules.twice_margins`.

    Args:
        candidates: the persons whom the entry may be (by `Rule.ENTRY`: the entries), best first; the two
            best at least where there are two.
        rules: the rules.
        newcomer: name of the person that the entry becomes where it is none of them.
        doubts: what else is known of the best.

    Returns:
        The answer.
    """
    best = candidates[0] if candidates else None
    score = best.score if best else NOBODY
    score2 = candidates[1].score if len(candidates) > 1 else NOBODY
    status, reason = Status.NEW, doubts.ruled_out
    if best is not None and score >= rules.threshold:
        status, reason = Status.MATCH, doubts.twice
        if score2 > NOBODY and score - score2 < rules.margin:
            status = Status.REVIEW
            reason = f"near_tie: {best.person_id} leads by {score - score2:.3f}, {rules.margin:g} is needed"
        elif doubts.told_apart:
            status = Status.REVIEW
            reason = f"told_apart: {best.person_id} has entries of which people say that they differ"
        elif doubts.twice is not None and score < rules.threshold + rules.twice_margins * rules.margin:
            status = Status.REVIEW
    return Answer(
        status=status,
        match_id=best.entry_id if best is not None and status is not Status.NEW else None,
        person_id=best.person_id if best is not None and status is Status.MATCH else newcomer,
        score=score,
        score2=score2,
        candidates=tuple(candidates[: rules.topk]),
        reason=reason,
    )
