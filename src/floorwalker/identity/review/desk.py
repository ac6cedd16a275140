"""The desk: a store's day that people look through, and where what they say of it is kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from floorwalker.events import format_utc, parse_utc
from floorwalker.identity.matching.answer import NOBODY, Answer, Status
from floorwalker.identity.matching.bucket import Bucket
from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind, Matched, Record
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.editing import checked_edit
from floorwalker.identity.matching.entry import BucketKey, Entry
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, ManifestPerson
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import NO_VECTORS
from floorwalker.identity.review.line_log import Line, LineLog

_PAGE = 500  # records read at a time
_ALREADY = "manifest"  # who said what a manifest already holds


class Desk(Protocol):
    """A bucket's log, however it is kept."""

    @property
    def key(self) -> BucketKey:
        """The store's day."""

    @property
    def doors(self) -> Doors:
        """Where the store's cameras are."""

    def records(self) -> Sequence[Record]:
        """The log in order: who is who. Entries may lack what retention takes, whether or not it did."""

    def whole(self, *, vectors: bool) -> Sequence[Record]:
        """The log in order with attributes and images.

        Args:
            vectors: whether embeddings are there too; else they may be (0, 0).
        """

    def find(self, entry_id: str) -> Entry | None:
        """The entry of that name, if it is of this day."""

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit, after looking whether it can be.

        Args:
            edit: a split without a name gets one.

        Raises:
            MatchRefused: it cannot be; the log is as it was.
        """


class StoreDayDesk:
    """A store's day as the matcher keeps it. May be used from several threads.

    What was read of the log is kept without vectors, and only what came since is read again.

    Args:
        matcher: has the logs.
        key: the store's day.
    """

    def __init__(self, matcher: Matcher, key: BucketKey) -> None:
        self._matcher = matcher
        self.key = key
        self.doors = matcher.doors_of(key.store_id)
        self._read: list[Record] = []
        self._lock = threading.Lock()

    def records(self) -> Sequence[Record]:
        """The log in order, without what retention takes."""
        store = self._matcher.store
        with self._lock:
            last = self._read[-1].number if self._read else 0
            # The last one that is known is asked for again: if it is gone, the day was deleted.
            found = store.records(self.key, vectors=False, after=max(last - 1, 0))
            if last and (not found or found[0].number != last):
                self._read = []
                found = store.records(self.key, vectors=False)
            elif last:
                found = found[1:]
            self._read = [*self._read, *found]
            return self._read

    def whole(self, *, vectors: bool) -> Sequence[Record]:
        """The log in order with attributes and images, read a page at a time: a day of vectors is long."""
        store, records = self._matcher.store, list[Record]()
        while page := store.records(self.key, after=records[-1].number if records else 0, most=_PAGE):
            records += page if vectors else map(_light, page)
        return records

    def find(self, entry_id: str) -> Entry | None:
        """The entry of that name, if it is of this day."""
        found = self._matcher.store.find(entry_id)
        return found.entry if found is not None and found.entry.key == self.key else None

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit, after looking whether it can be."""
        return self._matcher.edit(self.key, edit)


class FileDesk:
    """A manifest that somebody opened, with what was said of it since in a file.

    What the manifest holds has numbers up to 0 and cannot be undone; the file's lines begin with 1.

    Args:
        manifest: as it was opened.
        log: the file of edits.
        doors: where the store's cameras are.
    """

    def __init__(self, manifest: Manifest, log: LineLog, doors: Doors | None = None) -> None:
        self.key = manifest.key
        self.doors = doors or Doors()
        self._log = log
        self._opened = records_of(manifest)
        self._entries: dict[str, Entry] = {}
        self._bucket = Bucket(self.doors)  # without vectors: it knows who is who, and who was where
        for record in self._opened:
            if isinstance(record, Matched):
                self._entries[record.entry.entry_id] = record.entry
                self._bucket.add(record, None)
            else:
                self._bucket.edited(record, tuple)

    def records(self) -> Sequence[Record]:
        """The manifest and all that was said of it."""
        return [*self._opened, *self._said()]

    def whole(self, *, vectors: bool) -> Sequence[Record]:
        """The same: what a manifest holds is there anyway."""
        return self.records()

    def find(self, entry_id: str) -> Entry | None:
        """The entry of that name, if it is of this day."""
        return self._entries.get(entry_id)

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit, after looking whether it can be."""
        with self._log.held():
            said = self._said()
            for record in said:
                if record.number > self._bucket.last_number:
                    self._bucket.edited(record, lambda: [*self._opened, *said])
            checked = checked_edit(edit, self._bucket, self.doors, self.key.store_id, said)
            return edited_from(self._log.append(lambda number: line_of(number, checked)))

    def _said(self) -> list[Edited]:
        return [edited_from(line) for line in self._log.read()]


def _light(record: Record) -> Record:
    """A record without its vectors, which are most of it."""
    if isinstance(record, Edited):
        return record
    return replace(record, entry=replace(record.entry, embeddings=NO_VECTORS))


def line_of(number: int, edit: Edit) -> Line:
    """An edit as a line of the log."""
    return Line(
        number,
        edit.kind.value,
        edit.by,
        format_utc(edit.at),
        edit.entries,
        edit.person,
        edit.other,
        edit.text,
        edit.undoes,
    )


def edited_from(line: Line) -> Edited:
    """The edit that a line of the log holds."""
    edit = Edit(
        EditKind(line.kind),
        line.by,
        parse_utc(line.at),
        line.entries,
        line.person,
        line.other,
        line.text,
        line.undoes,
    )
    return Edited(line.number, edit)


def records_of(manifest: Manifest) -> list[Record]:
    """A manifest as a log, numbers up to 0: entries in order of time, then what was said of people."""
    owned = [(event, person) for person in manifest.people for event in person.events]
    owned.sort(key=lambda pair: (pair[0].timestamp, pair[0].entry_id))
    answered = [_matched(manifest.key, event, person) for event, person in owned]
    said = [edit for person in manifest.people for edit in _said(person)]
    first = 1 - len(answered) - len(said)
    records: list[Record] = [
        Matched(first + place, entry, answer) for place, (entry, answer) in enumerate(answered)
    ]
    records += [Edited(1 - len(said) + place, edit) for place, edit in enumerate(said)]
    return records


def _matched(key: BucketKey, event: ManifestEvent, person: ManifestPerson) -> tuple[Entry, Answer]:
    vectors = event.embeddings
    entry = Entry(
        key,
        event.entry_id,
        event.timestamp,
        event.direction,
        event.camera,
        NO_VECTORS if vectors is None else vectors,
        event.attrs,
        event.images,
        event.alert_id,
    )
    # A manifest says who somebody is, not what was answered: who had nobody before them was new.
    status = Status.NEW if event.score == NOBODY else Status.MATCH
    return entry, Answer(status, None, person.person_id, event.score, event.score2)


def _said(person: ManifestPerson) -> list[Edit]:
    edits = []
    for kind, text in ((EditKind.ALIAS, person.alias), (EditKind.NOTE, person.notes)):
        if text:
            edits.append(Edit(kind, _ALREADY, person.first_seen, person=person.person_id, text=text))
    excluded = tuple(event.entry_id for event in person.events if event.excluded)
    if excluded:
        edits.append(Edit(EditKind.EXCLUDE, _ALREADY, person.first_seen, entries=excluded))
    return edits
