"""The review pages' calls: who may, what is opened from where, and that nothing from outside is markup."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from floorwalker.adapters.image_places import ImagePlaces
from floorwalker.adapters.pair_sets import PairFiles, pair_files_from
from floorwalker.adapters.review_files import ReviewFiles
from floorwalker.errors import InputError
from floorwalker.identity.matching.cluster_truth import read_truth
from floorwalker.identity.matching.encoder import MEAN_THRESHOLDS
from floorwalker.identity.matching.manifest_json import read_manifest
from floorwalker.server.app import create_app
from floorwalker.server.review_desks import reviews_from
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.keys import Keys, Role

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
_ASIDE = (MEAN_THRESHOLDS.threshold**-2 - 1) ** 0.5  # so far that the cosine is the threshold


def manifest(store: str = "A", entries: int = 4) -> dict[str, Any]:
    """Entries of two people, half a minute apart, each with two crops and one vector."""
    people: list[dict[str, Any]] = [{"person_id": f"{store}-{n}", "events": []} for n in (1, 2)]
    for number in range(entries):
        at = NOW - timedelta(hours=1, seconds=-30 * number)
        people[number % 2]["events"].append(
            {
                "entry_id": f"{store}-e{number}",
                "timestamp": at.isoformat(),
                "direction": "entry",
                "camera": "door",
                "images": [f"{number}.png", f"{number}.png"],
                "embeddings": [[1.0, _ASIDE, 0.0] if number % 2 else [1.0, 0.0, 0.0]],
            }
        )
    return {"day_id": "2026-03-03", "store_id": store, "people": people}


@dataclass
class Desk:
    """An application with its state in a folder."""

    app: FastAPI
    client: TestClient
    folder: Path
    keys: Keys

    def key(self, name: str, role: Role, *stores: str) -> dict[str, str]:
        """Headers with a new key."""
        _, secret = self.keys.create(name, role, NOW, stores=stores or None)
        return {"Authorization": f"Bearer {secret}"}

    def open(self, content: dict[str, Any], **headers: str) -> str:
        answer = self.client.post(
            "/review/files", json={"name": "day.json", "manifest": content}, headers=headers
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["file"])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield from open_desk(tmp_path, monkeypatch)


def open_desk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, pairs: PairFiles | None = None
) -> Iterator[Desk]:
    monkeypatch.setenv("FLOORWALKER_HOME", str(folder))
    monkeypatch.setenv("FLOORWALKER_REVIEW_PLACES", str(folder / "manifests"))
    for name in ("manifests", "crops"):
        (folder / name).mkdir(exist_ok=True)
    for number in range(4):
        Image.new("RGB", (48, 128), (number * 40, 90, 90)).save(folder / "crops" / f"{number}.png")
    warehouse = Warehouse(f"sqlite:///{folder / 'w.db'}", clock=lambda: NOW)
    app = create_app(warehouse, log=lambda _: None, reviews=reviews_from(Settings.load(), pairs))
    with TestClient(app, follow_redirects=False) as client:
        yield Desk(app, client, folder, Keys(warehouse.database))
    warehouse.close()


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_what_lies_on_the_desk_is_edited_and_comes_out(desk: Desk) -> None:
    file = desk.open(manifest())
    told = desk.client.get("/review/desk", params={"file": file}).json()
    assert [entry["person_id"] for entry in told["entries"]] == ["A-1", "A-2", "A-1", "A-2"]
    assert "embeddings" not in told["entries"][0]
    wish = {"kind": "split", "entries": ["A-e0"], "seen": told["number"]}
    answer = desk.client.post("/review/edits", params={"file": file}, json=wish)
    assert answer.status_code == 201
    change = answer.json()
    assert change["moved"] == {"A-e0": "A-0003"}
    assert change["steps"]["undo"]["by"] == "reviewer"
    truth = desk.client.get("/review/multicluster_gt.json", params={"file": file})
    assert read_truth(truth.content).groups()["A-e0"] == "A-0003"
    assert "multicluster_gt.json" in truth.headers["content-disposition"]
    whole = desk.client.get("/review/entry_manifest.json", params={"file": file})
    assert read_manifest(whole.content).groups()["A-e0"] == "A-0003"
    saved = desk.client.post("/review/save", params={"file": file}).json()["saved"]
    assert [Path(path).name for path in saved] == ["multicluster_gt.json", "entry_manifest.json"]
    assert Path(saved[0]).read_bytes() == truth.content
    since = desk.client.get("/review/changes", params={"file": file, "seen": told["number"]}).json()
    assert since["moved"] == change["moved"]
    back = {"kind": "undo", "undoes": change["steps"]["undo"]["undoes"]}
    assert desk.client.post("/review/edits", params={"file": file}, json=back).json()["moved"] == {
        "A-e0": "A-1"
    }
    loaded = desk.client.post("/review/truth", params={"file": file}, json={"truth": truth.json()})
    assert loaded.json() == {"edits": 1, "unknown": 0, "refused": []}


def test_an_upload_is_kept_without_what_tells_people_apart(desk: Desk) -> None:
    file = desk.open(manifest())
    kept = [path.read_text() for path in (desk.folder / "review").iterdir()]
    assert any("A-e0" in text for text in kept)
    assert not any("embeddings" in text for text in kept)
    whole = read_manifest(desk.client.get("/review/entry_manifest.json", params={"file": file}).content)
    assert whole.people[0].events[0].embeddings is None


def test_what_was_opened_can_be_forgotten_with_all_that_was_said(desk: Desk) -> None:
    file = desk.open(manifest())
    wish = {"kind": "alias", "person": "A-1", "text": "Ann"}
    desk.client.post("/review/edits", params={"file": file}, json=wish)
    assert len(list((desk.folder / "review").iterdir())) == 3
    assert desk.client.post("/review/files/forget", json={"file": file}).json() == {"forgotten": file}
    assert list((desk.folder / "review").iterdir()) == []
    assert code(desk.client.get("/review/desk", params={"file": file})) == (404, "unknown_file")
    assert code(desk.client.post("/review/files/forget", json={"file": "*"})) == (404, "unknown_file")


def test_a_manifest_is_opened_from_named_places_only_and_by_others_after_a_new_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.folder / "manifests" / "day.json"
    path.write_text(json.dumps(manifest()))
    (desk.folder / "elsewhere.json").write_text(json.dumps(manifest()))
    (desk.folder / "manifests" / "link.json").symlink_to(desk.folder / "elsewhere.json")
    for address in (
        "/etc/passwd", "../elsewhere.json", "link.json", "gs://bucket/x.json", "https://example.org/x", "file:///etc/passwd"
    ):  # fmt: skip
        answer = desk.client.post("/review/files", json={"address": address})
        assert answer.status_code == 400, address
        assert "FLOORWALKER_REVIEW_PLACES" in answer.json()["error"]["message"]
    assert desk.client.post("/review/files", json={"address": "none.json"}).status_code == 400
    file = desk.client.post("/review/files", json={"address": str(path)}).json()["file"]
    wish = {"kind": "alias", "person": "A-1", "text": "Ann"}
    assert desk.client.post("/review/edits", params={"file": file}, json=wish).status_code == 201
    for other in open_desk(desk.folder, monkeypatch):
        assert [each["name"] for each in other.client.get("/review/files").json()["files"]] == ["day.json"]
        told = other.client.get("/review/desk", params={"file": file}).json()
        assert told["aliases"] == {"A-1": "Ann"}
        path.write_text(json.dumps(manifest(entries=2)))
    for other in open_desk(desk.folder, monkeypatch):
        answer = other.client.get("/review/desk", params={"file": file})
        assert code(answer) == (404, "unknown_file")
        assert "has changed since it was opened" in answer.json()["error"]["message"]


def test_a_manifest_is_opened_from_a_bucket_that_is_named(
    tmp_path: Path,
) -> None:
    """By fsspec; its memory stands for gs:// and s3://, which are read by the same lines."""
    bucket = fsspec.filesystem("memory")
    bucket.pipe("/crops-bucket/day.json", json.dumps(manifest()).encode())
    places = ImagePlaces.of(["memory://crops-bucket", "gs://another"])
    files = ReviewFiles(tmp_path, places)
    assert files.open_at("memory://crops-bucket/day.json").known.name == "day.json"
    for address in (
        "memory://elsewhere/day.json",
        "gs://crops-bucket/day.json",
        "memory://crops-bucket/../x",
    ):
        with pytest.raises(InputError, match="FLOORWALKER_REVIEW_PLACES"):
            files.open_at(address)
    with pytest.raises(InputError, match="no such file"):
        files.open_at("memory://crops-bucket/none.json")
    bucket.rm("/crops-bucket", recursive=True)


