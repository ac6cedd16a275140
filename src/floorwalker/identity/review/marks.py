"""Marks: which listed pairs stay in their list, and the verdicts on them, from one file's lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from floorwalker.identity.matching.bucket_log import VERDICTS, EditKind
from floorwalker.identity.review.implied import PairOf, ordered
from floorwalker.identity.review.line_log import Line


class Mark(StrEnum):
    """Whether a pair stays in the list that it came from."""

    KEEP = "keep"
    REMOVE = "remove"
    UNREVIEWED = "unreviewed"


_KINDS = {kind.value for kind in VERDICTS}
_MARKS = {mark.value for mark in Mark}


@dataclass(slots=True)
class Marked:
    """What people said of pairs.

    Attributes:
        verdicts: two entries, smaller name first → the last verdict on them.
        marks: likewise → a mark that a person set by hand.
        undo: the line that the next undo takes back; None: there is none.
        redo: the line that the next redo brings back; None: there is none.
        redo_undoes: number of the undo that is taken back for it.
    """

    verdicts: dict[PairOf, EditKind] = field(default_factory=dict)
    marks: dict[PairOf, Mark] = field(default_factory=dict)
    undo: Line | None = None
    redo: Line | None = None
    redo_undoes: int | None = None


def marked_by(lines: Iterable[Line]) -> Marked:
    """What holds after a log of verdicts and marks.

    Args:
        lines: in order; an `undo` takes back the line that it names, which may itself be an undo.
    """
    done: list[Line] = []
    undone: list[tuple[int, Line]] = []
    for line in lines:
        if line.kind != EditKind.UNDO:
            done.append(line)
            undone.clear()
            continue
        taken = next((each for each in done if each.number == line.undoes), None)
        if taken is not None:
            done.remove(taken)
            undone.append((line.number, taken))
            continue
        done += [original for number, original in undone if number == line.undoes]
        undone = [pair for pair in undone if pair[0] != line.undoes]
    found = Marked(undo=done[-1] if done else None)
    if undone:
        found.redo_undoes, found.redo = undone[-1]
    for line in sorted(done, key=lambda each: each.number):
        if len(line.entries) != 2:
            continue
        pair = ordered(*line.entries)
        if line.kind in _KINDS:
            found.verdicts[pair] = EditKind(line.kind)
            found.marks.pop(pair, None)  # a verdict speaks anew; a mark by hand comes after it
        elif line.kind in _MARKS:
            found.marks[pair] = Mark(line.kind)
    return found


def verdict_lines(marked: Marked) -> bytes:
    """The verdicts as `floorwalker reid calibrate` takes them: a JSON object a line.

    Args:
        marked: what people said; what is only implied is left out.

    Returns:
        Lines with `entry_a`, `entry_b` and `verdict`, in order of names.
    """
    return b"".join(
        msgspec.json.encode({"entry_a": one, "entry_b": other, "verdict": verdict.value}) + b"\n"
        for (one, other), verdict in sorted(marked.verdicts.items())
    )


def mark_of(pair: PairOf, marked: Marked, truth: Mapping[str, str] | None) -> Mark:
    """Whether a pair stays in its list: as set by hand, else by the verdict.

    A verdict that agrees with the truth, or that there is no truth to disagree with, keeps the pair; one that
    contradicts it, and "unsure", removes it.

    Args:
        pair: two entries.
        marked: what people said.
        truth: entry → person as the ground truth has it; None: there is none.
    """
    name = ordered(*pair)
    if name in marked.marks:
        return marked.marks[name]
    verdict = marked.verdicts.get(name)
    if verdict is None:
        return Mark.UNREVIEWED
    said = true_relation(pair, truth)
    if verdict is EditKind.UNSURE or said not in (None, verdict):
        return Mark.REMOVE
    return Mark.KEEP


def true_relation(pair: PairOf, truth: Mapping[str, str] | None) -> EditKind | None:
    """What the ground truth says of a pair; None: nothing."""
    one, other = (None, None) if truth is None else (truth.get(pair[0]), truth.get(pair[1]))
    if one is None or other is None:
        return None
    return EditKind.SAME if one == other else EditKind.DIFFERENT
