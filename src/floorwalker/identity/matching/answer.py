"""The answer: who an entry is, and how sure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

NOBODY = -1.0


class Status(StrEnum):
    """What was decided: a person seen today, a new one, or a person has to say."""

    MATCH = "match"
    NEW = "new"
    REVIEW = "review"


class Candidate(NamedTuple):
    """A person whom the entry may be.

    Attributes:
        person_id: the person.
        entry_id: their most similar entry.
        score: its cosine, -1 to 1.
    """

    person_id: str
    entry_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What `/match` said of an entry; kept with it and never computed again.

    Attributes:
        status: what was decided.
        match_id: the earlier entry that it is most similar to, where matched or to be reviewed.
        person_id: the person; a provisional new one with `review`.
        score: cosine to the most similar person, -1 where there is none.
        score2: cosine to the next *other* person (by `rule="entry"`: entry), -1 where there is none.
        candidates: the most similar persons whom the entry may be, best first, at most `topk`.
        reason: why a person has to say, or what was found impossible, a word and after a colon the same for
            people; None: nothing of the kind.
    """

    status: Status
    match_id: str | None
    person_id: str
    score: float = NOBODY
    score2: float = NOBODY
    candidates: tuple[Candidate, ...] = ()
    reason: str | None = None
