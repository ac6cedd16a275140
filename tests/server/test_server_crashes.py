"""What was acknowledged is there, whoever dies: the server, its database, or the disk's last free byte."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, select

from _postgres import Cluster
from floorwalker.warehouse.schema import events

BATCH = 50


class Served:
    """A real `floorwalker serve` in a process of its own."""

    def __init__(self, database_url, folder):
        environment = os.environ | {
            "FLOORWALKER_DATABASE_URL": database_url,
            "FLOORWALKER_HOME": str(folder),
            "FLOORWALKER_RATE_PER_S": "100000",
            "FLOORWALKER_RATE_BURST": "100000",
        }
        command = [sys.executable, "-c", "from floorwalker.cli import main; main()", "serve", "--port", "0"]
        self._log = folder / f"{uuid.uuid4()}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not (found := re.search(rb"http://127\.0\.0\.1:\d+", self._log.read_bytes())):
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        self.http = httpx.Client(base_url=found[0].decode(), timeout=30)
        wait_until(lambda: self.answers(), "the server answers")

    def answers(self):
        try:
            return self.http.get("/livez").status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def log(self):
        return self._log.read_text()

    def close(self):
        self.http.close()
        self.process.kill()
        self.process.wait(20)


def wait_until(holds, what, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


@pytest.fixture
def serve(tmp_path):
    running = []

    def start(url):
        running.append(Served(url, tmp_path))
        return running[-1]

    yield start
    for each in running:
        each.close()


@pytest.fixture
def own_cluster(request):
    """A PostgreSQL that the test may kill."""
    request.getfixturevalue("postgres")  # skips where there is none
    cluster = Cluster(durable=False)
    yield cluster
    cluster.close()


class Senders:
    """Connections that send batch after batch until they are told to stop or nobody answers."""

    def __init__(self, served, event, count=4):
        self.base_url = served.http.base_url
        self.event = event
        self.sent = {}  # batch: its events
        self.acknowledged = set()
        self.answers = Counter()
        self.failures = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        assert self.failures == []

    def _send(self):
        with httpx.Client(base_url=self.base_url, timeout=30) as http:
            while not self._stop.is_set():
                name = f"batch-{uuid.uuid4()}"
                batch = [self.event(visitor=name) for _ in range(BATCH)]
                with self._lock:
                    self.sent[name] = batch
                try:
                    answer = http.post("/events/ingest", json={"events": batch})
                except httpx.HTTPError:
                    time.sleep(0.02)  # the server is gone: nothing was acknowledged
                    continue
                self._note(name, answer)

    def _note(self, name, answer):
        with self._lock:
            self.answers[answer.status_code] += 1
            if answer.status_code == 200 and answer.json()["inserted"] == BATCH:
                self.acknowledged.add(name)
            elif answer.status_code != 503 or answer.json()["error"]["code"] != "database_away":
                self.failures.append(answer.text)


def stored(url):
    """How many events of each batch are in the database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = Counter(connection.scalars(select(events.c.visitor_id)))
    engine.dispose()
    return found


def all_there_and_none_half(url, senders):
    found = stored(url)
    assert senders.acknowledged <= set(found)
    assert set(found.values()) == {BATCH}
    return found


def test_killed_in_the_middle_of_ingest_a_server_has_kept_what_it_acknowledged(database_url, serve, event):
    served = serve(database_url)
    with Senders(served, event) as senders:
        wait_until(lambda: len(senders.acknowledged) >= 12, "some batches are acknowledged")
        served.kill()
        died_with = len(senders.acknowledged)
    assert died_with >= 12
    found = all_there_and_none_half(database_url, senders)
    # Whoever was not answered sends again, to the next server, and nothing counts twice.
    again = serve(database_url)
    for name, batch in senders.sent.items():
        answer = again.http.post("/events/ingest", json={"events": batch}).json()
        assert answer["duplicates"] == found.get(name, 0)
        assert answer["inserted"] == BATCH - found.get(name, 0)
    assert stored(database_url) == dict.fromkeys(senders.sent, BATCH)


