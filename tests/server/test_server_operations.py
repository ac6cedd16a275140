"""The server under load, in the dark and at its end: limits, probes, counts, the log, the way it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import APIRouter
from prometheus_client.parser import text_string_to_metric_families

from floorwalker.server.app import create_app
from floorwalker.server.auth import VIEWER
from floorwalker.server.errors import ApiError
from floorwalker.server.limits import Limits, RateLimit, _too_slow
from floorwalker.server.serving import _protocol
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.keys import Keys, Role

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
PROGRAM = "from floorwalker.cli import main; main()"


class Running:
    """A real server with chosen limits, and a route that takes its time."""

    def __init__(self, folder: Path, limits: Limits, headers_s: float) -> None:
        self.warehouse = Warehouse(f"sqlite:///{folder / 'w.db'}", clock=lambda: NOW)
        self.log: list[dict[str, Any]] = []
        self.release = threading.Event()
        self.entered = threading.Semaphore(0)
        self.app = create_app(self.warehouse, log=self.log.append, limits=limits)
        router = APIRouter(dependencies=[VIEWER])

        @router.get("/slow")
        def slow() -> str:
            self.entered.release()
            self.release.wait(10)
            return "done"

        @router.post("/read")
        def read(body: dict[str, Any]) -> int:
            return len(body)

        self.app.include_router(router)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        self.address = listener.getsockname()
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, log_config=None, access_log=False, http=_protocol(headers_s))
        )
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.address[1]}", timeout=20)
        wait_until(lambda: self.server.started)

    def close(self) -> None:
        self.release.set()
        self.http.close()
        self.server.should_exit = True
        self.thread.join(20)
        self.warehouse.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(headers_s: float = 10.0, **limits: Any) -> Running:
        started.append(Running(tmp_path, Limits(**limits), headers_s))
        return started[-1]

    yield start
    for server in started:
        server.close()


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def error_of(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "trace_id", "details"}
    assert body["trace_id"] == answer.headers["x-trace-id"]
    return answer.status_code, body["code"]


def test_a_bucket_refills_steadily_and_buckets_are_bounded():
    now = [0.0]
    rates = RateLimit(Limits(rate_per_s=2.0, rate_burst=4), clock=lambda: now[0])
    for _ in range(4):
        rates.take("a")
    with pytest.raises(ApiError) as refused:
        rates.take("a")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    rates.take("b")  # another's bucket is its own
    now[0] += 1.0
    rates.take("a")
    rates.take("a")
    with pytest.raises(ApiError):
        rates.take("a")
    for number in range(30_000):
        rates.take(f"address {number}")
    assert len(rates) <= 10_000


def test_too_many_requests_of_one_key_are_429_and_of_another_not(running):
    server = running(rate_per_s=0.5, rate_burst=3)
    keys = Keys(server.warehouse.database)
    one, other = ({"X-API-Key": keys.create(name, Role.VIEWER, NOW)[1]} for name in ("one", "other"))
    answers = [server.http.get("/stores", headers=one) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert error_of(answers[3]) == (429, "too_many_requests")
    assert answers[3].headers["retry-after"] in ("1", "2")
    assert answers[3].headers["ratelimit-limit"] == "0.5"
    assert server.http.get("/stores", headers=other).status_code == 200


def test_twenty_batches_of_500_a_second_pass_the_default_limits():
    now = [0.0]
    rates = RateLimit(Limits(), clock=lambda: now[0])
    for _ in range(20 * 60):
        rates.take("till")
        now[0] += 1 / 20


def test_more_at_once_than_may_be_is_503_and_passes(running):
    server = running(at_once=2)
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(server.http.get, "/slow") for _ in range(2)]
        for _ in slow:
            assert server.entered.acquire(timeout=10)
        assert error_of(server.http.get("/stores")) == (503, "busy")
        assert server.http.get("/livez").status_code == 200  # whoever watches is answered still
        server.release.set()
        assert [answer.result().status_code for answer in slow] == [200, 200]
    assert server.http.get("/stores").status_code == 200


def test_an_answer_that_does_not_begin_in_time_is_504(running):
    server = running(answer_s=0.3)
    answer = server.http.get("/slow")
    assert error_of(answer) == (504, "timeout")
    assert answer.headers["retry-after"]


def test_what_was_answered_late_counts_until_its_work_has_ended(running):
    server = running(answer_s=0.3, at_once=2)
    assert [server.http.get("/slow").status_code for _ in range(2)] == [504, 504]
    assert error_of(server.http.get("/slow")) == (503, "busy")
    wait_until(lambda: [line["status_code"] for line in server.log] == [504, 504, 503])  # each told at once
    server.release.set()
    wait_until(lambda: server.http.get("/stores").status_code == 200)


def _workers() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if "AnyIO" in thread.name}


def test_batches_that_were_answered_late_start_no_further_threads(running, contract_event):
    server = running(answer_s=0.3)
    place = server.warehouse.database.place.removeprefix("sqlite:///")
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = _workers()  # other tests' servers live in this process too

    def post(number: int) -> int:
        event = contract_event | {"event_id": str(uuid.UUID(int=number))}
        return server.http.post("/events/ingest", json={"events": [event]}).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(post, range(40))) == {504}
        began = len(_workers() - before)
    other.execute("ROLLBACK")
    other.close()
    assert 0 < began <= 8
    wait_until(lambda: post(99) == 200)
    assert server.http.get("/stores/STORE_BLR_002/metrics").json()["unique_visitors"] == 1


def test_a_writer_that_waits_in_vain_for_another_is_told(running, monkeypatch):
    monkeypatch.setattr("floorwalker.warehouse.engine._BUSY_TIMEOUT_S", 0.1)
    server = running()
    with server.warehouse.database.write(), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.http.post, "/events/ingest", json={"events": [{}]}).result()
        assert answer.status_code == 200  # nothing to write
        key = pool.submit(Keys(server.warehouse.database).create, "k", Role.ADMIN, NOW)
        with pytest.raises(DatabaseAway, match="is being written"):
            key.result(5)


@pytest.mark.parametrize(
    ("method", "path", "harmless"),
    [("GET", "/stores", True), ("POST", "/events/ingest", True), ("POST", "/webhooks", False)],
)
def test_only_what_may_be_sent_again_is_said_to_do_no_harm(method, path, harmless):
    message = _too_slow(1.0, {"method": method, "path": path}, False).message
    assert ("no harm" in message) is harmless


def test_slow_log_ins_hold_up_nobody_with_work_to_do(running):
    server = running(at_once=20, log_ins_at_once=5, log_in_s=1.0)
    half = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nk"
    callers = [socket.create_connection(server.address, timeout=10) for _ in range(20)]
    for caller in callers:
        caller.sendall(half)
    wait_until(lambda: sum(line["status_code"] == 503 for line in server.log) == 15)
    assert server.http.get("/stores").status_code == 200
    assert error_of(server.http.post("/login", data={"key": "fw_x"})) == (503, "busy")
    wait_until(lambda: sum(line["status_code"] == 408 for line in server.log) == 5)
    assert server.http.post("/login", data={"key": "fw_x"}).status_code == 401
    for caller in callers:
        caller.close()


def test_a_request_that_is_sent_too_slowly_is_408(running):
    server = running(answer_s=0.3)
    with socket.create_connection(server.address, timeout=10) as caller:
        caller.sendall(
            b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        assert caller.recv(4096).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("first", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_who_never_finishes_the_head_of_a_request_is_cut_off(running, first):
    server = running(headers_s=0.3)
    with socket.create_connection(server.address, timeout=10) as caller:
        caller.sendall(first + b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ")
        received = b""
        while part := caller.recv(4096):
            received += part
        assert received.count(b"HTTP/1.1 200 ") == (1 if first else 0)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_413_on_every_route(running, announced):
    server = running(body_bytes=2000)
    large = json.dumps({"x": "y" * 4000}).encode()
    for path in ("/read", "/events/ingest", "/login"):
        content: Any = large if announced else iter([large[:3000], large[3000:]])
        answer = server.http.post(path, content=content, headers={"Content-Type": "application/json"})
        assert error_of(answer) == (413, "too_large")


def families(server: Running) -> dict[str, Any]:
    answer = server.http.get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value_of(family: Any, **labels: str) -> float:
    (sample,) = [
        s for s in family.samples if not s.name.endswith("_created") and labels.items() <= s.labels.items()
    ]
    return float(sample.value)


def test_prometheus_is_told_of_requests_events_and_the_database(running, contract_event):
    server = running()
    events = [contract_event, contract_event, contract_event | {"event_id": "x"}]
    assert server.http.post("/events/ingest", json={"events": events}).status_code == 200
    wait_until(lambda: len(server.log) == 1)
    told = families(server)
    for outcome, number in {"received": 3, "inserted": 1, "duplicates": 1, "rejected": 1}.items():
        assert value_of(told["floorwalker_events"], outcome=outcome) == number
    assert value_of(told["floorwalker_events_rejected"], code="event_id") == 1
    requests = told["floorwalker_http_requests"]
    assert value_of(requests, method="POST", endpoint="/events/ingest", status="200") == 1
    assert value_of(told["floorwalker_database_up"]) == 1
    assert value_of(told["floorwalker_open_streams"]) == 0
    assert told["floorwalker_build_info"].samples[0].labels["version"]


def test_callers_cannot_make_prometheus_grow(running):
    server = running()
    for number in range(50):
        server.http.get(f"/nowhere/{number}")
        server.http.get(f"/stores/S{number}/metrics")
        server.http.request(f"METHOD{number}", "/stores")
    told = families(server)
    latencies = {tuple(s.labels.items()) for s in told["floorwalker_http_requests"].samples}
    assert len(latencies) < 10
    assert "S17" not in str(told)


def test_probes_tell_the_process_from_the_database(running, monkeypatch):
    server = running()
    assert server.http.get("/livez").json() == {"status": "ok"}
    assert server.http.get("/readyz").json()["tables"] == "current"
    with sqlite3.connect(server.warehouse.database.place.removeprefix("sqlite:///")) as other:
        (version,) = other.execute("SELECT version_num FROM alembic_version").fetchone()
        other.execute("UPDATE alembic_version SET version_num = 'of tomorrow'")
    other.close()
    assert error_of(server.http.get("/readyz")) == (503, "not_ready")
    assert server.http.get("/livez").status_code == 200
    with sqlite3.connect(server.warehouse.database.place.removeprefix("sqlite:///")) as other:
        other.execute("UPDATE alembic_version SET version_num = ?", (version,))
    other.close()
    assert server.http.get("/readyz").status_code == 200
    server.server.should_exit = True
    wait_until(lambda: not server.thread.is_alive())


def test_the_log_line_is_the_contracts(running, contract_event):
    server = running()
    server.http.post("/events/ingest", json={"events": [contract_event]}, headers={"X-Trace-Id": "t-1"})
    wait_until(lambda: len(server.log) == 1)
    (line,) = server.log
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert line.pop("latency_ms") > 0
    assert line == {
        "event": "request_complete",
        "trace_id": "t-1",
        "store_id": "STORE_BLR_002",
        "endpoint": "/events/ingest",
        "method": "POST",
        "status_code": 200,
        "event_counts": {"received": 1, "inserted": 1, "duplicates": 0, "rejected": 0},
        "key_id": None,
    }


@contextmanager
def served(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", str(port), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FLOORWALKER_HOME": str(home)},
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:

            def answers() -> bool:
                assert process.poll() is None, process.stderr and process.stderr.read()
                try:
                    return http.get("/livez").status_code == 200
                except httpx.TransportError:
                    return False

            wait_until(answers, 60)
            yield process, http
    finally:
        process.kill()
        process.communicate()


def test_sigterm_lets_a_request_finish_ends_streams_and_exits_with_0(tmp_path, contract_event):
    with served(tmp_path) as (process, http):
        assert http.post("/events/ingest", json={"events": [contract_event]}).json()["inserted"] == 1
        further = [contract_event | {"event_id": str(uuid.uuid4())} for _ in range(3)]
        database = sqlite3.connect(tmp_path / "floorwalker.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")  # so that the next batch has to wait
        with ThreadPoolExecutor(1) as pool, http.stream("GET", "/stores/STORE_BLR_002/stream") as stream:
            next(stream.iter_text())
            waiting = pool.submit(http.post, "/events/ingest", json={"events": further})
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
            assert not waiting.done()
            database.execute("ROLLBACK")
            assert waiting.result().json()["inserted"] == 3
        assert process.wait(30) == 0
        assert process.stderr is not None
        log = process.stderr.read()
        assert "Traceback" not in log
        assert database.execute("SELECT count(*) FROM events").fetchone() == (4,)
        database.close()


def test_a_server_that_cannot_start_says_why_in_the_log_too(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        env={**os.environ, "FLOORWALKER_HOME": str(tmp_path)},
        check=False,
    )
    assert process.returncode == 2
    line = json.loads(process.stderr.splitlines()[0])
    assert (line["event"], line["exit_code"]) == ("start_failed", 2)
    assert "floorwalker keys create" in line["message"]
    assert "Traceback" not in process.stderr


def test_an_upgrade_at_the_start_is_a_line_of_the_log(tmp_path):
    release = json.loads((Path(__file__).parents[1] / "warehouse" / "first_release.json").read_text())
    database = sqlite3.connect(tmp_path / "floorwalker.db")
    for statement in release["ddl"]["sqlite"]:
        database.execute(statement)
    database.commit()
    database.close()
    # It upgrades, and then refuses the address: nobody has a key.
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        env={**os.environ, "FLOORWALKER_HOME": str(tmp_path)},
        check=False,
    )
    notice, failure = map(json.loads, process.stderr.splitlines()[:2])
    assert notice["event"] == "notice"
    assert "upgraded from version" in notice["message"]
    assert failure["event"] == "start_failed"
