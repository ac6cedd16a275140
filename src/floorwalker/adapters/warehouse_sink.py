"""The configured database as the one who takes what a live camera tells."""

from __future__ import annotations

import msgspec

from floorwalker.errors import InputError
from floorwalker.events import event_to_dict
from floorwalker.pipeline.delivery import Away, Item, Refusal, StretchItem
from floorwalker.warehouse import DatabaseAway, Warehouse


class WarehouseSink:
    """Writes into the warehouse what a server would write; implements `Sink`.

    Args:
        warehouse: opened; closing it is the caller's.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    @property
    def name(self) -> str:
        """Where the database is."""
        return self._warehouse.database.place

    def send(self, item: Item) -> list[Refusal]:
        """Write an item.

        Raises:
            Away: the database cannot be written now.
        """
        try:
            if isinstance(item, StretchItem):
                self._warehouse.record_stretch(item.recording, item.run, item.resolutions)
                return []
            report = self._warehouse.add_events(item.events, live=True)
        except DatabaseAway as error:
            raise Away(str(error)) from error
        except InputError as error:
            return [Refusal("refused", str(error), msgspec.Raw(msgspec.json.encode(item)))]
        return [
            Refusal(
                fault.code,
                fault.message,
                msgspec.Raw(msgspec.json.encode(event_to_dict(item.events[fault.index]))),
            )
            for fault in report.errors
        ]
