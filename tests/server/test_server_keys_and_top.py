"""`floorwalker keys` and `floorwalker top`, as a person calls them."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError, WorkError
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.keys import Keys, Role

STORE = "STORE_BLR_002"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


def told(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_a_role_that_there_is_not_is_told_in_plain_words():
    result = run("keys", "create", "k", "--role", "king")
    assert result.exit_code == 2
    assert "expected viewer, operator, admin, got 'king'" in result.stderr
    assert "Value error" not in result.stderr


def test_a_key_is_made_shown_once_listed_and_revoked(home):
    made = told(
        "keys", "create", "till", "--role", "operator", "--store", "A", "--store", "B", "--expires", "90d"
    )
    secret = made.pop("secret")
    assert secret.startswith("fw_")
    assert len(secret) >= 43
    (listed,) = told("keys", "list")
    assert listed == made
    assert (made["role"], made["stores"], made["state"]) == ("operator", ["A", "B"], "active")
    lasts = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(days=89) < lasts <= timedelta(days=90)
    assert secret not in run("keys", "list").stdout
    assert all(secret.encode() not in file.read_bytes() for file in home.iterdir())
    assert told("keys", "revoke", "till")["state"] == "revoked"
    assert [key["state"] for key in told("keys", "list")] == ["revoked"]
    assert told("keys", "create", "till")["role"] == "viewer"  # the name is free again


def test_a_secret_can_go_to_a_file_of_its_owner_alone(tmp_path):
    place = tmp_path / "key"
    result = run("keys", "create", "first", "--role", "admin", "--write-to", place)
    assert result.exit_code == 0
    secret = place.read_text().strip()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert secret not in result.stdout + result.stderr
    assert isinstance(run("keys", "create", "other", "--write-to", place).exception, InputError)
    assert place.read_text().strip() == secret
    assert [key["name"] for key in told("keys", "list")] == ["first"]


def test_the_first_key_is_made_once_only(tmp_path):
    for _ in range(2):
        assert run("keys", "create", "first", "--if-none", "--write-to", tmp_path / "key").exit_code == 0
        (tmp_path / "key").unlink(missing_ok=True)
    assert len(told("keys", "list")) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "twice"], "in use"),
        (["create", " "], "name"),
        (["create", "k", "--expires", "2020-01-01T00:00:00Z"], "past"),
        (["create", "k", "--expires", "soon"], "90d"),
        (["create", "k", "--store", ""], "store"),
        (["revoke", "nobody"], "keys list"),
    ],
)
def test_mistakes_with_keys_are_explained(arguments, reason):
    run("keys", "create", "twice")
    result = run("keys", *arguments)
    assert isinstance(result.exception, InputError)
    assert reason in str(result.exception)
    assert len(told("keys", "list")) == 1


@pytest.fixture
def shop(house, event):
    house.post(
        event("ENTRY", "14:20:00"),
        event("ZONE_ENTER", "14:21:00", zone_id="SKINCARE"),
        event("ENTRY", "14:22:00", visitor="VIS_2"),
        event("EXIT", "14:30:00", visitor="VIS_2"),
    )
    return house


def test_top_shows_a_servers_store(shop):
    result = run("top", STORE, "--once", "--url", shop.http.base_url)
    assert result.exit_code == 0, result.exception
    for word in (
        "visitors",
        "inside now",
        "conversion",
        "queue now",
        "CAM_ENTRY_01",
        "SKINCARE",
        "VIS_c8a2f1",
    ):
        assert word in result.stdout, word
    frame = told("top", STORE, "--url", shop.http.base_url)
    assert frame["metrics"]["unique_visitors"] == 2
    assert [event["event_type"] for event in frame["events"]["events"]] == [
        "EXIT",
        "ENTRY",
        "ZONE_ENTER",
        "ENTRY",
    ]
    assert frame["metrics"] == shop.get(f"/stores/{STORE}/metrics")


def test_top_shows_the_databases_store_even_where_there_are_keys(home, event, contract_event):
    from floorwalker.events import decode_event

    warehouse = Warehouse(f"sqlite:///{home / 'floorwalker.db'}")
    warehouse.add_events([decode_event(json.dumps(contract_event).encode())])
    Keys(warehouse.database).create("k", Role.VIEWER, warehouse.now())
    warehouse.close()
    assert told("top", STORE)["metrics"]["unique_visitors"] == 1


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        (["nowhere"], InputError, "no store 'nowhere'"),
        ([STORE, "--url", "ftp://x"], InputError, "http"),
        ([STORE, "--url", "http://127.0.0.1:1"], WorkError, "cannot be reached"),
        ([STORE, "--day", "yesterday"], InputError, "day"),
    ],
)
def test_mistakes_with_top_are_explained(shop, arguments, error, reason):
    more = [] if "--url" in arguments or arguments == ["nowhere"] else ["--url", shop.http.base_url]
    result = run("top", *arguments, *more)
    assert isinstance(result.exception, error)
    assert reason in str(result.exception)


def test_top_keeps_looking_until_ctrl_c(shop, event):
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from floorwalker.cli import main; main()", "top", STORE, "--every", "0.5",
         "--url", str(shop.http.base_url)],
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "140", "LINES": "50"},
    )  # fmt: skip
    os.close(terminal)
    try:
        seen = b""
        sent = False
        deadline = time.monotonic() + 60
        while b"VIS_later" not in seen and time.monotonic() < deadline:
            seen += os.read(controller, 65536)
            if not sent and b"VIS_2" in seen:
                shop.post(event("ENTRY", "14:40:00", visitor="VIS_later"))
                sent = True
        assert b"VIS_later" in seen
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        os.close(controller)