def test_what_cannot_be_is_an_error_with_a_code(desk: Desk) -> None:
    file = desk.open(manifest())
    get, post = desk.client.get, desk.client.post
    assert code(get("/review/desk", params={"file": file, "mode": "global"})) == (422, "no_vectors")
    assert code(get("/review/desk")) == (422, "no_desk")
    assert code(get("/review/desk", params={"file": file, "day_id": "2026-03-03"})) == (422, "no_desk")
    assert code(get("/review/desk", params={"day_id": "today", "store_id": "A"})) == (422, "day_id")
    assert code(get("/review/desk", params={"file": "../../etc"})) == (404, "unknown_file")
    assert code(get("/review/pairs/list")) == (404, "no_pairs")
    assert code(post("/review/files", json={})) == (422, "no_manifest")
    assert code(post("/review/files", json={"manifest": {"people": []}})) == (400, "bad_request")
    sent = json.dumps({"manifest": {"store_id": "STORE", "day_id": "2026-03-03", "people": "PEOPLE"}})
    headers = {"Content-Type": "application/json"}
    for store in ("\\ud800", "x" * 9_000_000):
        broken = sent.replace("STORE", store).replace('"PEOPLE"', "[]")
        assert post("/review/files", content=broken, headers=headers).status_code in (413, 422)
    for people in ("1" + "0" * 30, "NaN", "[" * 2000 + "]" * 2000):
        broken = sent.replace('"PEOPLE"', people)
        assert 400 <= post("/review/files", content=broken, headers=headers).status_code < 500
    for wish, said in [
        ({"kind": "move", "entries": ["A-e0"], "person": "nobody"}, (404, "unknown_person")),
        ({"kind": "split", "entries": ["x"]}, (404, "unknown_entry")),
        ({"kind": "split"}, (422, "bad_edit")),
        ({"kind": "undo", "undoes": 9}, (404, "unknown_edit")),
        ({"kind": "same", "entries": ["A-e0", "A-e1"]}, (422, "invalid")),
        ({"kind": "alias", "person": "A-1", "text": "a\u0000b"}, (422, "invalid")),
    ]:
        assert code(post("/review/edits", params={"file": file}, json=wish)) == said, wish


