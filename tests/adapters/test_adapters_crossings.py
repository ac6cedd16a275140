"""Crossings as documents of MongoDB: asked for by store and day, read as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import mongomock
import pytest
from bson import ObjectId

from floorwalker.adapters.crossings import Batch, Crossing, document_crossings
from floorwalker.adapters.mongo_crossings import documents_in, mongo_documents
from floorwalker.errors import InputError, WorkError

NINE = datetime(2026, 3, 3, 9)  # MongoDB's times are UTC and do not say so
NAME = ObjectId("65e4c0ffee65e4c0ffee0001")


@pytest.fixture
def collection():
    """What behaves like MongoDB in memory: it proves the logic, not the server."""
    held = mongomock.MongoClient()["retail_reid"]["line-crossings"]
    common = {"direction": "entry", "camera": "door", "images": ["a/0.jpg"]}
    held.insert_many(
        [
            {"_id": "late", "store_id": "nc0009", "timestamp": NINE.replace(hour=20), **common},
            {"_id": NAME, "store_id": "nc0009", "timestamp": NINE, "day_id": "2026-03-03", **common},
            {"_id": "other-day", "store_id": "nc0009", "timestamp": NINE, "day_id": "2026-03-04", **common},
            {
                "_id": "other-store",
                "store_id": "xnc0009",
                "timestamp": NINE,
                "day_id": "2026-03-03",
                **common,
            },
        ]
    )
    return held


def test_by_store_and_day_in_order_of_time(collection):
    batch = Batch("nc", "2026-03-03")
    found = list(document_crossings(documents_in(collection, batch), "gs://b", batch, "UTC"))
    assert [each.entry_id for each in found if isinstance(each, Crossing)] == [str(NAME), "late"]
    first = found[0]
    assert isinstance(first, Crossing)
    assert first.timestamp == NINE.replace(tzinfo=UTC)
    assert first.images == ("gs://b/a/0.jpg",)
    # At home it is the next day when the last one crosses: the document says nothing of its day.
    east = list(document_crossings(documents_in(collection, batch), "", batch, "Asia/Tokyo"))
    assert [each.entry_id for each in east if isinstance(each, Crossing)] == [str(NAME)]


def test_a_prefix_is_no_pattern(collection):
    assert list(documents_in(collection, Batch("n.0009", None))) == []


def test_a_server_that_is_away_and_an_address_that_is_none():
    with pytest.raises(WorkError, match="does not answer") as failure:
        list(mongo_documents("mongodb://asha:geheim@127.0.0.1:9", "d", "c", Batch(), patience_ms=50))
    assert "geheim" not in str(failure.value)
    with pytest.raises(InputError):
        list(mongo_documents("mongodb://", "d", "c", Batch()))
