"""Changes: what an edit, and whatever others did meanwhile, made different."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from floorwalker.identity.matching.bucket_log import Edit, EditKind
from floorwalker.identity.matching.people import people_of
from floorwalker.identity.review.desk import Desk
from floorwalker.identity.review.steps import ARRANGING, Steps, steps_of


@dataclass(frozen=True, slots=True)
class Change:
    """What became different.

    Attributes:
        number: of the last record of the log.
        moved: entry → person.
        aliases: person → what people call them now, empty: nothing any more.
        notes: likewise.
        excluded: entry → whether ground truth shall be without it.
        steps: where undo and redo stand now.
    """

    number: int
    moved: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, bool] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)


def make_edit(
    desk: Desk, edit: Edit, seen: int | None = None, *, kinds: Collection[EditKind] = ARRANGING
) -> Change:
    """Makes an edit.

    Args:
        desk: whose log.
        edit: what is wished. A `SPLIT` without a person gets a new one.
        seen: number of the last record that whoever edits has seen; None: all before this edit.
        kinds: the edits that undo and redo are told of.

    Returns:
        What is different from what was seen: this edit, and what others did meanwhile.

    Raises:
        MatchRefused: it names what is not there, or asks for what cannot be; nothing was changed.
    """
    made = desk.edit(edit)
    return change_since(desk, made.number - 1 if seen is None else seen, kinds)


def change_since(desk: Desk, seen: int, kinds: Collection[EditKind] = ARRANGING) -> Change:
    """What became different after a record.

    Args:
        desk: whose log.
        seen: number of that record.
        kinds: the edits that undo and redo are told of.
    """
    records = desk.records()
    before = people_of([record for record in records if record.number <= seen])
    now = people_of(records)
    changed_out = before.excluded.symmetric_difference(now.excluded)
    return Change(
        now.last_number,
        {name: person for name, person in now.person_of.items() if before.person_of.get(name) != person},
        _texts(before.aliases, now.aliases),
        _texts(before.notes, now.notes),
        {name: name in now.excluded for name in sorted(changed_out)},
        steps_of(records, kinds),
    )


def _texts(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    return {
        name: now.get(name, "")
        for name in sorted(before.keys() | now.keys())
        if before.get(name, "") != now.get(name, "")
    }
