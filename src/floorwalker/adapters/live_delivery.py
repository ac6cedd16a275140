"""The delivery of a live camera as it is outside: a spool on the disk, and a server or the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from floorwalker.adapters.server_sink import ServerSink
from floorwalker.adapters.spool import Spool
from floorwalker.adapters.warehouse_sink import WarehouseSink
from floorwalker.pipeline.delivery import Delivery, Sink
from floorwalker.pipeline.live_camera import LiveJob
from floorwalker.pipeline.watching import spool_folder
from floorwalker.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class LiveDelivery:
    """Builds a camera's delivery in its process; implements `pipeline.watching.DeliveryBuilder`.

    Attributes:
        home: the state folder, in which items wait.
        database_url: the configured database.
        url: a server's address; None: the database is written.
        key: an API key of the server.
        most_bytes: that may wait on the disk for each camera.
    """

    home: Path
    database_url: str = field(repr=False)
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    most_bytes: int = 256_000_000

    def __call__(self, job: LiveJob, say: Callable[[str], None]) -> Delivery:
        """The camera's delivery, not started.

        Raises:
            InputError: another process delivers for this camera, or the folder cannot be used.
        """
        sink: Sink = (
            ServerSink(self.url, self.key) if self.url else WarehouseSink(Warehouse(self.database_url))
        )
        return Delivery(Spool(spool_folder(self.home, job), most_bytes=self.most_bytes), sink, say)
