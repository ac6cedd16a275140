"""The spool: nothing that was put is lost, whatever kills the process, and disk space has a bound."""

import multiprocessing
import os
import signal
import time

import msgspec
import pytest

from floorwalker.adapters.spool import Spool
from floorwalker.errors import InputError
from floorwalker.pipeline.delivery import Refusal


def drain(spool):
    found = []
    while (item := spool.first()) is not None:
        found.append(item)
        spool.done()
    return found


def items(count, first=0):
    return [b'{"n": %d}' % number for number in range(first, first + count)]


def test_what_is_put_comes_out_in_order_and_the_files_go(tmp_path):
    spool = Spool(tmp_path / "s", segment_bytes=60)
    for item in items(20):
        spool.put(item)
    assert len(list((tmp_path / "s").glob("*.spool"))) > 3
    assert drain(spool) == items(20)
    assert spool.size == 0
    assert len(list((tmp_path / "s").glob("*.spool"))) <= 1


def test_a_new_start_goes_on_where_the_last_one_stopped(tmp_path):
    spool = Spool(tmp_path, segment_bytes=100)
    for item in items(10):
        spool.put(item)
    for _ in range(4):
        spool.done()
    spool.close()
    again = Spool(tmp_path, segment_bytes=100)
    again.put(b'{"n": 10}')
    assert drain(again) == items(7, first=4)


def _writer(folder, reports):
    spool = Spool(folder)
    for number in range(100_000):
        spool.put(b'{"n": %d}' % number)
        reports.send(number)


def test_nothing_that_was_put_is_lost_when_the_process_is_killed(tmp_path):
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_writer, args=(tmp_path, theirs))
    process.start()
    assert ours.poll(30)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    put = -1
    theirs.close()
    try:
        while True:
            put = ours.recv()
    except EOFError:
        pass
    found = drain(Spool(tmp_path))
    assert put > 0
    assert found[: put + 1] == items(put + 1)
    assert len(found) <= put + 2  # one more may have been put and not been told of


def test_a_torn_line_is_passed_over_and_what_follows_is_kept(tmp_path):
    spool = Spool(tmp_path)
    for item in items(3):
        spool.put(item)
    spool.close()
    (segment,) = tmp_path.glob("*.spool")
    segment.write_bytes(segment.read_bytes()[:-4])
    again = Spool(tmp_path)
    again.put(b'{"n": 9}')
    assert drain(again) == [*items(2), b'{"n": 9}']
    assert again.damaged == 1


def test_beyond_its_bound_the_oldest_goes_and_is_counted(tmp_path):
    spool = Spool(tmp_path, most_bytes=1000, segment_bytes=200)
    for item in items(200):
        spool.put(item)
    assert spool.size <= 1000
    left = drain(spool)
    assert left == items(len(left), first=200 - len(left))
    assert spool.dropped == 200 - len(left) > 0


def test_a_full_disk_is_said_and_harms_nothing_that_was_put(tmp_path, monkeypatch):
    spool = Spool(tmp_path)
    spool.put(b"1")

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            spool.put(b"2")
    spool.put(b"3")
    found = drain(spool)
    assert found[0] == b"1"
    assert found[-1] == b"3"


def test_one_process_at_a_time(tmp_path):
    spool = Spool(tmp_path)
    with pytest.raises(InputError, match="another process"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_what_nobody_takes_is_set_aside_with_the_reason(tmp_path):
    spool = Spool(tmp_path)
    spool.set_aside([Refusal("conflict", "other content", msgspec.Raw(b'{"event_id":"x"}'))])
    (line,) = (tmp_path / "rejects.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(line) == {
        "code": "conflict",
        "message": "other content",
        "what": {"event_id": "x"},
    }
