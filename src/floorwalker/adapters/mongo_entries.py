"""Entries in MongoDB, for those whose other services read them there.

`entries` is the contract's collection: `_id` is the entry's name, with its store, day, vectors, attributes.
`entry_log` is the order in which entries and edits came; an entry counts once it stands there. So a process
that is killed between the two leaves nothing but a claim, which the next one takes over. `entry_buckets`
notes of which days retention took vectors. No transactions are needed, nor a replica set.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec
import numpy as np
import pymongo
from pymongo.errors import ConfigurationError, DuplicateKeyError, PyMongoError

from floorwalker.errors import InputError
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
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.memory_store import NO_VECTORS
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.warehouse import DatabaseAway
from floorwalker.warehouse.records import from_us, to_us

Document = dict[str, Any]

MOST_NUMBERS = (
    1_000_000  # of one entry: a document holds 16 MB, and a number of an array takes up to 14 bytes
)
_CLAIM = timedelta(seconds=10)  # nobody takes so long from claiming a name to writing it into the log
_TIMEOUT_MS = 5000
_AT_ONCE = 500


def open_mongo(uri: str, name: str) -> MongoEntries:
    """The store in a database of MongoDB.

    Args:
        uri: `mongodb://…`, with whatever options.
        name: of the database.

    Raises:
        InputError: the address is none.
        DatabaseAway: it does not answer.
    """
    try:
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(
            uri,
            tz_aware=True,
            w="majority",
            journal=True,
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            connectTimeoutMS=_TIMEOUT_MS,
            appname="floorwalker",
        )
        return MongoEntries(client[name])
    except (ConfigurationError, ValueError) as error:
        raise InputError(f"MONGO_URI: {error}") from error


class MongoEntries:
    """Keeps the logs of buckets in MongoDB; implements `EntryStore`.

    It cannot hold a bucket against other processes: of two writers the later is `Overtaken`.

    Args:
        database: of pymongo, or what behaves like one.
        clock: gives the present.
    """

    def __init__(self, database: Any, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.entries = database["entries"]
        self.log = database["entry_log"]
        self.marks = database["entry_buckets"]
        self.clock = clock
        with mongo_errors():
            self.log.create_index([("day_id", 1), ("store_id", 1), ("number", 1)], unique=True)
            self.log.create_index("entry_id", unique=True, sparse=True)
            self.entries.create_index([("store_id", 1), ("timestamp", 1)])

    @contextmanager
    def session(self, key: BucketKey) -> Iterator[BucketSession]:
        """A bucket as it is now; what was put is written where the session ends.

        Raises:
            DatabaseAway: it does not answer.
            EntryTaken: another writer put an entry of that name.
            Overtaken: another writer was quicker.
        """
        with mongo_errors():
            session = _Session(self, key)
            yield session
            session.write()

    def records(
        self, key: BucketKey, *, vectors: bool = True, after: int = 0, most: int | None = None
    ) -> Sequence[Record]:
        """The bucket's log as committed, in order; see `EntryStore`."""
        span: Document = {"$gt": after}
        if most is not None:
            span["$lte"] = after + most
        with mongo_errors():
            where = {"day_id": key.day_id, "store_id": key.store_id, "number": span}
            lines = list(self.log.find(where).sort("number", 1))
            bursts: dict[str, Document] = {}
            names = [line["entry_id"] for line in lines if vectors and "entry_id" in line]
            for start in range(0, len(names), _AT_ONCE):
                found = self.entries.find({"_id": {"$in": names[start : start + _AT_ONCE]}})
                bursts |= {burst["_id"]: burst for burst in found}
        return [_record(line, bursts.get(line.get("entry_id", ""))) for line in lines]

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        with mongo_errors():
            line = self.log.find_one({"entry_id": entry_id})
            if line is None:
                return None
            record = _record(line, self.entries.find_one({"_id": entry_id}))
        return record if isinstance(record, Matched) else None

    def buckets(self, day_id: str) -> Iterable[BucketKey]:
        """The buckets of a day that hold anything."""
        with mongo_errors():
            names = self.log.distinct("store_id", {"day_id": day_id})
        return [BucketKey(day_id, name) for name in sorted(names)]

    def stores(self) -> list[str]:
        """The stores that entries name."""
        with mongo_errors():
            return sorted(self.entries.distinct("store_id"))

    def sweep(self, before: datetime, store_id: str, *, dry_run: bool = False) -> dict[str, str]:
        """Take vectors, attributes and addresses of pictures; who the entries were stays.

        Args:
            before: of entries before this moment.
            store_id: whose.
            dry_run: only say which.

        Returns:
            SHA-256 of what was taken, by day and entry.
        """
        taken: dict[str, str] = {}
        there = {
            "store_id": store_id,
            "timestamp": {"$lt": before},
            "embeddings": {"$exists": True},
        }
        with mongo_errors():
            for burst in self.entries.find(there).sort("timestamp", 1):
                key = _mark(BucketKey(burst["day_id"], store_id))
                parts = [burst.get(name) for name in _BURST]
                taken[f"{burst['day_id']} {burst['_id']}"] = hashlib.sha256(repr(parts).encode()).hexdigest()
                if not dry_run:
                    self.marks.update_one({"_id": key}, {"$set": {"swept": True}}, upsert=True)
                    gone = dict.fromkeys(_BURST, "")
                    self.entries.update_one({"_id": burst["_id"]}, {"$unset": gone})
        return taken


