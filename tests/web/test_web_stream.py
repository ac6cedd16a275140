"""The stream that keeps pages current: versions, heartbeats, bounds, endings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from floorwalker.server import stream
from floorwalker.server.stream import ChangeWatch
from floorwalker.site import Site
from floorwalker.warehouse import DatabaseAway, Warehouse

LONG_S = 10.0


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = Warehouse(f"sqlite:///{tmp_path / 'floorwalker.db'}")
    touch(opened)
    yield opened
    opened.close()


def touch(warehouse: Warehouse, store_id: str = "A") -> None:
    """A commit that changes a store's version."""
    warehouse.register_site(Site.model_validate({"store": [{"id": store_id, "timezone": "UTC"}]}))


def test_change_wakes_the_listener(warehouse: Warehouse) -> None:
    async def listen() -> None:
        watch = ChangeWatch(warehouse, lambda: False)
        async with watch.listening():
            first = await watch.wait("A", None, LONG_S)
            assert first == warehouse.store("A").version
            waiting = asyncio.create_task(watch.wait("A", first, LONG_S))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await asyncio.to_thread(touch, warehouse)
            assert await waiting == warehouse.store("A").version != first

    asyncio.run(listen())


def test_change_by_another_process_is_seen(warehouse: Warehouse, tmp_path: Path) -> None:
    async def listen() -> None:
        watch = ChangeWatch(warehouse, lambda: False)
        other = Warehouse(f"sqlite:///{tmp_path / 'floorwalker.db'}")
        async with watch.listening():
            first = await watch.wait("A", None, LONG_S)
            await asyncio.to_thread(touch, other)
            assert await watch.wait("A", first, LONG_S) != first
        other.close()

    asyncio.run(listen())


def test_other_stores_do_not_wake_it(warehouse: Warehouse) -> None:
    async def listen() -> None:
        watch = ChangeWatch(warehouse, lambda: False)
        async with watch.listening():
            first = await watch.wait("A", None, LONG_S)
            await asyncio.to_thread(touch, warehouse, "B")
            assert await watch.wait("A", first, 0.5) == first

    asyncio.run(listen())


async def allowed() -> bool:
    """Of a stream whose key is good."""
    return True


def test_heartbeat_and_version_messages(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.1)

    async def listen() -> list[str]:
        messages = stream._messages(ChangeWatch(warehouse, lambda: False), "A", allowed)
        got = [await anext(messages) for _ in range(3)]
        await messages.aclose()  # type: ignore[attr-defined]
        return got

    version = warehouse.store("A").version
    assert asyncio.run(listen()) == [
        "retry: 2000\n\n",
        f"event: version\ndata: {version}\n\n",
        "event: heartbeat\ndata: -\n\n",
    ]


def test_stream_ends_when_the_server_does(warehouse: Warehouse) -> None:
    stopping = False

    async def listen() -> None:
        nonlocal stopping
        messages = stream._messages(ChangeWatch(warehouse, lambda: stopping), "A", allowed)
        await anext(messages)
        await anext(messages)
        stopping = True
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(messages), 5)

    asyncio.run(listen())


def test_stream_ends_when_the_database_goes_away(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> dict[str, int]:
        raise DatabaseAway("gone")

    async def listen() -> None:
        messages = stream._messages(ChangeWatch(warehouse, lambda: False), "A", allowed)
        await anext(messages)
        await anext(messages)
        monkeypatch.setattr(warehouse, "versions", away)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(messages), 5)
        monkeypatch.undo()
        again = stream._messages(ChangeWatch(warehouse, lambda: False), "A", allowed)
        await anext(again)
        assert (await anext(again)).startswith("event: version")
        await again.aclose()  # type: ignore[attr-defined]

    asyncio.run(listen())


def test_nothing_runs_while_nobody_listens(warehouse: Warehouse) -> None:
    async def listen() -> None:
        watch = ChangeWatch(warehouse, lambda: False)
        for _ in range(3):
            async with watch.listening(), watch.listening():
                await watch.wait("A", None, LONG_S)
            await asyncio.sleep(0.05)
            assert len(asyncio.all_tasks()) == 1  # this one
            assert not warehouse.database._listeners

    asyncio.run(listen())


def test_number_of_streams_is_bounded(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_STREAMS", 2)

    async def listen() -> None:
        watch = ChangeWatch(warehouse, lambda: False)
        async with watch.listening():
            assert not watch.full
            async with watch.listening():
                assert watch.full
            assert not watch.full

    asyncio.run(listen())


def test_a_burst_of_commits_is_few_messages(warehouse: Warehouse) -> None:
    async def listen() -> int:
        watch = ChangeWatch(warehouse, lambda: False)
        seen = 0
        async with watch.listening():
            known = await watch.wait("A", None, LONG_S)
            loop = asyncio.get_running_loop()
            writing = loop.run_in_executor(None, lambda: [touch(warehouse) for _ in range(30)])
            until = time.monotonic() + LONG_S
            while not (writing.done() and known == warehouse.store("A").version):
                assert time.monotonic() < until
                known = await watch.wait("A", known, 1.0)
                seen += 1
        return seen

    assert asyncio.run(listen()) < 20
