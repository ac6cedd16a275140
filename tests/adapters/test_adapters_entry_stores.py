"""One contract for every store of entries: nothing lost, nothing double, one order for all."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mongomock
import numpy as np
import pymongo
import pytest

from floorwalker.adapters import mongo_entries
from floorwalker.adapters.mongo_entries import MOST_NUMBERS, MongoEntries, open_mongo
from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import Answer, Candidate, Status
from floorwalker.identity.matching.bucket_log import (
    Edit,
    Edited,
    EditKind,
    EntryStore,
    EntryTaken,
    Matched,
    Overtaken,
)
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.matching.rules import Rules
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.entries import SqlEntries

KEY = BucketKey("2026-03-03", "nc0009")
NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)
ANSWER = Answer(
    Status.MATCH, "e0", "nc0009-0001", 0.912345678901, 0.5, (Candidate("nc0009-0001", "e0", 0.9),), "twice: x"
)
EDIT = Edit(EditKind.MERGE, "asha", NINE, person="nc0009-0001", other="nc0009-0002", text="wäré")

Open = Callable[[], EntryStore]


@pytest.fixture(params=["memory", "sqlite", "postgres", "mongomock", "mongodb"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again, as another process would."""
    yield from {"memory": in_memory, "mongomock": in_mongomock, "mongodb": in_mongodb}.get(
        request.param, in_sql
    )(request, tmp_path)


def in_memory(*_: Any) -> Iterator[Open]:
    store = MemoryStore()
    yield lambda: store


def in_sql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    url = f"sqlite:///{tmp_path / 'w.db'}"
    if "postgres" in request.node.callspec.id:
        cluster = request.getfixturevalue("postgres")
        url = cluster.new_database(request.getfixturevalue("_postgres_template"))
    warehouses: list[Warehouse] = []

    def open_one() -> EntryStore:
        warehouses.append(Warehouse(url))
        return SqlEntries(warehouses[-1].database)

    yield open_one
    for warehouse in warehouses:
        warehouse.close()


def in_mongomock(*_: Any) -> Iterator[Open]:
    """What behaves like MongoDB in memory: it proves the logic, not the server."""
    client = mongomock.MongoClient(tz_aware=True)
    yield lambda: MongoEntries(client["retail_reid"])


def in_mongodb(*_: Any) -> Iterator[Open]:
    uri = os.environ.get("MONGO_URI")
    if not uri:
        pytest.skip("not run: MONGO_URI names no MongoDB")
    name = f"floorwalker_test_{uuid.uuid4().hex}"
    yield lambda: open_mongo(uri, name)
    pymongo.MongoClient(uri).drop_database(name)


@pytest.fixture
def store(opened: Open) -> EntryStore:
    return opened()


def an_entry(entry_id: str = "e1", key: BucketKey = KEY, **more: Any) -> Entry:
    values: dict[str, Any] = {
        "key": key,
        "entry_id": entry_id,
        "timestamp": NINE + timedelta(microseconds=123_456),
        "direction": Direction.EXIT,
        "camera": "Tür 1",
        "embeddings": np.arange(1, 7, dtype=np.float32).reshape(2, 3) / np.float32(7),
        "attrs": {
            "upper.colour": "black",
            "$hat": True,
            "age": 41.5,
            "bags": ["rucksack", "tote"],
            "": {"blue": 0.75, "sea.green": 0.25},
        },
        "images": ("s3://crops/1.jpg", "s3://crops/2.jpg"),
        "alert_id": "al-1",
    }
    return Entry(**values | more)


def put(store: EntryStore, entry: Entry, answer: Answer = ANSWER) -> Matched:
    with store.session(entry.key) as session:
        return session.put(entry, answer)


def same(one: Entry, other: Entry) -> bool:
    fields = ("key", "entry_id", "timestamp", "direction", "camera", "attrs", "images", "alert_id")
    assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    return one.embeddings.dtype == other.embeddings.dtype and np.array_equal(one.embeddings, other.embeddings)


def test_an_entry_comes_back_as_it_was_to_the_last_bit(opened):
    written = put(opened(), an_entry())
    read = opened()
    found = read.find("e1")
    assert found is not None
    assert same(found.entry, written.entry)
    assert (found.number, found.answer) == (1, ANSWER)
    (record,) = read.records(KEY)
    assert isinstance(record, Matched)
    assert same(record.entry, written.entry)
    assert record.answer == ANSWER


