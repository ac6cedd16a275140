"""The shelf: which buckets are held in memory; what is not asked for goes, and is read again when it is."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from floorwalker.identity.matching.bucket import Bucket
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.entry import BucketKey


@dataclass(frozen=True, slots=True)
class Room:
    """How much memory buckets may take.

    Attributes:
        buckets: most that are held.
        entries: most entries of all that are held; the bucket in use is held however large it is.
        idle_s: a bucket that nobody asked for so long goes, so that the vectors of days whose retention is
            over do not stay in memory.
    """

    buckets: int = 512
    entries: int = 400_000
    idle_s: float = 3600.0


@dataclass(slots=True, eq=False)
class Held:
    """A bucket in memory; whoever uses it holds its lock."""

    bucket: Bucket
    doors: Doors
    used_s: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Shelf:
    """Buckets by their key, the latest used last.

    A bucket that goes while somebody uses it does no harm: it follows from its log alone.

    Args:
        doors_of: gives where the cameras of a store are.
        room: how much memory they may take.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        doors_of: Callable[[str], Doors],
        room: Room | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doors_of = doors_of
        self._room = room or Room()
        self._clock = clock
        self._held: OrderedDict[BucketKey, Held] = OrderedDict()
        self._lock = threading.Lock()
        self._added = 0
        self._looked_s = clock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: BucketKey) -> Held:
        """The bucket of a key; an empty one where it is not held."""
        now_s = self._clock()
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                held.used_s = now_s
                self._held.move_to_end(key)
                if now_s - self._looked_s > self._room.idle_s / 10:
                    self._make_room(now_s)
                return held
        doors = self._doors_of(key.store_id)
        fresh = Held(Bucket(doors), doors, now_s)
        with self._lock:
            held = self._held.setdefault(key, fresh)
            self._make_room(now_s)
        return held

    def put(self, key: BucketKey, bucket: Bucket, doors: Doors) -> None:
        """Hold a bucket in place of the one that is held."""
        with self._lock:
            self._held[key] = Held(bucket, doors, self._clock())
            self._held.move_to_end(key)
            self._make_room(self._clock())

    def drop(self, key: BucketKey) -> None:
        """Hold a bucket no more."""
        with self._lock:
            self._held.pop(key, None)

    def grew(self) -> None:
        """Note that an entry was added to a bucket that is held."""
        self._added += 1
        if self._added >= self._room.entries // 100 + 1:
            with self._lock:
                self._make_room(self._clock())

    def _make_room(self, now_s: float) -> None:
        self._added, self._looked_s = 0, now_s
        total = sum(len(held.bucket) for held in self._held.values())
        while len(self._held) > 1:
            key, oldest = next(iter(self._held.items()))
            is_idle = now_s - oldest.used_s > self._room.idle_s
            if not (is_idle or total > self._room.entries or len(self._held) > self._room.buckets):
                return
            total -= len(oldest.bucket)
            del self._held[key]
