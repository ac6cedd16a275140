"""`floorwalker reid sets`: what was taken out is listed, and gone once it was taken back."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from floorwalker.identity.matching.cluster_truth import read_truth
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.manifest_json import read_manifest
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.entries import SqlEntries

DAY = "2026-03-03"
ASKED = ("--day", DAY, "--by", "asha", "--why", "train the encoder")


def vectors(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 16)).astype(np.float32)


@pytest.fixture
def entries() -> None:
    """Two stores' day in the operational store: somebody twice and somebody once, and one elsewhere."""
    with closing(Warehouse(Settings.load().resolved_database_url)) as warehouse:
        matcher = Matcher(SqlEntries(warehouse.database, warehouse.now), MeanEncoder())
        for store, name, seed, hour in (
            ("s1", "e1", 1, 9),
            ("s1", "e2", 2, 10),
            ("s1", "e3", 1, 11),
            ("s2", "f1", 3, 9),
        ):
            at = datetime(2026, 3, 3, hour, tzinfo=UTC)
            matcher.match(Entry(BucketKey(DAY, store), name, at, Direction.ENTRY, "door", vectors(seed)))


def home() -> Path:
    return Settings.load().home


def test_taken_out_listed_and_taken_back(run, entries):
    told = run("reid", "sets", "export", *ASKED, "--json")
    assert told.code == 0, told.err
    made = json.loads(told.out)
    assert (made["by"], made["why"], made["complete"]) == ("asha", "train the encoder", True)
    assert [(day["store_id"], day["entries"]) for day in made["days"]] == [("s1", 3), ("s2", 1)]
    place = Path(made["folder"]) / "s1" / DAY
    assert place.is_relative_to(home().absolute())
    manifest = read_manifest(place / "entry_manifest.json")
    assert read_truth(place / "multicluster_gt.json").groups() == manifest.groups()
    np.testing.assert_allclose(manifest.people[0].events[1].embeddings, vectors(1), atol=1e-7)
    for name, digest in made["days"][0]["files"].items():
        assert hashlib.sha256((Path(made["folder"]) / name).read_bytes()).hexdigest() == digest
    set_id = made["set_id"]
    (place / "notes.txt").write_text("mine")
    assert "train the encoder" in run("reid", "sets", "list").out

    gone = run("reid", "sets", "revoke", set_id, "--by", "ben", "--why", "a customer asked", "--json")
    assert gone.code == 0, gone.err
    revoked = json.loads(gone.out)["revoked"]
    assert (revoked["by"], revoked["why"], revoked["missing"]) == ("ben", "a customer asked", [])
    assert [path.name for path in Path(made["folder"]).rglob("*") if path.is_file()] == ["notes.txt"]
    receipts = json.loads(run("sweep", "--receipts", "--json").out)
    assert {r["store_id"]: (r["receipt_id"], r["kind"], r["removed"]) for r in receipts} == {
        store: (receipt, "reid-sets", 2) for store, receipt in revoked["receipts"].items()
    }
    assert revoked["receipts"].keys() == {"s1", "s2"}
    (listed,) = json.loads(run("reid", "sets", "list", "--json").out)
    assert listed["revoked"]["by"] == "ben"
    again = run("reid", "sets", "revoke", set_id, "--by", "ben", "--why", "again")
    assert (again.code, "was revoked already" in again.err) == (2, True)


def test_one_store_into_a_folder_of_ones_own(run, entries, tmp_path):
    out = tmp_path / "training"
    made = json.loads(run("reid", "sets", "export", *ASKED, "--store", "s2", "--out", out, "--json").out)
    assert [day["store_id"] for day in made["days"]] == ["s2"]
    again = run("reid", "sets", "export", *ASKED, "--out", out)
    assert (again.code, "holds something already" in again.err) == (2, True)
    shutil.rmtree(out)
    gone = json.loads(run("reid", "sets", "revoke", made["set_id"], "--by", "a", "--why", "b", "--json").out)
    assert len(gone["revoked"]["missing"]) == 2
    assert gone["revoked"]["receipts"] == {}


def test_what_broke_off_is_listed_and_can_be_taken_back(run, entries, monkeypatch):
    """The disk is full after the first store."""
    from floorwalker.pipeline import exported_sets

    real = exported_sets._write_day

    def fails(folder, key, manifest):
        if key.store_id == "s2":
            raise OSError(28, "No space left on device")
        return real(folder, key, manifest)

    with monkeypatch.context() as patched:
        patched.setattr(exported_sets, "_write_day", fails)
        told = run("reid", "sets", "export", *ASKED)
    assert (told.code, "No space left" in told.err) == (1, True)
    (listed,) = json.loads(run("reid", "sets", "list", "--json").out)
    assert not listed["complete"]
    assert "broken off" in run("reid", "sets", "list").out
    assert (Path(listed["folder"]) / "s1" / DAY / "entry_manifest.json").exists()
    run("reid", "sets", "revoke", listed["set_id"], "--by", "a", "--why", "b")
    assert not Path(listed["folder"]).exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("export", "--day", DAY, "--by", " ", "--why", "x"), "--by: expected a few words"),
        (("export", "--day", "today", "--by", "a", "--why", "x"), "a day such as 2026-03-03"),
        (("export", "--day", "2026-03-04", "--by", "a", "--why", "x"), "nothing to export"),
        (("revoke", "set-x", "--by", "a", "--why", "x"), "no data set 'set-x'"),
    ],
)
def test_what_is_asked_wrongly(run, entries, arguments, why):
    told = run("reid", "sets", *arguments)
    assert (told.code, told.out) == (2, "")
    assert why in told.err
    assert not list(home().glob("reid-sets/*.json"))
