"""MongoDB, where its driver is installed: an extra, which most installations go without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from floorwalker.errors import InputError

if TYPE_CHECKING:
    from floorwalker.adapters.mongo_entries import MongoEntries


def open_entries(uri: str, name: str) -> MongoEntries:
    """The store of entries in a database of MongoDB.

    Args:
        uri: `mongodb://…`, with whatever options (MONGO_URI).
        name: of the database (MONGO_DB).

    Raises:
        InputError: the address is none, or the driver is not installed.
        DatabaseAway: it does not answer.
    """
    try:
        from floorwalker.adapters.mongo_entries import open_mongo
    except ModuleNotFoundError as error:
        raise InputError(
            f"MONGO_URI is set, but the driver of MongoDB is not installed ({error}); "
            "install it with: pip install 'floorwalker[mongo]'"
        ) from error
    return open_mongo(uri, name)
