"""The matcher: asks a bucket, decides and adds, as one step against everybody else at the same bucket."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from floorwalker.errors import WorkError
from floorwalker.identity.matching.agreement import agreement
from floorwalker.identity.matching.answer import Answer
from floorwalker.identity.matching.attributes import encode_attributes
from floorwalker.identity.matching.bucket import Bucket
from floorwalker.identity.matching.bucket_log import (
    BucketSession,
    Edit,
    Edited,
    EditKind,
    EntryStore,
    EntryTaken,
    Matched,
    Overtaken,
    Record,
)
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.editing import checked_edit
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.entry import BucketKey, Entry, Vectors
from floorwalker.identity.matching.judging import judge
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.matching.rules import Rules
from floorwalker.identity.matching.shelf import Held, Room, Shelf
from floorwalker.identity.matching.vectors import VectorError

_TRIES = 50  # against writers of other processes where the store cannot hold a bucket
_PAUSE_S = 0.002  # before each further try, longer each time
_UNIT_SLACK = 1e-3
_PAGE = 1000  # records read at a time: their vectors take more room than the bucket does

_Done = TypeVar("_Done")
_After = Callable[[], None]


class BucketBusy(WorkError):
    """Other processes were quicker every time: nothing was added, the same again may work."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry.

    Attributes:
        entry: as it is kept: of a repeated one the first.
        answer: the answer; of a repeated one the first.
        repeated: whether it was there already and nothing was added.
    """

    entry: Entry
    answer: Answer
    repeated: bool


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was read again.

    Attributes:
        count: entries that were encoded anew.
        swept: entries whose vectors retention took.
        buckets: stores of that day.
    """

    count: int = 0
    swept: int = 0
    buckets: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two entries and how alike they are.

    Attributes:
        one: the first.
        other: the second.
        cosine: of their vectors, -1 to 1.
        agreement: of their attributes, 0 to 1; nan where none is known of both.
    """

    one: Matched
    other: Matched
    cosine: float
    agreement: float


class Matcher:
    """Tells the entries of stores' days apart into persons. All methods may be called from any thread.

    Args:
        store: where the logs are; several processes may use one.
        encoder: makes an entry's vector; every process that uses the store has the same one.
        rules: when an entry is somebody seen before; default: the encoder's own thresholds.
        doors_of: gives where the cameras of a store are; default: nobody knows.
        room: how much memory buckets may take.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: EntryStore,
        encoder: Encoder,
        rules: Rules | None = None,
        *,
        doors_of: Callable[[str], Doors] = lambda _: Doors(),
        room: Room | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.encoder = encoder
        self.rules = rules or Rules(encoder.thresholds.threshold, encoder.thresholds.margin)
        self.doors_of = doors_of
        self._shelf = Shelf(doors_of, room, clock)

    @property
    def held(self) -> int:
        """How many buckets are in memory."""
        return len(self._shelf)

    def match(self, entry: Entry, *, topk: int | None = None, persist: bool = True) -> Outcome:
        """Say who an entry is, and add it; of writers at one bucket each sees what all before it did.

        An entry that comes late is compared with all that are there, later ones of the day too; time and
        place are judged by when it happened.

        Args:
            entry: with vectors as `checked_vectors` gives them.
            topk: most candidates that the answer names; default: the rules'.
            persist: whether it is added. Without, the name of a new person is not taken, and the next entry
                may get it.

        Raises:
            VectorError: the vectors are not what the encoder takes, or not of the bucket's dimension.
            MatchRefused: the name is another bucket's entry's, or the bucket's vectors are gone.
        """
        rules = self.rules if topk is None else replace(self.rules, topk=topk)
        try:
            vector = self._encode(entry)
        except VectorError:
            known = self.store.find(entry.entry_id)
            if known is None:
                raise
            return _repeated(known, entry.key)

        def work(held: Held, session: BucketSession) -> tuple[Outcome, _After | None]:
            known = session.find(entry.entry_id)
            if known is not None:
                return _repeated(known, entry.key), None
            if session.swept:
                self._shelf.drop(entry.key)
                raise _gone(entry.key)
            self._catch_up(held.bucket, session)
            answer = judge(held.bucket, held.doors, entry, vector, rules)
            if not persist:
                return Outcome(entry, answer, repeated=False), None
            record = session.put(entry, answer)
            return Outcome(entry, answer, repeated=False), partial(held.bucket.add, record, vector)

        outcome = self._as_one_step(entry.key, work)
        if not outcome.repeated:
            self._shelf.grew()
        return outcome

    def edit(self, key: BucketKey, edit: Edit) -> Edited:
        """Append what a person did, after looking whether it can be.

        Args:
            key: the store's day.
            edit: a split without a name gets one.

        Raises:
            MatchRefused: it cannot be; the message says why.
        """

        def work(held: Held, session: BucketSession) -> tuple[Edited, _After]:
            self._catch_up(held.bucket, session)
            is_undo = edit.kind is EditKind.UNDO
            log = session.since(0) if is_undo else ()
            record = session.edit(checked_edit(edit, held.bucket, held.doors, key.store_id, log))
            return record, partial(held.bucket.edited, record, lambda: [*log, record])

        return self._as_one_step(key, work)

    def rebuild(self, day_id: str, stores: Collection[str] | None = None) -> Rebuilt:
        """Read a day's buckets again from the store and encode their entries anew.

        Who they are was answered and stays; requests go on meanwhile.

        Args:
            day_id: the day.
            stores: of these only; None: of all.

        Raises:
            MatchRefused: entries are not what the encoder takes.
        """
        done = Rebuilt()
        for key in self.store.buckets(day_id):
            if stores is not None and key.store_id not in stores:
                continue
            doors = self.doors_of(key.store_id)
            bucket = Bucket(doors)
            self._load(key, bucket)
            self._shelf.put(key, bucket, doors)
            swept = len(bucket.crossings) - len(bucket)
            done = Rebuilt(done.count + len(bucket), done.swept + swept, done.buckets + 1)
        return done

    def compare(self, entry_a: str, entry_b: str) -> Comparison:
        """How alike two entries are, of whatever days and stores.

        Raises:
            MatchRefused: there is no such entry, or its vectors are gone.
            VectorError: their vectors have different dimensions.
        """
        found = self._with_vectors(entry_a), self._with_vectors(entry_b)
        one, other = (self._encode(matched.entry) for matched in found)
        if one.shape != other.shape:
            raise VectorError(
                "wrong_dimension", f"{entry_a} has {one.size} numbers and {entry_b} {other.size}"
            )
        schema, (first, second) = self.encoder.schema, found
        agreed = math.nan
        if schema is not None:
            attributes = (encode_attributes(schema, matched.entry.attrs) for matched in found)
            agreed = agreement(schema, *attributes)
        return Comparison(first, second, _cosine(float(one @ other)), agreed)

    def _with_vectors(self, entry_id: str) -> Matched:
        matched = self.store.find(entry_id)
        if matched is None:
            raise MatchRefused("unknown_entry", f"no entry {entry_id!r} is known here")
        if matched.entry.embeddings.size == 0:
            raise _gone(matched.entry.key)
        return matched

    def _as_one_step(
        self, key: BucketKey, work: Callable[[Held, BucketSession], tuple[_Done, _After | None]]
    ) -> _Done:
        """Work on a bucket that nobody else works on; what it leaves in memory follows the commit."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(attempt * _PAUSE_S)
            held = self._shelf.get(key)
            with held.lock:
                if not held.bucket.last_number:
                    self._load(key, held.bucket)
                try:
                    with self.store.session(key) as session:
                        done, after = work(held, session)
                except (EntryTaken, Overtaken):
                    continue
                if after is not None:
                    after()
            return done
        raise BucketBusy(f"others write too much at store {key.store_id} on {key.day_id}; try again")

    def _load(self, key: BucketKey, bucket: Bucket) -> None:
        """Read what there is before anybody is kept waiting for the store."""
        while True:
            page = self.store.records(key, after=bucket.last_number, most=_PAGE)
            if not page:
                return
            self._take(bucket, page, lambda: self.store.records(key, vectors=False))

    def _catch_up(self, bucket: Bucket, session: BucketSession) -> None:
        news = session.since(bucket.last_number)
        if news:
            self._take(bucket, news, lambda: session.since(0))

    def _take(
        self, bucket: Bucket, records: Sequence[Record], whole_log: Callable[[], Sequence[Record]]
    ) -> None:
        try:
            bucket.take(records, self._encode, whole_log)
        except VectorError as error:
            raise MatchRefused(
                "other_encoder",
                f"the entries of this store's day are not what the encoder {self.encoder.name} takes "
                f"({error}); serve it with the encoder that it began with",
            ) from error

    def _encode(self, entry: Entry) -> Vectors:
        vector = self.encoder.encode(entry.embeddings, entry.attrs)
        if not abs(float(vector @ vector) - 1.0) < _UNIT_SLACK:  # NaN is caught too
            raise VectorError("not_finite", "the vectors lead to no direction")
        return vector


def _repeated(known: Matched, key: BucketKey) -> Outcome:
    if known.entry.key != key:
        raise MatchRefused(
            "entry_conflict",
            f"entry {known.entry.entry_id!r} is of another store's day; give it another name",
        )
    return Outcome(known.entry, known.answer, repeated=True)


def _gone(key: BucketKey) -> MatchRefused:
    return MatchRefused(
        "swept", f"the vectors of store {key.store_id} on {key.day_id} are gone: retention took them"
    )


def _cosine(value: float) -> float:
    return min(1.0, max(-1.0, value))