def test_images_are_those_of_entries_and_no_others(desk: Desk) -> None:
    file = desk.open(manifest())
    get = desk.client.get
    one = get("/api/image", params={"file": file, "entry": "A-e1", "n": 0, "h": 64})
    assert (one.status_code, one.headers["content-type"]) == (200, "image/jpeg")
    assert one.headers["cache-control"].startswith("private")
    assert Image.open(io.BytesIO(one.content)).size == (24, 64)
    strip = get("/api/image", params={"file": file, "entry": "A-e1", "h": 64})
    assert Image.open(io.BytesIO(strip.content)).size == (50, 64)
    again = get(
        "/api/image",
        params={"file": file, "entry": "A-e1", "h": 64},
        headers={"If-None-Match": strip.headers["etag"]},
    )
    assert again.status_code == 304
    assert code(get("/api/image", params={"file": file, "entry": "A-e1", "n": 2})) == (404, "no_image")
    assert code(get("/api/image", params={"file": file, "entry": "/etc/passwd"})) == (404, "unknown_entry")
    assert code(get("/api/image", params={"file": file, "entry": "A-e1", "uri": "x"})) == (
        400,
        "unknown_parameter",
    )
    outside = manifest()
    outside["people"][0]["events"][0]["images"] = [str(desk.folder / "w.db")]
    answer = get("/api/image", params={"file": desk.open(outside), "entry": "A-e0"})
    assert code(answer) == (403, "image_refused")


def test_a_key_sees_the_desks_of_its_stores_and_a_viewer_changes_nothing(desk: Desk) -> None:
    admin = desk.key("admin", Role.ADMIN)
    other = desk.key("other", Role.OPERATOR, "B")
    viewer = desk.key("viewer", Role.VIEWER, "A")
    file = desk.open(manifest(), **admin)
    get, post = desk.client.get, desk.client.post
    assert get("/review/files", headers=other).json() == {"files": []}
    for path in (
        "/review/desk",
        "/review/multicluster_gt.json",
        "/review/entry_manifest.json",
        "/review/pairs/list",
    ):
        assert code(get(path, params={"file": file}, headers=other)) == (403, "forbidden"), path
        assert get(path, params={"file": file}, headers=viewer).status_code == 200, path
    image = {"file": file, "entry": "A-e0"}
    assert code(get("/api/image", params=image, headers=other)) == (403, "forbidden")
    assert code(get("/review/desk", params={"day_id": "2026-03-03", "store_id": "A"}, headers=other)) == (
        403,
        "forbidden",
    )
    wish = {"kind": "split", "entries": ["A-e0"]}
    assert code(post("/review/edits", params={"file": file}, json=wish, headers=viewer)) == (403, "forbidden")
    assert code(post("/review/edits", params={"file": file}, json=wish, headers=other)) == (403, "forbidden")
    before = sorted((desk.folder / "review").iterdir())
    upload = {"manifest": manifest(entries=3)}
    assert code(post("/review/files", json=upload, headers=other)) == (403, "forbidden")
    assert sorted((desk.folder / "review").iterdir()) == before
    made = post("/review/edits", params={"file": file}, json=wish, headers=admin).json()
    assert made["steps"]["undo"]["by"] == "admin"


