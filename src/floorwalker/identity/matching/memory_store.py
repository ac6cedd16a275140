"""A store of entries in memory: for one process, and gone with it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from floorwalker.identity.matching.answer import Answer
from floorwalker.identity.matching.bucket_log import Edit, Edited, EntryTaken, Matched, Record
from floorwalker.identity.matching.entry import BucketKey, Entry

NO_VECTORS = np.zeros((0, 0), np.float32)


@dataclass(slots=True)
class _Log:
    lock: threading.Lock = field(default_factory=threading.Lock)
    records: list[Record] = field(default_factory=list)
    swept: bool = False


class MemoryStore:
    """Keeps the logs of buckets as long as the process lives; it grows with every entry."""

    def __init__(self) -> None:
        self._logs: dict[BucketKey, _Log] = {}
        self._by_name: dict[str, Matched] = {}
        self._lock = threading.Lock()

    def session(self, key: BucketKey) -> _Session:
        """Holds a bucket against every other thread."""
        log = self._logs.get(key)
        if log is None:
            with self._lock:
                log = self._logs.setdefault(key, _Log())
        return _Session(log, self)

    def records(
        self, key: BucketKey, *, vectors: bool = True, after: int = 0, most: int | None = None
    ) -> Sequence[Record]:
        """The bucket's log as committed, in order; see `EntryStore`."""
        with self._lock:
            log = self._logs.get(key)
            records = log.records[after : None if most is None else after + most] if log else []
        return records if vectors else [_bare(record) for record in records]

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        return self._by_name.get(entry_id)

    def buckets(self, day_id: str) -> Iterable[BucketKey]:
        """The buckets of a day that hold anything."""
        with self._lock:
            return [key for key, log in self._logs.items() if key.day_id == day_id and log.records]

    def sweep(self, key: BucketKey) -> int:
        """Take the vectors, attributes and addresses of pictures of a bucket; gives of how many entries."""
        with self.session(key) as session:
            log = session.log
            log.swept = True
            log.records = [_bare(record) for record in log.records]
            matched = [record for record in log.records if isinstance(record, Matched)]
            with self._lock:
                self._by_name |= {record.entry.entry_id: record for record in matched}
            return len(matched)

    def keep(self, log: _Log, records: Sequence[Record]) -> None:
        """Make durable what a session put, all of it or nothing.

        Raises:
            EntryTaken: an entry's name is taken.
        """
        with self._lock:
            named = {record.entry.entry_id: record for record in records if isinstance(record, Matched)}
            for entry_id in named:
                if entry_id in self._by_name:
                    raise EntryTaken(entry_id)
            self._by_name |= named
            log.records += records


class _Session:
    """A bucket held by one thread."""

    __slots__ = ("_new", "_store", "log")

    def __init__(self, log: _Log, store: MemoryStore) -> None:
        self.log = log
        self._store = store
        self._new: list[Record] = []

    def __enter__(self) -> _Session:
        self.log.lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._new:
                self._store.keep(self.log, self._new)
        finally:
            self.log.lock.release()

    @property
    def swept(self) -> bool:
        """Whether retention took vectors of the bucket."""
        return self.log.swept

    def find(self, entry_id: str) -> Matched | None:
        """The entry of that name, in whatever bucket it is."""
        return self._store.find(entry_id)

    def since(self, number: int) -> Sequence[Record]:
        """All records after that number, in order."""
        return self.log.records[number:]  # numbers are places, counted from 1

    def put(self, entry: Entry, answer: Answer) -> Matched:
        """Appends an entry with its answer."""
        record = Matched(len(self.log.records) + len(self._new) + 1, entry, answer)
        self._new.append(record)
        return record

    def edit(self, edit: Edit) -> Edited:
        """Appends an edit."""
        record = Edited(len(self.log.records) + len(self._new) + 1, edit)
        self._new.append(record)
        return record


def _bare(record: Record) -> Record:
    if isinstance(record, Edited):
        return record
    return replace(record, entry=replace(record.entry, embeddings=NO_VECTORS, attrs={}, images=()))
