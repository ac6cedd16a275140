"""Entries in the operational store: the logs of buckets in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection

from floorwalker.identity.matching.answer import Answer
from floorwalker.identity.matching.bucket_log import (
    BucketSession,
    Edit,
    Edited,
    EntryTaken,
    Matched,
    Overtaken,
    Record,
)
from floorwalker.identity.matching.entry import AttributeValue, BucketKey, Direction, Entry
from floorwalker.identity.matching.memory_store import NO_VECTORS
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.plain import is_postgres, run
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.versions import ensure_stores

_ENCODER = msgspec.json.Encoder()
_ANSWERS = msgspec.json.Decoder(Answer)
_EDITS = msgspec.json.Decoder(Edit)
_ATTRS = msgspec.json.Decoder(dict[str, AttributeValue])
_IMAGES = msgspec.json.Decoder(tuple[str, ...])

_META = (
    "e.store_id, e.day_id, e.number, e.entry_id, e.time_us, e.direction, e.camera_id, e.alert_id, e.answer"
)
_BURST = "b.attrs, b.images, b.dimension, b.vectors"
_JOIN = (
    "FROM reid_entries e LEFT JOIN reid_bursts b "
    "ON b.store_id = e.store_id AND b.day_id = e.day_id AND b.number = e.number"
)


class SqlEntries:
    """Keeps the logs of buckets in the operational store; implements `EntryStore`.

    On SQLite one transaction writes at a time. On PostgreSQL a bucket's row is locked: several buckets are
    written at a time. Entries of stores that nobody named yet make them known, as events do.

    Args:
        database: the operational store.
        clock: gives the present.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    @contextmanager
    def session(self, key: BucketKey) -> Iterator[BucketSession]:
        """Holds a bucket against every other writer, of this process or another.

        Raises:
            DatabaseAway: the database is away or busy for too long; nothing was kept.
        """
        with self._database.write() as connection:
            yield _Session(connection, key, to_us(self._clock()))

    def records(
        self, key: BucketKey, *, vectors: bool = True, after: int = 0, most: int | None = None
    ) -> Sequence[Record]:
        """The bucket's log as committed, in order; see `EntryStore`."""
        with self._database.read() as connection:
            return _records(connection, key, vectors=vectors, after=after, most=most)

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        with self._database.read() as connection:
            return _find(connection, entry_id)

    def buckets(self, day_id: str) -> Iterable[BucketKey]:
        """The buckets of a day that hold anything."""
        # By store: every key starts with it.
        statement = (
            "SELECT s.store_id FROM stores s JOIN reid_buckets b "
            "ON b.store_id = s.store_id AND b.day_id = ? ORDER BY s.store_id"
        )
        with self._database.read() as connection:
            return [BucketKey(day_id, row[0]) for row in run(connection, statement, (day_id,)).fetchall()]


