"""Warehouse: the event store, what was observed and what became known of it later."""

from floorwalker.warehouse.errors import DatabaseAway, UnknownStore
from floorwalker.warehouse.records import (
    CameraInfo,
    EventFault,
    Feed,
    FloorImage,
    IngestReport,
    LoadReport,
    ResolvedEvent,
    StoreInfo,
    StoreView,
    Transaction,
    ZoneInfo,
)
from floorwalker.warehouse.warehouse import Warehouse

__all__ = [
    "CameraInfo",
    "DatabaseAway",
    "EventFault",
    "Feed",
    "FloorImage",
    "IngestReport",
    "LoadReport",
    "ResolvedEvent",
    "StoreInfo",
    "StoreView",
    "Transaction",
    "UnknownStore",
    "Warehouse",
    "ZoneInfo",
]
