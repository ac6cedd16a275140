"""`floorwalker db`: what it says of a database that is not there."""

from __future__ import annotations

import json


def test_the_standing_of_a_file_that_is_not_there_makes_nothing(run, tmp_path, monkeypatch):
    file = tmp_path / "not" / "there" / "w.db"
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", f"sqlite:///{file}")
    outcome = run("db", "status")
    assert outcome.code == 0
    assert "there is no such file yet" in outcome.out
    assert json.loads(run("db", "status", "--json").out)["standing"] == "empty"
    assert not file.parent.parent.exists()
