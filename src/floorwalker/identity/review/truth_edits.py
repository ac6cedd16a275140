"""Taking over a cluster truth: the edits that make a desk's persons those of a `multicluster_gt.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from floorwalker.errors import InputError
from floorwalker.identity.matching.bucket_log import Edit, EditKind
from floorwalker.identity.matching.cluster_truth import ClusterTruth
from floorwalker.identity.matching.people import People, people_of
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.review.changes import make_edit
from floorwalker.identity.review.desk import Desk


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of a truth.

    Attributes:
        edits: how many were made; each can be undone.
        unknown: entries of the truth that are not on the desk.
        refused: why parts of it were left out.
    """

    edits: int
    unknown: int
    refused: list[str] = field(default_factory=list)


def take_over(desk: Desk, truth: ClusterTruth, by: str, at: datetime) -> TakenOver:
    """Makes the persons of a desk those of a truth; entries that the truth leaves out stay where they are.

    Args:
        desk: whose persons.
        truth: who they are.
        by: who says so.
        at: when.

    Raises:
        InputError: the truth is of another store or day.
    """
    if truth.key != desk.key:
        raise InputError(
            f"the truth is of {truth.key.store_id!r} on {truth.key.day_id}, the manifest of "
            f"{desk.key.store_id!r} on {desk.key.day_id}"
        )
    made, unknown, refused = 0, 0, []
    for person in truth.persons:
        people = people_of(desk.records())
        here = [entry for entry in person.entries if entry in people.person_of]
        unknown += len(person.entries) - len(here)
        for edit in _edits(people, person.person_id, here, by, at):
            try:
                make_edit(desk, edit)
                made += 1
            except MatchRefused as error:
                refused.append(str(error))
        people = people_of(desk.records())
        for edit in _words(people, person.person_id, (person.alias, person.notes), person.excluded, by, at):
            make_edit(desk, edit)
            made += 1
    return TakenOver(made, unknown, refused)


def _edits(people: People, name: str, here: list[str], by: str, at: datetime) -> list[Edit]:
    coming = tuple(entry for entry in here if people.person_of[entry] != name)
    if not coming:
        return []
    kind = EditKind.MOVE if name in people.entries_of else EditKind.SPLIT
    return [Edit(kind, by, at, entries=coming, person=name)]


def _words(
    people: People,
    name: str,
    texts: tuple[str | None, str | None],
    excluded: frozenset[str],
    by: str,
    at: datetime,
) -> list[Edit]:
    """Alias, note and exclusions, where they differ from what is known."""
    mine = people.entries_of.get(name)
    if mine is None:
        return []
    alias, notes = texts
    edits = []
    if (alias or "") != people.aliases.get(name, ""):
        edits.append(Edit(EditKind.ALIAS, by, at, person=name, text=alias or ""))
    if (notes or "") != people.notes.get(name, ""):
        edits.append(Edit(EditKind.NOTE, by, at, person=name, text=notes or ""))
    out = tuple(entry for entry in mine if entry in excluded and entry not in people.excluded)
    back = tuple(entry for entry in mine if entry not in excluded and entry in people.excluded)
    if out:
        edits.append(Edit(EditKind.EXCLUDE, by, at, entries=out))
    if back:
        edits.append(Edit(EditKind.INCLUDE, by, at, entries=back))
    return edits
