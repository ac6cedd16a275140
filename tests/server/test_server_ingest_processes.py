"""Two real server processes over one database, and batches sent to both at the same moment."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from sqlalchemy import create_engine, func, select

from _ingest_load import BATCH, Client, batches, running_server
from floorwalker.warehouse.schema import events


def test_two_servers_with_the_same_batches_tell_one_client_only(database_url: str, tmp_path: Path) -> None:
    sent = list(islice(batches("STORE_BLR_002"), 4))
    told: dict[str, list] = {"one": [], "other": []}
    start = threading.Barrier(2)

    def send(name: str, port: int) -> None:
        client = Client(port)
        for batch in sent:
            start.wait(30)
            told[name].append(client.post(batch.body))
        client.close()

    with ExitStack() as stack:
        servers = [stack.enter_context(running_server(database_url, tmp_path)) for _ in told]
        threads = [
            threading.Thread(target=send, args=(name, server.port))
            for name, server in zip(told, servers, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    for batch, (status, answer), (other_status, other) in zip(sent, *told.values(), strict=True):
        assert (status, other_status) == (200, 200)
        assert answer["inserted"] + other["inserted"] == batch.new
        assert answer["received"] == answer["inserted"] + answer["duplicates"] == BATCH
        assert (answer["errors"], other["errors"]) == ([], [])
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == sum(b.new for b in sent)
    engine.dispose()
