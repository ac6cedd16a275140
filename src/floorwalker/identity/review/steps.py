"""Steps: which edit of a log is to be undone next, and which comes back with redo."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from floorwalker.identity.matching.bucket_log import VERDICTS, Edited, EditKind, Record

ARRANGING = frozenset(EditKind) - VERDICTS - {EditKind.UNDO}


@dataclass(frozen=True, slots=True)
class Steps:
    """Where undo and redo stand.

    Attributes:
        undo: the edit that the next undo takes back; None: there is none.
        redo: the edit that the next redo brings back; None: there is none.
        redo_undoes: number of the undo that is taken back for it.
    """

    undo: Edited | None = None
    redo: Edited | None = None
    redo_undoes: int | None = None


def steps_of(records: Iterable[Record], kinds: Collection[EditKind] = ARRANGING) -> Steps:
    """Where undo and redo stand after a log.

    Undo goes back through all edits there ever were. A new edit of these kinds makes an end of redo, as in
    every editor, though the log keeps what was undone.

    Args:
        records: of a bucket, in order.
        kinds: the edits that are meant; others are passed over.
    """
    made: dict[int, Edited] = {}
    done: list[int] = []
    undone: list[tuple[int, int]] = []  # the undo, and what it took back
    for record in records:
        if not isinstance(record, Edited):
            continue
        made[record.number] = record
        target = record.edit.undoes
        if record.edit.kind is not EditKind.UNDO:
            if record.edit.kind in kinds and record.number > 0:
                done.append(record.number)
                undone.clear()
        elif target in done:
            done.remove(target)
            undone.append((record.number, target))
        else:
            back = [pair for pair in undone if pair[0] == target]
            undone = [pair for pair in undone if pair[0] != target]
            done += [original for _, original in back]
    return Steps(
        made[done[-1]] if done else None,
        made[undone[-1][1]] if undone else None,
        undone[-1][0] if undone else None,
    )