class _Session:
    """A bucket within one transaction."""

    def __init__(self, connection: Connection, key: BucketKey, now_us: int) -> None:
        self._connection = connection
        self._key = key
        self._now_us = now_us
        self._last, self.swept = self._held() or (0, False)

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        return _find(self._connection, entry_id)

    def since(self, number: int) -> Sequence[Record]:
        """All records after that number, in order, with their vectors."""
        return _records(self._connection, self._key, after=number) if number < self._last else ()

    def put(self, entry: Entry, answer: Answer) -> Matched:
        """Appends an entry with its answer."""
        number = self._next()
        here = (self._key.store_id, self._key.day_id, number)
        named = run(
            self._connection,
            "INSERT INTO reid_names (store_id, day_id, number, entry_id) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING number",
            (*here, entry.entry_id),
        )
        if named.fetchone() is None:
            raise EntryTaken(entry.entry_id)
        time_us = to_us(entry.timestamp)
        run(
            self._connection,
            "INSERT INTO reid_entries (store_id, day_id, number, entry_id, time_us, direction, camera_id, "
            "alert_id, answer, received_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *here,
                entry.entry_id,
                time_us,
                str(entry.direction),
                entry.camera,
                entry.alert_id,
                _ENCODER.encode(answer).decode(),
                self._now_us,
            ),
        )
        run(
            self._connection,
            "INSERT INTO reid_bursts (store_id, day_id, number, time_us, attrs, images, dimension, vectors) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *here,
                time_us,
                _ENCODER.encode(entry.attrs).decode(),
                _ENCODER.encode(entry.images).decode(),
                entry.embeddings.shape[1],
                entry.embeddings.astype("<f4", copy=False).tobytes(),
            ),
        )
        return Matched(number, entry, answer)

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit."""
        number = self._next()
        run(
            self._connection,
            "INSERT INTO reid_edits (store_id, day_id, number, edit, recorded_us) VALUES (?, ?, ?, ?, ?)",
            (*self._bucket(), number, _ENCODER.encode(edit).decode(), self._now_us),
        )
        return Edited(number, edit)

    def _bucket(self) -> tuple[str, str]:
        return self._key.store_id, self._key.day_id

    def _held(self) -> tuple[int, bool] | None:
        statement = "SELECT last_number, swept FROM reid_buckets WHERE store_id = ? AND day_id = ?"
        if is_postgres(self._connection):
            statement += " FOR UPDATE"
        row = run(self._connection, statement, self._bucket()).fetchone()
        return None if row is None else (row[0], bool(row[1]))

    def _next(self) -> int:
        """The next number, taken."""
        if not self._last:
            self._begin()
        self._last += 1
        run(
            self._connection,
            "UPDATE reid_buckets SET last_number = ? WHERE store_id = ? AND day_id = ?",
            (self._last, *self._bucket()),
        )
        return self._last

    def _begin(self) -> None:
        """Make the bucket known. Its row could not be locked before it was there."""
        ensure_stores(self._connection, [self._key.store_id])
        run(
            self._connection,
            "INSERT INTO reid_buckets (store_id, day_id, last_number, swept) VALUES (?, ?, 0, ?) "
            "ON CONFLICT DO NOTHING",
            (*self._bucket(), False),
        )
        if self._held() != (0, False):
            raise Overtaken(self._key)


def _find(connection: Connection, entry_id: str) -> Matched | None:
    where = run(
        connection, "SELECT store_id, day_id, number FROM reid_names WHERE entry_id = ?", (entry_id,)
    ).fetchone()
    if where is None:
        return None
    statement = f"SELECT {_META}, {_BURST} {_JOIN} WHERE e.store_id = ? AND e.day_id = ? AND e.number = ?"
    return _matched(run(connection, statement, where).fetchone())


def _records(
    connection: Connection,
    key: BucketKey,
    *,
    vectors: bool = True,
    after: int = 0,
    most: int | None = None,
) -> list[Record]:
    last = 2**62 if most is None else after + most
    here = (key.store_id, key.day_id, after, last)
    span = "store_id = ? AND {0}day_id = ? AND {0}number > ? AND {0}number <= ?"
    source = f"{_META}, {_BURST} {_JOIN}" if vectors else f"{_META} FROM reid_entries e"
    entries = run(connection, f"SELECT {source} WHERE e.{span.format('e.')} ORDER BY e.number", here)
    records: list[Record] = [_matched(row) for row in entries.fetchall()]
    edits = run(connection, f"SELECT number, edit FROM reid_edits WHERE {span.format('')}", here)
    records += [Edited(number, _EDITS.decode(edit)) for number, edit in edits.fetchall()]
    return sorted(records, key=lambda record: record.number)


def _matched(row: Sequence[Any]) -> Matched:
    store_id, day_id, number, entry_id, time_us, direction, camera, alert_id, answer = row[:9]
    burst = row[9:]
    has_burst = bool(burst) and burst[3] is not None
    entry = Entry(
        BucketKey(day_id, store_id),
        entry_id,
        from_us(time_us),
        Direction(direction),
        camera,
        np.frombuffer(burst[3], "<f4").reshape(-1, burst[2]) if has_burst else NO_VECTORS,
        _ATTRS.decode(burst[0]) if has_burst else {},
        _IMAGES.decode(burst[1]) if has_burst else (),
        alert_id,
    )
    return Matched(number, entry, _ANSWERS.decode(answer))
