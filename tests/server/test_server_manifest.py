"""`GET /manifest` as clients see it, on both databases, over a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from floorwalker.identity.matching.manifest_json import read_manifest

DAY, STORE = "2026-03-03", "nc0009"
ASHA, BEN, CLEO = (np.random.default_rng(seed).normal(size=(3, 64)).round(6) for seed in (1, 2, 3))


@pytest.fixture
def post(house) -> Callable[..., dict[str, Any]]:
    def send(entry_id: str, who: np.ndarray, at: str, camera: str = "CAM_ENTRY_01", **more: Any) -> Any:
        body = {
            "day_id": DAY,
            "store_id": STORE,
            "entry_id": entry_id,
            "timestamp": f"{DAY}T{at}Z",
            "direction": "entry",
            "camera": camera,
            "alert_id": f"al-{entry_id}",
            "images": [f"s3://crops/{entry_id}/0.jpg"],
            "embeddings": who.tolist(),
            "attrs": {"bag": "tote", "upper": {"black": 0.75}},
        } | more
        answer = house.http.post("/match", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def asked(house, **params: Any) -> Any:
    answer = house.http.get("/manifest", params={"day_id": DAY, "store_id": STORE} | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def people(manifest: dict[str, Any]) -> dict[str, list[str]]:
    return {person["person_id"]: [e["entry_id"] for e in person["events"]] for person in manifest["people"]}


def edit(house, kind: str, **what: Any) -> dict[str, Any]:
    body = {"day_id": DAY, "store_id": STORE, "kind": kind, "by": "asha"} | what
    answer = house.http.post("/reid/edits", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_the_contract(house, post):
    post("e1", ASHA, "10:00:00")
    post("e2", BEN, "10:05:00")
    again = post("e3", ASHA, "11:00:00", "CAM_SIDE", direction="exit")
    told = asked(house)
    second = told["people"][0]["events"][1]
    np.testing.assert_allclose(second.pop("embeddings"), ASHA, atol=1e-6)
    assert second == {
        "entry_id": "e3",
        "timestamp": f"{DAY}T11:00:00Z",
        "direction": "exit",
        "camera": "CAM_SIDE",
        "alert_id": "al-e3",
        "images": ["s3://crops/e3/0.jpg"],
        "score": again["score"],
        "score2": again["score2"],
        "attrs": {"bag": "tote", "upper": {"black": 0.75}},
    }
    first = told["people"][0]["events"][0]
    assert (first["score"], first["score2"]) == (-1.0, -1.0)
    assert told["people"][0]["first_seen"] == f"{DAY}T10:00:00Z"
    assert {name: told[name] for name in told if name != "people"} == {
        "ok": True,
        "day_id": DAY,
        "store_id": STORE,
        "person_count": 2,
        "event_count": 3,
    }
    assert people(told) == {"nc0009-0001": ["e1", "e3"], "nc0009-0002": ["e2"]}


def test_filters_and_without_vectors(house, post):
    post("e1", ASHA, "10:00:00")
    post("e2", BEN, "10:05:00")
    post("e3", ASHA, "11:00:00", "CAM_SIDE")
    one = asked(house, entry_id="e3")
    assert people(one) == {"nc0009-0001": ["e1", "e3"]}
    np.testing.assert_allclose(one["people"][0]["events"][1]["embeddings"], ASHA, atol=1e-6)
    assert people(asked(house, camera="CAM_SIDE")) == {"nc0009-0001": ["e3"]}
    both = asked(house, camera=["CAM_SIDE", "CAM_ENTRY_01"])
    assert both["event_count"] == 3
    light = asked(house, embeddings="false")
    assert "embeddings" not in json.dumps(light)
    assert light["people"][0]["events"][0]["images"] == ["s3://crops/e1/0.jpg"]
    assert people(asked(house, entry_id="nobody")) == {}
    assert asked(house, day_id="2026-03-04")["person_count"] == 0


def test_what_people_say_is_in_it(house, post):
    post("e1", ASHA, "10:00:00")
    post("e2", BEN, "10:05:00")
    merged = edit(house, "merge", person="nc0009-0001", other="nc0009-0002")
    edit(house, "alias", person="nc0009-0001", text="red umbrella")
    edit(house, "exclude", entries=["e2"])
    (person,) = asked(house)["people"]
    assert person["alias"] == "red umbrella"
    assert [event.get("excluded", False) for event in person["events"]] == [False, True]
    edit(house, "undo", undoes=merged["number"])
    assert people(asked(house)) == {"nc0009-0001": ["e1"], "nc0009-0002": ["e2"]}


def test_the_whole_day_together(house, post):
    """Each of two half alike entries was new; a third one that lies between shows that they are one."""
    between = (ASHA + BEN) / 2
    post("e1", ASHA, "10:00:00")
    post("e2", 0.8 * ASHA + 0.6 * BEN + 0.5 * CLEO, "10:10:00")
    post("e3", BEN, "10:20:00")
    matched, clustered = asked(house), asked(house, mode="global")
    assert matched["event_count"] == clustered["event_count"] == 3
    verdict = edit(house, "same", entries=["e1", "e3"])
    together = people(asked(house, mode="global"))
    assert any({"e1", "e3"} <= set(entries) for entries in together.values())
    edit(house, "undo", undoes=verdict["number"])
    assert asked(house, mode="global") == clustered
    post("e4", between, "10:30:00")
    assert asked(house, mode="global")["event_count"] == 4
    apart = edit(house, "different", entries=["e1", "e2"])
    assert apart["kind"] == "different"
    for entries in people(asked(house, mode="global")).values():
        assert not {"e1", "e2"} <= set(entries)


def test_it_reads_back_as_the_review_tools_read_it(house, post):
    post("e1", ASHA, "10:00:00")
    answer = house.http.get("/manifest", params={"day_id": DAY, "store_id": STORE})
    assert answer.headers["content-type"] == "application/json"
    read = read_manifest(answer.content)
    assert read.groups() == {"e1": "nc0009-0001"}
    np.testing.assert_allclose(read.people[0].events[0].embeddings, ASHA, atol=1e-6)


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"day_id": "3 March"}, 422, "day_id"),
        ({"store_id": "a/b"}, 422, "store_id"),
        ({"mode": "local"}, 422, "invalid"),
        ({"cameras": "x"}, 400, "unknown_parameter"),
        ({"entry_id": ["a", "b"]}, 400, "repeated_parameter"),
    ],
)
def test_what_is_asked_wrongly(house, params, status, code):
    answer = house.http.get("/manifest", params={"day_id": DAY, "store_id": STORE} | params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