def test_a_killed_postgres_is_503_until_it_is_back_and_nothing_acknowledged_is_lost(
    own_cluster, serve, event
):
    url = own_cluster.new_database()
    served = serve(url)
    with Senders(served, event) as senders:
        wait_until(lambda: len(senders.acknowledged) >= 12, "some batches are acknowledged")
        own_cluster.kill()
        wait_until(lambda: senders.answers[503] >= 4, "requests are refused")
        for path in ("/stores/STORE_BLR_002/metrics", "/stores", "/health"):
            away(served.http.get(path))
        assert served.http.get("/readyz").status_code == 503
        assert served.http.get("/livez").status_code == 200
        before = len(senders.acknowledged)
        own_cluster.start()
        wait_until(lambda: len(senders.acknowledged) >= before + 12, "batches are acknowledged again")
    assert served.process.poll() is None  # the same process, never started again
    assert served.http.get("/stores/STORE_BLR_002/metrics").status_code == 200
    assert served.http.get("/readyz").status_code == 200
    all_there_and_none_half(url, senders)
    assert "Traceback" not in served.log()


def away(answer):
    assert answer.status_code == 503, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "trace_id", "details"}
    assert answer.json()["error"]["code"] == "database_away"
    assert "Traceback" not in answer.text


def test_connections_that_postgres_ends_are_replaced(own_cluster, serve, event):
    url = own_cluster.new_database()
    served = serve(url)
    admin = create_engine(own_cluster.url(), isolation_level="AUTOCOMMIT")
    with Senders(served, event) as senders, admin.connect() as connection:
        for _ in range(5):
            wanted = len(senders.acknowledged) + 4
            wait_until(lambda wanted=wanted: len(senders.acknowledged) >= wanted, "batches are acknowledged")
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname LIKE 'floorwalker%%' AND pid <> pg_backend_pid()"
            )
    admin.dispose()
    assert served.http.get("/stores/STORE_BLR_002/metrics").status_code == 200
    all_there_and_none_half(url, senders)


@contextmanager
def tiny_disk(folder, size):
    """A file system of so many bytes; skipped where nobody may make one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "floorwalker", str(folder)], capture_output=True
    )
    if made.returncode:
        pytest.skip(f"not run: a small file system needs root ({made.stderr.decode().strip()})")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def larger(folder, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def test_a_full_disk_under_sqlite_is_503_until_there_is_room(tmp_path, serve, event):
    disk = tmp_path / "disk"
    with tiny_disk(disk, 1_500_000):
        url = f"sqlite:///{disk / 'w.db'}"
        filled_and_freed(url, serve, event, lambda: larger(disk, 50_000_000))


def test_a_full_disk_under_postgres_is_503_until_there_is_room(tmp_path, own_cluster, serve, event):
    disk = Path(own_cluster.folder) / "disk"
    with tiny_disk(disk, 1_500_000):
        status = own_cluster.folder.stat()
        os.chown(disk, status.st_uid, status.st_gid)
        disk.chmod(0o700)
        url = own_cluster.new_database()
        served = serve(url)
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            connection.exec_driver_sql("ALTER TABLE events SET TABLESPACE small")
            connection.exec_driver_sql("ALTER INDEX events_by_time SET TABLESPACE small")
        admin.dispose()
        filled_and_freed(url, serve, event, lambda: larger(disk, 50_000_000), served)
        served.close()
        own_cluster.stop()


def filled_and_freed(url, serve, event, make_room, served=None):
    served = served or serve(url)
    with Senders(served, event) as senders:
        wait_until(lambda: senders.answers[503] >= 4, "the disk is full")
        before = len(senders.acknowledged)
        assert before > 0
        assert served.http.get("/stores/STORE_BLR_002/metrics").status_code == 200  # reading goes on
        make_room()
        wait_until(lambda: len(senders.acknowledged) >= before + 4, "batches are acknowledged again")
    all_there_and_none_half(url, senders)
    assert served.process.poll() is None
    assert "Traceback" not in served.log()
    served.close()


@pytest.mark.parametrize("name", ["a%00b", "%ff", "%ed%a0%80", "x" * 3000])
def test_a_store_that_no_database_can_hold_is_the_callers_mistake(house, name):
    assert house.http.get(f"/stores/{name}/metrics").status_code in (400, 404)
