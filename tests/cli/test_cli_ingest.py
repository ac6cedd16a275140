"""`floorwalker ingest`: cut short and gone on with, both schemas, what is rejected, servers."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import func, select

from floorwalker.cli import ingest_stream, ingest_targets
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.schema import events as events_table

ENTERED = {
    "event_type": "zone_entered",
    "track_id": 7,
    "store_id": "ST1076",
    "camera_id": "CAM2",
    "zone_id": "Z1",
    "event_time": "2026-03-08T18:10:45",
    "gender": "F",
    "age": 28,
}


def event(number=0, **more):
    return {
        "event_id": str(uuid.UUID(int=number)),
        "store_id": "S1",
        "camera_id": "C1",
        "visitor_id": f"VIS_{number}",
        "event_type": "ENTRY",
        "timestamp": f"2026-03-03T10:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "metadata": {},
    } | more


def lines_of(path, values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def stored():
    """How many events the configured database holds."""
    warehouse = Warehouse(Settings.load().resolved_database_url)
    with warehouse.database.read() as connection:
        count = connection.scalar(select(func.count()).select_from(events_table))
    warehouse.close()
    return count


def tally(outcome):
    assert outcome.code == 0, outcome.err
    (found,) = json.loads(outcome.out).values()
    return found


def counts(outcome):
    found = tally(outcome)
    return found["received"], found["inserted"], found["duplicates"], found["rejected"]


def test_both_schemas_in_one_file_and_the_zone_told_on_the_call(run, tmp_path):
    file = lines_of(tmp_path / "a.jsonl", [event(1), ENTERED, event(2), ENTERED])
    refused = tally(run("ingest", file, "--json"))
    assert (refused["inserted"], refused["reasons"]) == (2, {"timezone": 2})
    assert counts(run("ingest", file, "--json", "--timezone", "Asia/Kolkata")) == (4, 1, 3, 0)
    # The zone is known from now on.
    assert counts(run("ingest", file, "--json")) == (4, 0, 4, 0)
    warehouse = Warehouse(Settings.load().resolved_database_url)
    day = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    (entered,) = warehouse.read("ST1076", *day).events
    assert entered.time_us == int(datetime(2026, 3, 8, 12, 40, 45, tzinfo=UTC).timestamp()) * 1_000_000
    assert warehouse.store("ST1076").timezone == "Asia/Kolkata"
    warehouse.close()


def test_a_site_file_says_which_store_a_name_means(run, tmp_path):
    site = tmp_path / "site.toml"
    site.write_text('[[store]]\nid = "BRIGADE"\naliases = ["store_1076"]\ntimezone = "Asia/Kolkata"\n')
    file = lines_of(tmp_path / "a.jsonl", [ENTERED, ENTERED | {"store_id": "store_1076", "track_id": 8}])
    assert counts(run("ingest", file, "--json", "--site", site)) == (2, 2, 0, 0)
    warehouse = Warehouse(Settings.load().resolved_database_url)
    assert [store.store_id for store in warehouse.stores()] == ["BRIGADE"]
    warehouse.close()


@pytest.mark.parametrize("form", ["gz", "document"])
def test_other_forms_of_file(run, tmp_path, form):
    values = [event(n) for n in range(5)]
    file = tmp_path / "a"
    if form == "gz":
        file.write_bytes(gzip.compress("\n".join(map(json.dumps, values)).encode()))
    else:
        file.write_text(json.dumps({"events": values}, indent=2))
    assert counts(run("ingest", file, "--json")) == (5, 5, 0, 0)


def test_rejected_lines_are_written_down_with_their_reason(run, tmp_path):
    file = lines_of(tmp_path / "a.jsonl", [event(1), event(2, dwell_ms=-1), event(3)])
    with file.open("a") as stream:
        stream.write("dear diary\n" + json.dumps(event(1, visitor_id="VIS_OTHER")) + "\n")
    rejects = tmp_path / "rejects.jsonl"
    rejects.write_text("of an earlier run\n")
    outcome = run("ingest", file, "--rejects", rejects)
    assert outcome.code == 0
    assert "2 inserted" in outcome.out
    assert "conflict: 1" in outcome.out
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(each["line"], each["code"]) for each in told] == [(2, "range"), (4, "schema"), (5, "conflict")]
    assert told[1]["text"] == "dear diary"
    assert json.loads(told[2]["text"])["visitor_id"] == "VIS_OTHER"
    # What was mended goes in again.
    mended = lines_of(tmp_path / "b.jsonl", [json.loads(told[0]["text"]) | {"dwell_ms": 0}])
    assert counts(run("ingest", mended, "--json")) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--rejects", "a.jsonl"], "one of the files"),
        (["--rejects", "no/such/folder.jsonl"], "does not exist"),
        (["--timezone", "Mars/Olympus"], "IANA"),
        (["--url", "http://127.0.0.1:1", "--timezone", "Asia/Kolkata"], "knows its stores"),
    ],
)
def test_mistakes_of_the_call(run, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    outcome = run("ingest", lines_of(tmp_path / "a.jsonl", [event()]), *arguments)
    assert (outcome.code, reason in outcome.err) == (2, True), outcome.err
    assert "Traceback" not in outcome.err


@pytest.fixture
def cut(monkeypatch):
    """Have a run of `ingest` end after so many batches, which are small."""
    monkeypatch.setattr(ingest_targets.DatabaseTarget, "batch", 10)
    monkeypatch.setattr(ingest_stream, "_KEEP_EVERY_S", 0.0)
    send = ingest_targets.DatabaseTarget.send

    def end_after(batches, error=KeyboardInterrupt):
        left = [batches]

        def sending(self, lines):
            if not left[0]:
                raise error
            left[0] -= 1
            return send(self, lines)

        monkeypatch.setattr(ingest_targets.DatabaseTarget, "send", sending)

    return end_after


NEVER = 10**9


def test_cut_short_it_goes_on_where_it_stopped(run, tmp_path, cut, monkeypatch):
    values = [event(n) for n in range(95)] + [event(200, dwell_ms=-1)]
    values[12] = {"no": "event"}
    file, rejects = lines_of(tmp_path / "a.jsonl", values), tmp_path / "r.jsonl"
    cut(4)
    outcome = run("ingest", file, "--rejects", rejects)
    assert outcome.code == 130
    assert "goes on where this one stopped" in outcome.err
    assert stored() == 39
    sent = []
    cut(NEVER)
    send = ingest_targets.DatabaseTarget.send
    monkeypatch.setattr(
        ingest_targets.DatabaseTarget, "send", lambda self, lines: sent.extend(lines) or send(self, lines)
    )
    outcome = run("ingest", file, "--json", "--rejects", rejects)
    assert "went on behind line 40" in outcome.err
    assert counts(outcome) == (96, 94, 0, 2)
    assert tally(outcome)["reasons"] == {"schema": 1, "range": 1}
    assert len(sent) == 10 + 56  # the part sent last, as a probe, and the rest
    assert [json.loads(line)["line"] for line in rejects.read_text().splitlines()] == [13, 96]
    assert counts(run("ingest", file, "--json")) == (96, 0, 94, 2)  # done: nothing is remembered


def test_a_file_that_grew_goes_on_and_one_that_changed_begins_anew(run, tmp_path, cut):
    values = [event(n) for n in range(60)]
    file = lines_of(tmp_path / "a.jsonl", values)
    cut(3)
    assert run("ingest", file).code == 130
    lines_of(file, [*values, event(60)])
    cut(1)
    assert run("ingest", file).code == 130  # the probe was all it came to
    cut(NEVER)
    outcome = run("ingest", file, "--json")
    assert "went on behind line 30" in outcome.err
    assert counts(outcome) == (61, 61, 0, 0)
    cut(3)
    assert run("ingest", file).code == 130
    lines_of(file, [event(100), *values])
    cut(NEVER)
    outcome = run("ingest", file, "--json")
    assert "taken from the start" in outcome.err
    assert counts(outcome) == (61, 1, 60, 0)


def test_a_database_that_lost_what_was_sent_gets_all_again(run, tmp_path, cut):
    file = lines_of(tmp_path / "a.jsonl", [event(n) for n in range(60)])
    cut(3)
    assert run("ingest", file).code == 130
    for left in Settings.load().home.glob("floorwalker.db*"):
        left.unlink()
    cut(NEVER)
    outcome = run("ingest", file, "--json")
    assert "no longer has what was sent" in outcome.err
    assert tally(outcome)["rejected"] == 0
    assert stored() == 60


def test_from_start_and_another_database_know_nothing_of_it(run, tmp_path, cut, monkeypatch):
    file = lines_of(tmp_path / "a.jsonl", [event(n) for n in range(60)])
    cut(3)
    assert run("ingest", file).code == 130
    cut(NEVER)
    assert counts(run("ingest", file, "--json", "--from-start")) == (60, 30, 30, 0)
    cut(3)
    assert run("ingest", file).code == 130
    cut(NEVER)
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert counts(run("ingest", file, "--json")) == (60, 60, 0, 0)


def test_a_database_that_is_away_leaves_a_state_to_go_on_from(run, tmp_path, cut):
    from floorwalker.warehouse import DatabaseAway

    file = lines_of(tmp_path / "a.jsonl", [event(n) for n in range(60)])
    cut(3, DatabaseAway("the disk is full"))
    outcome = run("ingest", file)
    assert (outcome.code, "disk is full" in outcome.err) == (1, True)
    cut(NEVER)
    assert counts(run("ingest", file, "--json")) == (60, 60, 0, 0)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_for_real_nothing_is_lost_and_nothing_twice(run, tmp_path, how):
    number = 40_000
    file = lines_of(tmp_path / "a.jsonl", (event(n) for n in range(number)))
    process = subprocess.Popen(
        [sys.executable, "-c", "from floorwalker.cli import main; main()", "ingest", "-q", str(file)],
        env={**os.environ},
        stderr=subprocess.PIPE,
    )
    database = Settings.load().home / "floorwalker.db-wal"
    while process.poll() is None and not (database.exists() and database.stat().st_size > 200_000):
        time.sleep(0.01)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert process.returncode in (130, -how, 0)
    found = tally(run("ingest", file, "--json"))
    assert (found["received"], found["rejected"]) == (number, 0)
    assert stored() == number


class Server:
    """Answers posts as it is told to, and remembers what it was sent."""

    def __init__(self, answers):
        self.seen = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((dict(self.headers), body))
                status, headers, content = answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_):
                pass

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


TAKEN = {"received": 1, "inserted": 1, "duplicates": 0, "errors": []}


def test_a_server_gets_a_key_and_gzip_and_is_asked_again_when_it_says_so(run, tmp_path, monkeypatch):
    server = Server([(429, {"Retry-After": "0.01"}, {}), (503, {}, {}), (200, {}, TAKEN)])
    monkeypatch.setenv("FLOORWALKER_API_KEY", "fw_secret")
    file = lines_of(tmp_path / "a.jsonl", [ENTERED])
    outcome = run("ingest", file, "--json", "--url", server.url)
    server.close()
    assert counts(outcome) == (1, 1, 0, 0)
    assert len(server.seen) == 3
    headers, body = server.seen[-1]
    assert headers["Authorization"] == "Bearer fw_secret"
    # What is sent is what stood in the file: the server knows its stores and their zones.
    assert json.loads(gzip.decompress(body)) == ENTERED
    assert "fw_secret" not in outcome.out + outcome.err


def test_a_server_that_refuses_is_quoted(run, tmp_path):
    refusal = {"error": {"code": "unauthorised", "message": "a key is needed", "trace_id": "t"}}
    server = Server([(401, {}, refusal)])
    outcome = run("ingest", lines_of(tmp_path / "a.jsonl", [event()]), "--url", server.url)
    server.close()
    assert (outcome.code, "401 a key is needed" in outcome.err) == (2, True)


def test_a_file_without_events_is_no_error_but_said(run, tmp_path):
    file = tmp_path / "empty.jsonl"
    file.write_text("")
    outcome = run("ingest", file)
    assert outcome.code == 0
    assert "holds no events" in outcome.err
