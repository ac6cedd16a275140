"""The bench: pairs side by side, what was said of them, and what that implies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from floorwalker.events import format_utc
from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, EditKind, Matched
from floorwalker.identity.matching.calibration import Calibration
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.matching.people import people_of
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.matching.rules import Rules
from floorwalker.identity.review.desk import Desk
from floorwalker.identity.review.hard_pairs import Pair, cosines, find_hard_pairs, unit_vectors, why_apart
from floorwalker.identity.review.implied import PairOf, implied_by, ordered
from floorwalker.identity.review.line_log import Line, LineLog
from floorwalker.identity.review.marks import Mark, Marked, mark_of, marked_by, true_relation
from floorwalker.identity.review.steps import steps_of
from floorwalker.identity.review.teaching import Worth, worth_of


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person says of a pair.

    Attributes:
        kind: a verdict, a mark, or `undo`.
        by: who.
        at: when, aware.
        entries: the pair; none with `undo`.
        undoes: number of what is taken back.
    """

    kind: str
    by: str
    at: datetime
    entries: tuple[str, ...] = ()
    undoes: int | None = None


def bare_entries(matched: Iterable[Matched]) -> dict[str, Entry]:
    """The entries by name, without the vectors: once pairs are found nobody needs to keep them."""
    nothing = np.zeros((0, 0), np.float32)
    return {each.entry.entry_id: replace(each.entry, embeddings=nothing) for each in matched}


class PairBench(Protocol):
    """Pairs of entries, and where what is said of them is kept."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries by name."""

    @property
    def pairs(self) -> Sequence[Pair]:
        """The pairs, always in the same order."""

    @property
    def scores(self) -> Mapping[PairOf, float]:
        """Pair → cosine, where both have vectors."""

    @property
    def truth(self) -> Mapping[str, str] | None:
        """Entry → person as the ground truth has it."""

    @property
    def doors(self) -> Doors:
        """Where the cameras are."""

    @property
    def has_marks(self) -> bool:
        """Whether pairs can be kept in, and removed from, a list."""

    def marked(self) -> Marked:
        """What was said so far."""

    def say(self, saying: Saying) -> None:
        """Keeps what a person says.

        Raises:
            MatchRefused: it names what is not there, or asks for what cannot be.
        """


@dataclass(slots=True)
class SetBench:
    """A list of pairs with the manifests of their entries, and a file of what was said.

    Attributes:
        entries: of all manifests.
        pairs: of the list, or found.
        scores: of the pairs.
        truth: of all cluster truths; None: there is none.
        log: the file.
        doors: where the cameras are.
        has_marks: whether pairs can be removed from the list.
    """

    entries: Mapping[str, Entry]
    pairs: Sequence[Pair]
    scores: Mapping[PairOf, float]
    truth: Mapping[str, str] | None
    log: LineLog
    doors: Doors = field(default_factory=Doors)
    has_marks: bool = True

    def marked(self) -> Marked:
        """What was said so far."""
        return marked_by(self.log.read())

    def say(self, saying: Saying) -> None:
        """Keeps what a person says."""
        with self.log.held():
            if saying.kind == EditKind.UNDO:
                if all(line.number != saying.undoes for line in self.log.read()):
                    raise MatchRefused("unknown_edit", f"undo: there is no line {saying.undoes} here")
            else:
                _check_pair(saying, self.entries, self.doors)
            at = format_utc(saying.at)
            self.log.append(
                lambda number: Line(number, saying.kind, saying.by, at, saying.entries, undoes=saying.undoes)
            )