def test_verdicts_on_pairs_that_were_found_go_into_the_days_log_and_to_calibration(desk: Desk) -> None:
    path = desk.folder / "manifests" / "day.json"
    path.write_text(json.dumps(manifest()))
    file = desk.client.post("/review/files", json={"address": "day.json"}).json()["file"]
    told = desk.client.get("/review/pairs/list", params={"file": file}).json()
    assert len(told["pairs"]) == 4
    assert told["has_marks"] is False
    say = {"kind": "same", "entries": ["A-e0", "A-e1"]}
    desk.client.post("/review/pairs/verdicts", params={"file": file}, json=say)
    say = {"kind": "different", "entries": ["A-e2", "A-e1"]}
    standing = desk.client.post("/review/pairs/verdicts", params={"file": file}, json=say).json()
    assert [state["verdict"] for state in standing["states"]].count(None) == 2
    refused = {"kind": "keep", "entries": ["A-e0", "A-e1"]}
    assert code(desk.client.post("/review/pairs/verdicts", params={"file": file}, json=refused)) == (
        422,
        "bad_edit",
    )
    lines = desk.client.get("/review/pairs/verdicts.jsonl", params={"file": file}).text.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"entry_a": "A-e0", "entry_b": "A-e1", "verdict": "same"},
        {"entry_a": "A-e1", "entry_b": "A-e2", "verdict": "different"},
    ]


def crossing(name: str, minute: int, vector: list[float]) -> dict[str, Any]:
    return {
        "day_id": "2026-03-03",
        "store_id": "A",
        "entry_id": name,
        "timestamp": f"2026-03-03T09:{minute:02d}:00Z",
        "direction": "entry",
        "camera": "door",
        "images": ["0.png"],
        "embeddings": [vector],
        "attrs": {"hat": True},
    }


def test_a_store_day_of_the_matcher_is_reviewed_and_it_learns_of_it(desk: Desk) -> None:
    post, day = desk.client.post, {"day_id": "2026-03-03", "store_id": "A"}
    for number, vector in enumerate([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, _ASIDE, 0.0]]):
        assert post("/match", json=crossing(f"e{number}", number, vector)).status_code == 200
    told = desk.client.get("/review/desk", params=day).json()
    assert [entry["entry_id"] for entry in told["entries"]] == ["e0", "e1", "e2"]
    assert [(entry["images"], entry["attrs"]) for entry in told["entries"]] == [(1, {"hat": True})] * 3
    whole = desk.client.get("/review/entry_manifest.json", params=day).content
    assert (
        read_manifest(whole).groups()
        == read_manifest(desk.client.get("/manifest", params=day).content).groups()
    )
    assert b'"embeddings":[[1.0' in whole
    assert desk.client.get("/api/image", params={**day, "entry": "e1"}).status_code == 200
    pairs = desk.client.get("/review/pairs/list", params=day).json()
    assert ["e2", "e0"] in [pair["entries"] for pair in pairs["pairs"]]
    said = {"kind": "different", "entries": ["e2", "e0"], "by": "asha"}
    assert post("/review/pairs/verdicts", params=day, json=said).status_code == 201
    wish = {"kind": "split", "entries": ["e2"], "by": "asha", "seen": told["number"]}
    assert post("/review/edits", params=day, json=wish).status_code == 201
    kinds = [edit["kind"] for edit in desk.client.get("/reid/edits", params=day).json()["edits"]]
    assert kinds == ["different", "split"]
    # What comes later is matched accordingly, and appears among what changed.
    later = post("/match", json=crossing("e3", 30, [1.0, _ASIDE, 0.01])).json()
    assert later["person_id"] == desk.client.get("/review/desk", params=day).json()["entries"][2]["person_id"]
    changed = desk.client.get("/review/changes", params={**day, "seen": 3}).json()
    assert changed["moved"]["e3"] == later["person_id"]
    # Days are many; of those looked at long ago nothing is held, and they are read again.
    reviews = desk.app.state.reviews
    for number in range(1, 29):
        desk.client.get("/review/desk", params={"day_id": f"2026-02-{number:02d}", "store_id": "A"})
    assert len(reviews._days) < 20
    assert len(desk.client.get("/review/desk", params=day).json()["entries"]) == 4
    nothing = {"day_id": "2026-03-04", "store_id": "A"}
    assert desk.client.get("/review/desk", params=nothing).json()["entries"] == []
    assert desk.client.get("/review/pairs/list", params=nothing).json()["pairs"] == []


