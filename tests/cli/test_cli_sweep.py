"""`floorwalker sweep` and `floorwalker db`, as a person or a timer calls them."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import mongomock
import numpy as np
import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from floorwalker.adapters import mongo_entries
from floorwalker.adapters.mongo_entries import MongoEntries
from floorwalker.cli import app
from floorwalker.errors import InputError
from floorwalker.events import Event, EventType
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.site import Site
from floorwalker.warehouse import UnknownStore, Warehouse
from floorwalker.warehouse.entries import SqlEntries

NOW = datetime.now(UTC)


def call(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def answer(*arguments):
    return json.loads(call(*arguments, "--json"))


@pytest.fixture
def warehouse(database_url, monkeypatch):
    """Two stores with an event now and one of each of ten days before; S2's site file keeps five days."""
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", database_url)
    opened = Warehouse(database_url)
    camera = {"id": "C1", "resolution": [100, 100]}
    plain = {"id": "S1", "timezone": "UTC", "camera": [camera]}
    strict = plain | {"id": "S2", "retention": {"events_days": 5}}
    opened.register_site(Site.model_validate({"store": [plain, strict]}))
    opened.add_events(
        [
            Event(
                event_id=str(uuid.uuid4()),
                store_id=store,
                camera_id="C1",
                visitor_id="VIS_1",
                event_type=EventType.ENTRY,
                timestamp=NOW - timedelta(days=days),
            )
            for store in ("S1", "S2")
            for days in range(11)
        ],
        live=False,
    )
    yield opened
    opened.close()


def removed(outcome, kind="events"):
    return {line["store"]: line["removed"] for line in outcome["swept"] if line["kind"] == kind}


def left(warehouse, store):
    return len(warehouse.read(store, NOW - timedelta(days=99), NOW + timedelta(days=1)).events)


def test_nothing_goes_of_a_store_that_nobody_set_days_for(warehouse):
    assert removed(answer("sweep")) == {"S2": 5}
    assert (left(warehouse, "S1"), left(warehouse, "S2")) == (11, 6)


