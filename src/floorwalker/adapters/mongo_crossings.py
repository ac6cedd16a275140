"""Documents of crossings from MongoDB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from floorwalker.adapters.crossings import Batch
from floorwalker.errors import InputError, WorkError
from floorwalker.site.addresses import masked


def mongo_documents(
    uri: str, database: str, collection: str, batch: Batch, *, patience_ms: int = 10_000
) -> Iterator[Mapping[str, Any]]:
    """The documents of a collection, in order of time.

    Args:
        uri: of the server, `mongodb://…`.
        database: its name.
        collection: its name, `line-crossings`.
        batch: which are wanted.
        patience_ms: how long the server may take to be found.

    Raises:
        InputError: pymongo is not installed, or the address is none.
        WorkError: the server does not answer.
    """
    try:
        from pymongo import MongoClient
        from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
    except ModuleNotFoundError as error:
        raise InputError("MongoDB needs pymongo: pip install 'floorwalker[mongo]'") from error
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=patience_ms) as client:
            yield from documents_in(client[database][collection], batch)
    except (InvalidURI, ConfigurationError) as error:
        raise InputError(f"{masked(uri)}: {masked(str(error))[:300]}") from error
    except PyMongoError as error:
        raise WorkError(f"{masked(uri)} does not answer: {masked(str(error))[:300]}") from error


def documents_in(collection: Any, batch: Batch) -> Iterator[Mapping[str, Any]]:
    """The documents of an opened collection: stores are asked for by their prefix, and days where documents
    name theirs; of the others the day is found out later.
    """
    wanted: dict[str, Any] = {}
    if batch.store_prefix:
        wanted["store_id"] = {"$regex": "^" + re.escape(batch.store_prefix)}
    if batch.day is not None:
        wanted["day_id"] = {"$in": [batch.day, None]}
    yield from collection.find(wanted).sort("timestamp", 1)
