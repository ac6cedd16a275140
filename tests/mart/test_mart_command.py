"""`floorwalker mart`: what it says and how it ends."""

from __future__ import annotations

import json
import uuid

import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError, WorkError


@pytest.fixture
def command(two_days, tmp_path, monkeypatch):
    """Runs `floorwalker mart …` on the warehouse of two shops."""
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", f"sqlite:///{tmp_path / 'w.db'}")
    return lambda *arguments: CliRunner().invoke(app, ["mart", *arguments])


def test_sync_reports_what_it_pushed(command, make_mart, monkeypatch):
    mart = make_mart("clickhouse")
    mart.sink()  # what is in memory lasts while somebody holds it
    monkeypatch.setenv("FLOORWALKER_MART_URL", mart.url)
    first = json.loads(command("sync", "--json").stdout)
    assert (first["stores"], first["pushed"], first["unchanged"]) == (2, 4, 0)
    assert first["rows"] > 100
    again = json.loads(command("sync", "--json").stdout)
    assert (again["pushed"], again["rows"], again["unchanged"]) == (0, 0, 4)
    assert len(mart.view("v_days")) == 4
    told = command("sync", "--full", "--store", "IND")
    assert "2 store-days pushed" in told.stdout
    assert "1 stores" in told.stdout
    assert json.loads(command("compact", "--json").stdout)["pushes_removed"] == 0  # all of it is young


def test_a_password_is_never_shown(command, monkeypatch):
    failed = command("sync", "--url", "clickhouse://anna:s3cret@127.0.0.1:1/m")
    assert isinstance(failed.exception, WorkError)
    assert "127.0.0.1:1" in str(failed.exception)
    assert "s3cret" not in str(failed.exception)
    failed = command("sync", "--url", "nonsense://anna:s3cret@host/m")
    assert "s3cret" not in str(failed.exception)
    monkeypatch.setenv("FLOORWALKER_MART_URL", "clickhouse://anna:s3cret@host:8123/m")
    told = CliRunner().invoke(app, ["config", "--json"]).stdout
    assert "clickhouse://anna:***@host:8123/m" in told
    assert "s3cret" not in told


def test_a_mart_that_is_away_is_told_in_one_sentence(command, capfd):
    failed = command("sync", "--url", "clickhouse://x:geheim@127.0.0.1:1/m")
    assert str(failed.exception) == "the mart clickhouse://127.0.0.1:1/m cannot be used: Connection refused"
    assert (failed.output, capfd.readouterr().err) == ("", "")


@pytest.mark.parametrize(
    "url", ["clickhouse://127.0.0.1:1/m", "clickhouses://127.0.0.1:1/m", "postgresql+psycopg://127.0.0.1:1/m"]
)
def test_a_mart_that_is_away_is_work_that_failed(command, url):
    failed = command("sync", "--url", url)
    assert isinstance(failed.exception, WorkError)
    assert "cannot be used" in str(failed.exception)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/m",
        "host",
        "clickhouse:///m",
        "clickhouse://host:port/m",
        "clickhouse://host/m; DROP TABLE x",
        "postgresql+psycopg://host",
        "postgresql://host:port/m",
    ],
)
def test_a_wrong_url_is_the_callers_mistake(command, url):
    failed = command("sync", "--url", url)
    assert isinstance(failed.exception, InputError), failed.exception
    assert "expected" in str(failed.exception) or "correct the URL" in str(failed.exception)


def test_a_database_that_is_not_there_is_the_callers_mistake(command, postgres):
    failed = command("sync", "--url", postgres.url("nobody_made_this"))
    assert isinstance(failed.exception, InputError)


def test_no_mart_and_no_such_store(command):
    failed = command("sync")
    assert isinstance(failed.exception, InputError)
    assert "FLOORWALKER_MART_URL" in str(failed.exception)
    failed = command("sync", "--url", f"chdb://memory/m_{uuid.uuid4().hex}", "--store", "NOWHERE")
    assert isinstance(failed.exception, InputError)