def test_without_vectors_comes_nothing_that_retention_takes(store):
    put(store, an_entry())
    (record,) = store.records(KEY, vectors=False)
    assert record.entry.embeddings.shape == (0, 0)
    assert (record.entry.attrs, record.entry.images) == ({}, ())
    assert (record.entry.camera, record.entry.alert_id, record.answer) == ("Tür 1", "al-1", ANSWER)


def test_entries_and_edits_have_one_order(opened):
    store = opened()
    put(store, an_entry("e1"))
    with store.session(KEY) as session:
        assert session.edit(EDIT).number == 2
    put(store, an_entry("e3"))
    records = opened().records(KEY)
    assert [record.number for record in records] == [1, 2, 3]
    assert [type(record) for record in records] == [Matched, Edited, Matched]
    assert records[1].edit == EDIT
    assert [record.number for record in store.records(KEY, after=1, most=1)] == [2]
    assert [record.number for record in store.records(KEY, after=2)] == [3]
    with store.session(KEY) as session:
        assert [record.number for record in session.since(1)] == [2, 3]
        assert list(session.since(3)) == []
        assert not session.swept


def test_what_a_session_put_is_not_there_when_it_fails(store):
    def put_and_fail() -> None:
        with store.session(KEY) as session:
            session.put(an_entry(), ANSWER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_and_fail()
    assert store.find("e1") is None
    assert list(store.records(KEY)) == []
    assert list(store.buckets(KEY.day_id)) == []
    assert put(store, an_entry()).number == 1


def test_a_name_is_given_once_over_all_days_and_stores(opened):
    put(opened(), an_entry())
    for key in (KEY, BucketKey("2026-03-04", "nc0009"), BucketKey("2026-03-03", "s2")):
        other = opened()
        with pytest.raises(EntryTaken):
            put(other, an_entry(key=key, camera="another"))
        found = other.find("e1")
        assert found is not None
        assert (found.entry.key, found.entry.camera) == (KEY, "Tür 1")
        assert len(other.records(KEY)) == 1
        with other.session(key) as session:
            assert session.find("e1").entry.key == KEY


def test_the_buckets_of_a_day(store):
    keys = [BucketKey(day, name) for day in ("2026-03-03", "2026-03-04") for name in ("a", "b.$c")]
    for number, key in enumerate(keys):
        put(store, an_entry(f"e{number}", key))
    assert set(store.buckets("2026-03-03")) == set(keys[:2])
    assert list(store.buckets("2026-03-05")) == []


def test_writers_of_one_bucket_never_share_a_number(opened):
    """Each retries as the matcher does; what is in the log follows from what each saw before."""
    stores = [opened(), opened()]
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for place in range(10):
                put_somehow(stores[number % 2], an_entry(f"w{number}-{place}"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    records = stores[0].records(KEY)
    assert [record.number for record in records] == list(range(1, 41))
    assert len({record.entry.entry_id for record in records}) == 40


def put_somehow(store: EntryStore, entry: Entry) -> None:
    for _ in range(200):
        try:
            put(store, entry)
            return
        except Overtaken:
            continue
    raise AssertionError("never got a turn")


def test_two_processes_over_one_store_answer_as_one_would(opened):
    """The matchers know of each other by the store alone."""
    rng = np.random.default_rng(3)
    people = rng.normal(size=(6, 16)).astype(np.float32)
    entries = [
        an_entry(
            f"e{number}",
            timestamp=NINE + timedelta(seconds=number),
            embeddings=people[number % 6] + rng.normal(0, 0.2, (3, 16)).astype(np.float32),
        )
        for number in range(48)
    ]
    matchers = [a_matcher(opened()), a_matcher(opened())]
    told: dict[str, list[Answer]] = {}
    start = threading.Barrier(4)

    def post(client: int) -> None:
        start.wait()
        for entry in entries[client * 6 :] + entries[: client * 6]:
            answer = matchers[client % 2].match(entry).answer
            told.setdefault(entry.entry_id, []).append(answer)

    threads = [threading.Thread(target=post, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = opened().records(KEY)
    assert [record.number for record in records] == list(range(1, 49))
    serial = a_matcher(MemoryStore())
    for record in records:
        assert serial.match(record.entry).answer == record.answer
        assert told[record.entry.entry_id] == [record.answer] * 4
    restarted = a_matcher(opened())
    assert restarted.rebuild(KEY.day_id).count == 48
    probe = an_entry(str(uuid.uuid4()), embeddings=people[:1])
    assert restarted.match(probe, persist=False).answer == serial.match(probe, persist=False).answer


def a_matcher(store: EntryStore) -> Matcher:
    return Matcher(store, MeanEncoder(), Rules(0.7, 0.05))


# MongoDB's own


@pytest.fixture
def mongo() -> MongoEntries:
    return MongoEntries(mongomock.MongoClient(tz_aware=True)["retail_reid"], clock=lambda: NINE)


def test_the_contracts_collection_is_as_others_read_it(mongo):
    put(mongo, an_entry())
    (document,) = mongo.entries.find()
    assert (document["_id"], document["day_id"], document["store_id"]) == ("e1", *KEY)
    assert document["embeddings"] == an_entry().embeddings.tolist()
    assert document["attrs"]["age"] == 41.5
    assert set(document["attrs"]) == {"upper%2Ecolour", "%24hat", "age", "bags", "%"}
    assert document["attrs"]["%"] == {"blue": 0.75, "sea%2Egreen": 0.25}


def test_a_claim_that_a_killed_process_left_is_taken_over(mongo):
    put(mongo, an_entry("e0"))
    mongo.entries.insert_one({"_id": "e1", "token": "dead", "claimed_at": NINE - timedelta(seconds=11)})
    assert mongo.find("e1") is None
    assert put(mongo, an_entry()).number == 2
    assert same(mongo.find("e1").entry, an_entry())


def test_a_claim_that_somebody_is_at_is_waited_for(mongo):
    mongo.entries.insert_one({"_id": "e1", "token": "alive", "claimed_at": NINE})
    with pytest.raises(Overtaken):
        put(mongo, an_entry())
    assert mongo.find("e1") is None


def test_who_is_overtaken_leaves_nothing_behind(mongo):
    def be_slow() -> None:
        with mongo.session(KEY) as session:
            session.put(an_entry("slow"), ANSWER)
            put(mongo, an_entry("quick"))

    with pytest.raises(Overtaken):
        be_slow()
    assert [document["_id"] for document in mongo.entries.find()] == ["quick"]
    assert [record.entry.entry_id for record in mongo.records(KEY)] == ["quick"]


def test_what_no_document_can_hold_is_refused_by_name(mongo):
    vectors = np.ones((MOST_NUMBERS // 1000 + 1, 1000), np.float32)
    with pytest.raises(MatchRefused) as refused:
        put(mongo, an_entry(embeddings=vectors))
    assert refused.value.code == "too_large"
    assert mongo.entries.count_documents({}) == 0


def test_swept_vectors_are_gone_there_too(mongo):
    put(mongo, an_entry("old"))
    put(mongo, an_entry("new", timestamp=NINE + timedelta(hours=5)))
    put(mongo, an_entry("elsewhere", BucketKey(KEY.day_id, "s2")))
    before = NINE + timedelta(hours=1)
    assert mongo.sweep(before, KEY.store_id, dry_run=True).keys() == {f"{KEY.day_id} old"}
    assert mongo.find("old").entry.embeddings.size
    assert mongo.sweep(before, KEY.store_id).keys() == {f"{KEY.day_id} old"}
    assert mongo.sweep(before, KEY.store_id) == {}
    gone = mongo.find("old")
    assert (gone.entry.embeddings.size, gone.entry.attrs, gone.entry.images) == (0, {}, ())
    assert gone.answer == ANSWER
    assert [mongo.find(name).entry.embeddings.size for name in ("new", "elsewhere")] == [6, 6]
    for key, is_swept in ((KEY, True), (BucketKey(KEY.day_id, "s2"), False)):
        with mongo.session(key) as session:
            assert session.swept is is_swept


def test_a_server_that_does_not_answer_is_away_and_not_a_fault(monkeypatch):
    monkeypatch.setattr(mongo_entries, "_TIMEOUT_MS", 50)
    with pytest.raises(DatabaseAway, match="MongoDB"):
        open_mongo("mongodb://127.0.0.1:1/?directConnection=true", "retail_reid")
    with pytest.raises(InputError, match="MONGO_URI"):
        open_mongo("http://127.0.0.1", "retail_reid")