def test_a_list_that_was_given_with_its_truth_and_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(manifest()))
    (tmp_path / "p.csv").write_text("qid,aid\nA-e2,A-e0\nA-e1,A-e0\n")
    truth = {"day_id": "2026-03-03", "store_id": "A", "persons": {"P": ["A-e0", "A-e2"], "Q": ["A-e1"]}}
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    environment = {
        "PAIRS_CSV": str(tmp_path / "p.csv"),
        "PAIRS_ENTRY_MANIFESTS": str(tmp_path / "m.json"),
        "PAIRS_MULTICLUSTER_GTS": str(tmp_path / "gt.json"),
        "PAIRS_STATE_PATH": str(tmp_path / "state.jsonl"),
        "PAIRS_PAGE_SIZE": "7",
        "PAIRS_IMAGE_BASE": str(tmp_path / "crops"),
    }
    files = pair_files_from(environment)
    for desk in open_desk(tmp_path, monkeypatch, files):
        told = desk.client.get("/review/pairs/list").json()
        assert (told["page_size"], told["has_marks"]) == (7, True)
        assert [pair["truth"] for pair in told["pairs"]] == ["same", "different"]
        assert desk.client.get("/api/image", params={"entry": "A-e1"}).status_code == 200
        for kind, *entries in (("same", "A-e2", "A-e0"), ("same", "A-e1", "A-e0")):
            said = {"kind": kind, "entries": entries}
            assert desk.client.post("/review/pairs/verdicts", json=said).status_code == 201
    for desk in open_desk(tmp_path, monkeypatch, files):  # at another sitting
        told = desk.client.get("/review/pairs/list").json()
        assert [state["mark"] for state in told["states"]] == ["keep", "remove"]
        assert desk.client.get("/review/pairs/pairs_kept.csv").text.split() == ["qid,aid", "A-e2,A-e0"]
    for desk in open_desk(tmp_path, monkeypatch, files):
        other = desk.key("other", Role.ADMIN, "B")
        assert code(desk.client.get("/review/pairs/list", headers=other)) == (403, "forbidden")


def test_what_the_environment_names_is_checked() -> None:
    assert pair_files_from({}) is None
    with pytest.raises(InputError, match="PAIRS_ENTRY_MANIFESTS"):
        pair_files_from({"PAIRS_CSV": "p.csv"})
    with pytest.raises(InputError, match="PAIRS_PAGE_SIZE='many'"):
        pair_files_from({"PAIRS_ENTRY_MANIFESTS": "m.json", "PAIRS_PAGE_SIZE": "many"})


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../etc/passwd",
    "{{7*7}}",
    "%2e%2e%2f",
    "a/b?c#d&e",
]
PLAIN = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60)
NAMES = PLAIN | st.sampled_from(HOSTILE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(store=NAMES, person=NAMES, entry=NAMES, file_name=NAMES, text=NAMES)
def test_any_name_comes_back_as_it_went_in_and_is_never_markup_nor_a_path(
    desk: Desk, store: str, person: str, entry: str, file_name: str, text: str
) -> None:
    at = NOW.isoformat()
    event = {"entry_id": entry, "timestamp": at, "direction": "entry", "camera": text, "images": [text]}
    content = {
        "day_id": "2026-03-03",
        "store_id": store,
        "people": [{"person_id": person, "events": [event]}],
    }
    answer = desk.client.post("/review/files", json={"name": file_name, "manifest": content})
    if answer.status_code == 422:  # a name of spaces alone
        assert not file_name.strip()
        return
    assert answer.status_code == 201, answer.text
    file = {"file": answer.json()["file"]}
    wish = {"kind": "note", "person": person, "text": text}
    edited = desk.client.post("/review/edits", params=file, json=wish)
    assert edited.status_code in (201, 404, 422), edited.text  # spaces around a name are not kept
    told = desk.client.get("/review/desk", params=file).json()
    assert (told["store_id"], told["entries"][0]["entry_id"]) == (store, entry)
    assert desk.client.get("/api/image", params={**file, "entry": entry}).status_code in (403, 404, 415)
    saved = desk.client.post("/review/save", params=file).json()["saved"]
    assert all(Path(path).resolve().is_relative_to(desk.folder / "review" / "saved") for path in saved)
    for page in ("clusters", "manifest", "pairs"):
        html = desk.client.get(f"/review/{page}", params={**file, "entry_id": entry}).text
        assert "<script>alert" not in html
        assert "onerror" not in html
