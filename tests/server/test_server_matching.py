"""`/match`, `/rebuild`, `/compare` and `/reid/edits` as clients see them, on both databases."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from floorwalker.errors import InputError
from floorwalker.identity.matching.calibration import uncalibrated
from floorwalker.identity.matching.encoder import MeanEncoder, Thresholds
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.server.app import create_app
from floorwalker.server.making_matcher import matcher_of
from floorwalker.server.matching import shortest
from floorwalker.server.matching_start import read_today
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse, engine
from floorwalker.warehouse.entries import SqlEntries
from floorwalker.warehouse.keys import Keys, Role

KEY = BucketKey("2026-03-03", "nc0009")
ASHA = np.random.default_rng(1).normal(size=(10, 64))
BEN = np.random.default_rng(2).normal(size=(10, 64))


def body(entry_id: str = "e1", who: np.ndarray = ASHA, at: str = "10:00:00", **more: Any) -> dict[str, Any]:
    return {
        "day_id": KEY.day_id,
        "store_id": KEY.store_id,
        "entry_id": entry_id,
        "timestamp": f"2026-03-03T{at}Z",
        "direction": "entry",
        "camera": "CAM_ENTRY_01",
        "images": ["s3://crops/0.jpg"],
        "embeddings": who.round(6).tolist(),
        "attrs": {"upper_colour": {"black": 0.8}, "bag": "tote", "hat": False, "age": 40.0, "shoes": None},
    } | more


@pytest.fixture
def post(house) -> Callable[..., dict[str, Any]]:
    def send(*arguments: Any, **more: Any) -> dict[str, Any]:
        answer = house.http.post("/match", json=body(*arguments, **more))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def stored(house) -> int:
    return len(SqlEntries(house.warehouse.database).records(KEY))


def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    return answer.json()["error"]["message"]


def test_the_contract(house, post):
    first = post()
    assert first == {
        "ok": True,
        "entry_id": "e1",
        "timestamp": "2026-03-03T10:00:00Z",
        "direction": "entry",
        "camera": "CAM_ENTRY_01",
        "images": ["s3://crops/0.jpg"],
        "embeddings": ASHA.round(6).tolist(),  # as they were sent
        "status": "new",
        "match_id": None,
        "person_id": "nc0009-0001",
        "score": -1.0,
        "score2": -1.0,
        "reason": None,
        "candidates": [],
    }
    other = post("e2", BEN, "10:05:00")
    assert (other["status"], other["person_id"], other["score2"]) == ("new", "nc0009-0002", -1.0)
    left = post("e3", ASHA + 0.05, "10:10:00", direction="exit")
    assert (left["status"], left["match_id"], left["person_id"]) == ("match", "e1", "nc0009-0001")
    assert left["score"] > 0.9 > left["score2"] == pytest.approx(other["score"], abs=0.1)
    assert [candidate["person_id"] for candidate in left["candidates"]] == ["nc0009-0001", "nc0009-0002"]


def test_the_same_entry_again_gets_the_same_answer_to_the_letter(house):
    first = house.http.post("/match", json=body())
    again = house.http.post("/match", json=body(who=BEN, at="12:00:00", camera="CAM_2", topk=1))
    assert again.content == first.content
    assert ("x-repeated" in first.headers, again.headers["x-repeated"]) == (False, "true")
    assert stored(house) == 1


@settings(max_examples=200, deadline=None, derandomize=True)
@given(numbers=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_as_the_same_32_bits(numbers):
    vectors = np.array([numbers], np.float32)
    assert np.array_equal(shortest(vectors).astype(np.float32), vectors)


def test_asking_without_keeping(house, post):
    assert post(persist=False)["status"] == "new"
    assert stored(house) == 0
    assert house.http.get("/compare", params={"entry_a": "e1", "entry_b": "e1"}).status_code == 404


def test_a_packed_body_is_read(house):
    packed = gzip.compress(json.dumps(body()).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert house.http.post("/match", content=packed, headers=headers).json()["status"] == "new"


NAN = float("nan")
BAD = [
    ({"embeddings": []}, "empty_embeddings"),
    ({"embeddings": [[]]}, "empty_embeddings"),
    ({"embeddings": [[NAN, 1.0]]}, "not_finite"),
    ({"embeddings": [[float("inf"), 1.0]]}, "not_finite"),
    ({"embeddings": [[1e39, 1.0]]}, "not_finite"),
    ({"embeddings": [[0.0, 0.0]]}, "zero_vector"),
    ({"embeddings": [[1.0, 2.0], [-1.0, -2.0]]}, "zero_vector"),
    ({"embeddings": [[1.0, 2.0], [1.0]]}, "mixed_dimensions"),
    ({"embeddings": [[1.0] * 63]}, "wrong_dimension"),
    ({"embeddings": [[1.0] * 8193]}, "wrong_dimension"),
    ({"embeddings": [[1.0, 2.0]] * 1001}, "too_many_vectors"),
    ({"embeddings": [1.0, 2.0]}, "invalid"),
    ({"embeddings": [["1.0"]]}, "invalid"),
    ({"embeddings": [[None]]}, "invalid"),
    ({"embeddings": None}, "invalid"),
    ({"store_id": "nc/0009"}, "store_id"),
    ({"store_id": "..\\nc"}, "store_id"),
    ({"store_id": ""}, "store_id"),
    ({"store_id": "x" * 201}, "store_id"),
    ({"store_id": "nc\u0000"}, "store_id"),
    ({"day_id": "yesterday"}, "day_id"),
    ({"day_id": "20260303"}, "day_id"),
    ({"day_id": "2026-02-30"}, "day_id"),
    ({"day_id": "2026-03-03T00:00:00Z"}, "day_id"),
    ({"day_id": "٢٠٢٦-٠٣-٠٣"}, "day_id"),
    ({"timestamp": "2026-03-03T10:00:00"}, "timestamp"),
    ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
    ({"timestamp": "2026-02-20T10:00:00Z"}, "timestamp"),
    ({"timestamp": "2026-03-03T15:06:00Z"}, "future"),
    ({"timestamp": 1772532130}, "invalid"),
    ({"direction": "in"}, "invalid"),
    ({"entry_id": ""}, "entry_id"),
    ({"entry_id": "a\nb"}, "entry_id"),
    ({"entry_id": 7}, "invalid"),
    ({"camera": ""}, "camera"),
    ({"alert_id": "x" * 201}, "alert_id"),
    ({"images": ["s3://" + "x" * 2001]}, "images"),
    ({"images": "s3://a"}, "invalid"),
    ({"attrs": {f"f{number}": "x" for number in range(201)}}, "attrs"),
    ({"attrs": {"a": {"b": "c"}}}, "invalid"),
    ({"attrs": []}, "invalid"),
    ({"topk": 0}, "topk"),
    ({"topk": 100_000}, "topk"),
    ({"persist": "no"}, "invalid"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD, ids=[f"{code}-{n}" for n, (_, code) in enumerate(BAD)])
def test_what_cannot_be_is_a_4xx_with_its_name_and_adds_nothing(house, post, wrong, code):
    post()
    text = json.dumps(body("e2") | wrong)
    answer = house.http.post("/match", content=text, headers={"Content-Type": "application/json"})
    assert refused(answer, 422, code)
    assert stored(house) == 1
    assert post("e3", at="11:00:00", direction="exit")["match_id"] == "e1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"entry_id": "\\ud800"}', "not_json"),
        (b'{"more":' + b"[" * 100_000, "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"NaN", "not_finite"),
        (b"{}", "invalid"),
        (b"[]", "invalid"),
        (b'"x"', "invalid"),
    ],
)
def test_what_is_no_such_body_is_refused(house, content, code):
    answer = house.http.post("/match", content=content, headers={"Content-Type": "application/json"})
    refused(answer, 400 if code == "not_json" else 422, code)
    lines = {"Content-Type": "application/x-ndjson"}
    refused(house.http.post("/match", content=b"{}", headers=lines), 415, "unsupported_media_type")


def test_an_entry_of_another_day_is_a_conflict(house, post):
    post()
    other = body() | {"day_id": "2026-03-02", "timestamp": "2026-03-02T10:00:00Z"}
    refused(house.http.post("/match", json=other), 409, "entry_conflict")


def test_rebuild_changes_no_answer(house, post):
    post()
    post("e2", BEN, "10:05:00")
    before = post("probe", ASHA, "10:10:00", persist=False, direction="exit")
    answer = house.http.post("/rebuild", json={"day_id": KEY.day_id})
    assert answer.json() == {"ok": True, "count": 2, "swept": 0, "buckets": 1}
    assert post("probe", ASHA, "10:10:00", persist=False, direction="exit") == before
    assert house.http.post("/rebuild", json={"day_id": "2026-01-01"}).json()["count"] == 0
    refused(house.http.post("/rebuild", json={"day_id": "never"}), 422, "day_id")


def test_compare(house, post):
    post()
    post("e2", BEN, "10:05:00")
    same = house.get("/compare", entry_a="e1", entry_b="e1")
    assert same["cosine"] == pytest.approx(1.0)
    compared = house.get("/compare", entry_a="e1", entry_b="e2")
    assert -0.5 < compared["cosine"] < 0.5
    assert compared["entry_b"]["person_id"] == "nc0009-0002"
    assert compared["entry_a"]["attrs"] == {
        "upper_colour": {"black": 0.8},
        "bag": "tote",
        "hat": False,
        "age": 40.0,
    }
    answer = house.http.get("/compare", params={"entry_a": "e1", "entry_b": "nobody"})
    refused(answer, 404, "unknown_entry")


def mean_of(vectors: np.ndarray) -> np.ndarray:
    return MeanEncoder().encode(vectors.astype(np.float32), {})


def edit(house, kind: str, **more: Any) -> Any:
    sent = {"day_id": KEY.day_id, "store_id": KEY.store_id, "kind": kind, "by": "asha"} | more
    return house.http.post("/reid/edits", json=sent)


def test_edits_are_appended_listed_and_heeded(house, post):
    post()
    post("e2", BEN, "10:05:00")
    both = (mean_of(ASHA) + mean_of(BEN))[np.newaxis]
    assert post("tie", both, "10:10:00", persist=False, direction="exit")["status"] == "review"
    made = edit(house, "merge", person="nc0009-0001", other="nc0009-0002")
    assert (made.status_code, made.json()["number"]) == (201, 3)
    assert post("tie", both, "10:10:00", persist=False, direction="exit")["status"] == "match"
    assert edit(house, "undo", undoes=3).status_code == 201
    split = edit(house, "split", entries=["e2"])
    assert split.json()["person"] == "nc0009-0003"
    listed = house.get("/reid/edits", day_id=KEY.day_id, store_id=KEY.store_id)["edits"]
    kinds = [(each["kind"], each["undone"]) for each in listed]
    assert kinds == [("merge", True), ("undo", False), ("split", False)]
    assert listed[0]["by"] == "asha"


def test_edits_that_cannot_be_say_why(house, post):
    post()
    post("e2", BEN, "10:00:01", camera="CAM_2")
    answer = edit(house, "merge", person="nc0009-0001", other="nc0009-0002")
    assert "two places" in refused(answer, 409, "two_places")
    refused(edit(house, "merge", person="nc0009-0001", other="nc0009-0007"), 404, "unknown_person")
    refused(edit(house, "move", person="nc0009-0001", entries=["e7"]), 404, "unknown_entry")
    refused(edit(house, "undo", undoes=1), 404, "unknown_edit")
    refused(edit(house, "same", entries=["e1"]), 422, "bad_edit")
    refused(edit(house, "same", entries=["e1"], store_id="a/b"), 422, "store_id")
    refused(edit(house, "rename"), 422, "invalid")
    refused(edit(house, "note", person="nc0009-0001", text="tall", by=None), 422, "nobody")
    assert stored(house) == 2


def test_a_key_of_another_store_learns_nothing(tmp_path):
    now = datetime(2026, 3, 3, 15, tzinfo=UTC)
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'w.db'}", clock=lambda: now)
    keys = Keys(warehouse.database)
    made = {
        "theirs": keys.create("other shop", Role.OPERATOR, now, stores=["s2"])[1],
        "viewer": keys.create("viewer", Role.VIEWER, now)[1],
        "ours": keys.create("us", Role.OPERATOR, now, stores=[KEY.store_id])[1],
    }
    places = {"day_id": KEY.day_id, "store_id": KEY.store_id}
    pair = {"entry_a": "e1", "entry_b": "e1"}
    found: dict[str, list[int]] = {}
    with TestClient(create_app(warehouse, log=lambda _: None)) as client:
        for name in ("ours", "theirs", "viewer"):
            client.headers["X-API-Key"] = made[name]
            edits = {**places, "kind": "split", "entries": ["e1"]}
            answers = [
                client.post("/match", json=body()),
                client.get("/compare", params=pair),
                client.post("/reid/edits", json=edits),
                client.get("/reid/edits", params=places),
                client.post("/rebuild", json={"day_id": KEY.day_id}),
            ]
            found[name] = [answer.status_code for answer in answers]
            if name == "theirs":
                assert answers[-1].json()["count"] == 0
    warehouse.close()
    assert found == {
        "ours": [200, 200, 201, 200, 200],
        "theirs": [403, 404, 403, 403, 200],
        "viewer": [403, 200, 403, 200, 403],
    }


def test_while_the_database_is_away_nothing_is_taken_and_nothing_lost(
    house, post, locked_by_another, monkeypatch
):
    post()
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT_S", 0.3)  # of connections from here on
    house.warehouse.database.close()
    with locked_by_another(house.database):
        answer = house.http.post("/match", json=body("e2", at="10:30:00", direction="exit"))
        refused(answer, 503, "database_away")
    assert post("e2", at="10:30:00", direction="exit")["match_id"] == "e1"
    assert stored(house) == 2
    house.warehouse.database.close()


def test_health_says_what_holds(house):
    told = house.get("/health")
    rules = house.matcher.rules
    assert (told["threshold"], told["margin"], told["topk"]) == (rules.threshold, rules.margin, 20)
    assert told["model_loaded"] is False


def test_the_variables_of_the_contract_are_heeded(house, monkeypatch):
    variables = {
        "MODEL_CKPT": "encoder.onnx",
        "ATTR_SCHEMA": "attributes.json",
        "THRESHOLD": "0.7",
        "MARGIN": "0.1",
        "TOPK": "5",
        "MONGO_URI": "mongodb://mongo:27017",
        "MONGO_DB": "other",
        "MONGO_EVENTS_COLLECTION": "crossings",
    }
    assert (Settings.load().mongo_db, Settings.load().mongo_events_collection) == (
        "retail_reid",
        "line-crossings",
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert {name: str(getattr(settings, name.lower())) for name in variables} == variables
    monkeypatch.setenv("FLOORWALKER_TOPK", "7")
    assert Settings.load().topk == 7
    monkeypatch.setenv("MARGIN", "wide")
    with pytest.raises(InputError, match=r"^MARGIN="):
        Settings.load()
    for name in ("MODEL_CKPT", "ATTR_SCHEMA", "MONGO_URI"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARGIN", "0.1")
    rules = matcher_of(house.warehouse, Settings.load()).rules
    assert (rules.threshold, rules.margin, rules.topk) == (0.7, 0.1, 7)


def test_a_calibration_gives_the_thresholds_unless_they_are_set(house, tmp_path):
    path = tmp_path / "calibration.json"
    uncalibrated(MeanEncoder().fingerprint, Thresholds(0.5, 0.07)).save(path)
    rules = matcher_of(house.warehouse, Settings(reid_calibration=path, margin=0.2)).rules
    assert (rules.threshold, rules.margin) == (0.5, 0.2)
    uncalibrated("another", Thresholds(0.5, 0.07)).save(path)
    with pytest.raises(InputError, match="another"):
        matcher_of(house.warehouse, Settings(reid_calibration=path))


def test_a_server_that_starts_reads_todays_entries(house, post):
    post()
    again = matcher_of(house.warehouse, Settings())
    read_today(again, house.warehouse, lambda: False, house.log.append)
    assert again.held == 1
    house.clock.now += timedelta(days=1)
    tomorrow = matcher_of(house.warehouse, Settings())
    read_today(tomorrow, house.warehouse, lambda: False, house.log.append)
    assert tomorrow.held == 0