class _Session:
    """A bucket as it was when the session began."""

    def __init__(self, store: MongoEntries, key: BucketKey) -> None:
        self._store = store
        self._key = key
        self._new: Matched | Edited | None = None
        where = {"day_id": key.day_id, "store_id": key.store_id}
        latest = next(iter(store.log.find(where).sort("number", -1).limit(1)), None)
        self._last: int = 0 if latest is None else latest["number"]
        mark = store.marks.find_one({"_id": _mark(key)})
        self.swept = bool(mark and mark.get("swept"))

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        return self._store.find(entry_id)

    def since(self, number: int) -> Sequence[Record]:
        """All records after that number, in order, with their vectors."""
        if number >= self._last:
            return ()
        return self._store.records(self._key, after=number, most=self._last - number)

    def put(self, entry: Entry, answer: Answer) -> Matched:
        """Appends an entry with its answer."""
        if entry.embeddings.size > MOST_NUMBERS:
            raise MatchRefused(
                "too_large",
                f"expected at most {MOST_NUMBERS} numbers in embeddings, got {entry.embeddings.size}: "
                "MongoDB holds no larger document",
            )
        self._new = Matched(self._last + 1, entry, answer)
        return self._new

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit."""
        self._new = Edited(self._last + 1, edit)
        return self._new

    def write(self) -> None:
        """Make durable what was put."""
        if isinstance(self._new, Edited):
            self._append({"edit": msgspec.json.encode(self._new.edit).decode()})
        elif self._new is not None:
            self._write_entry(self._new)

    def _write_entry(self, record: Matched) -> None:
        entry, token = record.entry, uuid.uuid4().hex
        burst = _burst(entry) | {"token": token, "claimed_at": self._store.clock()}
        before: Document | None = None
        try:
            self._store.entries.insert_one(burst)
        except DuplicateKeyError:
            before = self._take_over(burst)
        line = {
            "entry_id": entry.entry_id,
            "token": token,
            "time_us": to_us(entry.timestamp),
            "direction": entry.direction.value,
            "camera": entry.camera,
            "alert_id": entry.alert_id,
            "answer": msgspec.json.encode(record.answer).decode(),
        }
        try:
            self._append(line)
        except Overtaken:
            mine = {"_id": entry.entry_id, "token": token}
            if before is None:
                self._store.entries.delete_one(mine)
            else:
                self._store.entries.replace_one(mine, before)
            raise

    def _take_over(self, burst: Document) -> Document:
        """Take a name that was claimed and never written into the log; gives what stood there."""
        name = burst["_id"]
        before: Document | None = self._store.entries.find_one({"_id": name})
        if before is not None and self._store.log.find_one({"entry_id": name}) is not None:
            raise EntryTaken(name)
        if before is None:
            raise Overtaken(name)
        claimed_at = before.get("claimed_at")
        if claimed_at is not None and self._store.clock() - claimed_at < _CLAIM:
            raise Overtaken(name)  # somebody is at it at this moment
        mine = {"_id": name, "token": before.get("token")}
        if self._store.entries.replace_one(mine, burst).matched_count == 0:
            raise Overtaken(name)
        return before

    def _append(self, line: Document) -> None:
        where = {"day_id": self._key.day_id, "store_id": self._key.store_id, "number": self._last + 1}
        try:
            self._store.log.insert_one(where | line)
        except DuplicateKeyError as error:
            raise Overtaken(self._key) from error


@contextmanager
def mongo_errors() -> Iterator[None]:
    """Turn the driver's failures into `DatabaseAway`.

    Raises:
        DatabaseAway: the same call may work later.
    """
    try:
        yield
    except PyMongoError as error:
        raise DatabaseAway(f"MongoDB cannot be used: {type(error).__name__}: {str(error)[:200]}") from error


_BURST = ("embeddings", "attrs", "images")


def _mark(key: BucketKey) -> str:
    return f"{key.day_id} {key.store_id}"


def _burst(entry: Entry) -> Document:
    return {
        "_id": entry.entry_id,
        "day_id": entry.key.day_id,
        "store_id": entry.key.store_id,
        "timestamp": entry.timestamp,
        "direction": entry.direction.value,
        "camera": entry.camera,
        "alert_id": entry.alert_id,
        "images": list(entry.images),
        "embeddings": entry.embeddings.tolist(),
        "attrs": {
            _escaped(name): {_escaped(label): share for label, share in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in entry.attrs.items()
        },
    }


def _record(line: Document, burst: Document | None) -> Record:
    if "edit" in line:
        return Edited(line["number"], msgspec.json.decode(line["edit"], type=Edit))
    has_burst = burst is not None and "embeddings" in burst
    entry = Entry(
        BucketKey(line["day_id"], line["store_id"]),
        line["entry_id"],
        from_us(line["time_us"]),
        Direction(line["direction"]),
        line["camera"],
        np.asarray(burst["embeddings"], np.float32) if burst and has_burst else NO_VECTORS,
        _plain(burst["attrs"]) if burst and has_burst else {},
        tuple(burst["images"]) if burst and has_burst else (),
        line["alert_id"],
    )
    return Matched(line["number"], entry, msgspec.json.decode(line["answer"], type=Answer))


def _plain(attrs: Document) -> Document:
    return {
        _unescaped(name): {_unescaped(label): share for label, share in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in attrs.items()
    }


def _escaped(name: str) -> str:
    """A name as MongoDB takes it for a field, without dots and dollars; most stay as they are."""
    return name.translate(_ESCAPES) or _EMPTY


def _unescaped(name: str) -> str:
    return "" if name == _EMPTY else unquote(name)


_ESCAPES = str.maketrans({char: f"%{ord(char):02X}" for char in "%.$\0"})
_EMPTY = "%"  # alone it is nothing's escape