def test_the_command_line_is_above_the_environment_and_that_above_the_site_file(warehouse, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_KEEP_EVENTS_DAYS", "7")
    assert removed(answer("sweep", "--dry-run")) == {"S1": 3, "S2": 3}
    assert removed(answer("sweep", "--dry-run", "--keep", "events=2")) == {"S1": 8, "S2": 8}
    assert (left(warehouse, "S1"), left(warehouse, "S2")) == (11, 11)


def test_one_store_alone(warehouse):
    assert removed(answer("sweep", "--keep", "events=0", "--store", "S1")) == {"S1": 10}
    assert left(warehouse, "S2") == 11
    with pytest.raises(UnknownStore):
        call("sweep", "--store", "S9")


def test_the_receipts_are_listed(warehouse):
    outcome = answer("sweep", "--keep", "events=3")
    listed = answer("sweep", "--receipts")
    assert {r["receipt_id"] for r in listed} == {
        line["receipt"] for line in outcome["swept"] if line["removed"]
    }
    assert sum(r["removed"] for r in listed) == sum(sum(r["days"].values()) for r in listed) == 14
    assert all(len(r["sha256"]) == 64 for r in listed)
    assert "sha256" in call("sweep", "--receipts")
    assert [r["store_id"] for r in answer("sweep", "--receipts", "--store", "S1")] == ["S1"]


@pytest.mark.parametrize("keep", ["events", "events=", "events=-1", "videos=3", "events=1.5", "events=99999"])
def test_a_wrong_way_to_say_it_is_explained(warehouse, keep):
    with pytest.raises(InputError, match="KIND=DAYS"):
        call("sweep", "--keep", keep)


def test_the_table_says_what_went(warehouse):
    shown = call("sweep", "--keep", "events=3")
    assert "removed" in shown
    assert "S1" in shown
    assert "would go" in call("sweep", "--keep", "events=1", "--dry-run")


@pytest.fixture
def track_files(tmp_path):
    """An old and a new track file of S1 with their events and records, in a folder."""
    folder = tmp_path / "runs" / "day"
    folder.mkdir(parents=True)
    for name, days in (("old", 4), ("new", 1)):
        (folder / f"{name}.run.json").write_text('{"recording": {"store_id": "S1"}, "frames": 1}')
        (folder / f"{name}.events.jsonl").write_text("")
        tracks = folder / f"{name}.tracks.parquet"
        tracks.write_bytes(b"PAR1")
        moment = (NOW - timedelta(days=days)).timestamp()
        os.utime(tracks, (moment, moment))
    return folder


def test_old_track_files_go_and_everything_beside_them_stays(warehouse, track_files):
    assert removed(answer("sweep", "--dry-run", "--folder", track_files.parent), "tracks") == {"S1": 1}
    outcome = answer("sweep", "--folder", track_files.parent)
    assert removed(outcome, "tracks") == {"S1": 1}
    assert sorted(path.name for path in track_files.iterdir()) == [
        "new.events.jsonl", "new.run.json", "new.tracks.parquet", "old.events.jsonl", "old.run.json",
    ]  # fmt: skip
    (receipt,) = [r for r in answer("sweep", "--receipts") if r["kind"] == "tracks"]
    assert (receipt["store_id"], receipt["removed"]) == ("S1", 1)
    assert removed(answer("sweep", "--keep", "tracks=0", "--folder", track_files), "tracks") == {"S1": 1}


def test_entries_beside_them_go_too(warehouse, track_files):
    entries = track_files / "old.entries.jsonl"
    entries.write_text('{"entry_id": "e1"}\n')
    moment = (NOW - timedelta(days=4)).timestamp()
    os.utime(entries, (moment, moment))
    assert removed(answer("sweep", "--folder", track_files), "tracks") == {"S1": 2}
    assert not entries.exists()


def test_track_files_in_the_state_folder_are_found_unasked(warehouse, track_files, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_HOME", str(track_files.parent))
    assert removed(answer("sweep"), "tracks") == {"S1": 1}
    with pytest.raises(InputError, match="no such folder"):
        call("sweep", "--folder", track_files / "nothing")


def test_the_version_of_the_tables(database_url, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", database_url)
    Warehouse(database_url).close()
    status = answer("db", "status")
    assert (status["standing"], status["version"]) == ("current", status["needed"])
    assert answer("db", "upgrade")["from"] == status["needed"]
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert answer("db", "status")["standing"] == "newer"
    with pytest.raises(InputError, match="newer"):
        call("db", "upgrade")


def test_asking_for_the_version_makes_no_database(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert "no such file yet" in call("db", "status")
    assert list(tmp_path.iterdir()) == []
    assert "made with version" in call("db", "upgrade")


def test_vectors_of_people_go_after_three_days_unasked_and_answers_stay(warehouse):
    store = SqlEntries(warehouse.database)
    matcher = Matcher(store, MeanEncoder())
    for days in range(6):
        moment = NOW - timedelta(days=days)
        key = BucketKey(moment.date().isoformat(), "S1")
        vectors = np.ones((2, 8), np.float32)
        entry = Entry(key, f"e{days}", moment, Direction.ENTRY, "C1", vectors, {"bag": "tote"}, ("s3://a",))
        matcher.match(entry)
    assert removed(answer("sweep", "--dry-run"), "embeddings") == {"S1": 2}
    swept = answer("sweep")
    assert removed(swept, "embeddings") == {"S1": 2}
    receipts = [each for each in answer("sweep", "--receipts") if each["kind"] == "embeddings"]
    assert [(each["store_id"], each["removed"]) for each in receipts] == [("S1", 2)]
    assert receipts[0]["receipt_id"] in {line["receipt"] for line in swept["swept"]}
    assert removed(answer("sweep"), "embeddings") == {}
    for days in range(6):
        found = store.find(f"e{days}")
        is_gone = days > 3
        assert found.answer.person_id == "S1-0001"
        assert (found.entry.embeddings.size == 0, found.entry.attrs == {}, found.entry.images == ()) == (
            (is_gone,) * 3
        )
    old = replace(store.find("e5").entry, entry_id="late", embeddings=np.ones((2, 8), np.float32))
    for asked in (matcher, Matcher(store, MeanEncoder())):  # what is in memory is not used either
        with pytest.raises(MatchRefused, match="retention took them"):
            asked.match(old)
    assert removed(answer("sweep", "--keep", "embeddings=0"), "embeddings") == {"S1": 3}


def test_vectors_that_lie_in_mongodb_go_too_and_the_receipt_is_here(warehouse, monkeypatch):
    client = mongomock.MongoClient(tz_aware=True)
    monkeypatch.setattr(mongo_entries.pymongo, "MongoClient", lambda *_, **__: client)
    monkeypatch.setenv("MONGO_URI", "mongodb://nowhere")
    store = MongoEntries(client["retail_reid"])
    for days in (0, 4):
        moment = NOW - timedelta(days=days)
        key = BucketKey(moment.date().isoformat(), "only-there")
        entry = Entry(key, f"e{days}", moment, Direction.ENTRY, "C1", np.ones((2, 8), np.float32))
        Matcher(store, MeanEncoder()).match(entry)
    assert removed(answer("sweep", "--dry-run"), "embeddings") == {"only-there": 1}
    (line,) = [line for line in answer("sweep")["swept"] if line["kind"] == "embeddings"]
    assert line["receipt"] in {each["receipt_id"] for each in answer("sweep", "--receipts")}
    assert (store.find("e0").entry.embeddings.size, store.find("e4").entry.embeddings.size) == (16, 0)
