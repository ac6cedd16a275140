"""Dialects: events as other systems write them, turned into events of the contract."""

from floorwalker.dialects.shipped import decode_shipped
from floorwalker.dialects.stores import StoreDirectory, StoreIdentity

__all__ = ["StoreDirectory", "StoreIdentity", "decode_shipped"]