class DeskBench:
    """The hard pairs of a store's day; verdicts go into the day's own log.

    Args:
        desk: the day.
        encoder: makes the entries' vectors.
        rules: τ and m, by which pairs count as hard.
    """

    truth: Mapping[str, str] | None = None
    has_marks = False

    def __init__(self, desk: Desk, encoder: Encoder, rules: Rules) -> None:
        self._desk = desk
        self.doors = desk.doors
        matched = [record for record in desk.whole(vectors=True) if isinstance(record, Matched)]
        units = unit_vectors((each.entry for each in matched), encoder)
        self.entries = bare_entries(matched)
        self.pairs = find_hard_pairs(
            matched, units, threshold=rules.threshold, margin=rules.margin, doors=desk.doors
        )
        self.scores = cosines([pair.entries for pair in self.pairs], units)

    def is_current(self) -> bool:
        """Whether the day still has the entries among which the pairs were found."""
        names = (r.entry.entry_id for r in self._desk.records() if isinstance(r, Matched))
        return self.entries.keys() == set(names)

    def marked(self) -> Marked:
        """What was said so far."""
        records = self._desk.records()
        steps = steps_of(records, VERDICTS)
        found = Marked(dict(people_of(records).verdicts), redo_undoes=steps.redo_undoes)
        for name, edited in (("undo", steps.undo), ("redo", steps.redo)):
            if edited is not None:
                edit = edited.edit
                line = Line(edited.number, edit.kind.value, edit.by, format_utc(edit.at), edit.entries)
                setattr(found, name, line)
        return found

    def say(self, saying: Saying) -> None:
        """Keeps what a person says."""
        if saying.kind in set(Mark):
            raise MatchRefused("bad_edit", "these pairs were found; there is no list to keep them in")
        edit = Edit(EditKind(saying.kind), saying.by, saying.at, saying.entries, undoes=saying.undoes)
        self._desk.edit(edit)


@dataclass(frozen=True, slots=True)
class PairState:
    """Where a pair stands.

    Attributes:
        mark: whether it stays in its list.
        verdict: the last one on it; None: nobody gave one.
        implied: what follows from other verdicts; None: nothing.
        p_same: P(same) by its cosine; None: there is none.
        worth: what a verdict on it would teach; None: it is not open.
    """

    mark: Mark
    verdict: EditKind | None
    implied: EditKind | None
    p_same: float | None
    worth: Worth | None


def states_of(
    bench: PairBench, marked: Marked, calibration: Calibration
) -> tuple[list[PairState], list[PairOf]]:
    """Where all pairs of a bench stand.

    Args:
        bench: the pairs.
        marked: what was said of them.
        calibration: from cosine to P(same).

    Returns:
        A state for each pair, in order, and the pairs whose verdicts contradict each other.
    """
    implied = implied_by(marked.verdicts)
    names = [pair.entries for pair in bench.pairs]
    follows = [None if ordered(*name) in marked.verdicts else implied.relation(*name) for name in names]
    free = [
        name
        for name, known in zip(names, follows, strict=True)
        if known is None and ordered(*name) not in marked.verdicts
    ]
    p_same = dict(
        zip(bench.scores, calibration.probability(list(bench.scores.values())).tolist(), strict=True)
    )
    worth = worth_of(free, p_same, implied)
    states = [
        PairState(
            mark_of(name, marked, bench.truth),
            marked.verdicts.get(ordered(*name)),
            known,
            p_same.get(name),
            worth.get(name),
        )
        for name, known in zip(names, follows, strict=True)
    ]
    return states, implied.contradictions


def truth_said(bench: PairBench, pair: PairOf) -> EditKind | None:
    """What the bench's ground truth says of a pair."""
    return true_relation(pair, bench.truth)


def _check_pair(saying: Saying, entries: Mapping[str, Entry], doors: Doors) -> None:
    if len(set(saying.entries)) != 2:
        raise MatchRefused("bad_edit", f"{saying.kind}: expected two different entries")
    for entry_id in saying.entries:
        if entry_id not in entries:
            raise MatchRefused("unknown_entry", f"there is no entry {entry_id[:80]!r} here")
    one, other = (entries[entry_id] for entry_id in saying.entries)
    reason = why_apart(one, other, doors) if saying.kind == EditKind.SAME else None
    if reason is not None:
        raise MatchRefused("two_places", reason)
