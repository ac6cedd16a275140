"""The tables. Every key starts with store_id, so that a cluster can shard by it; every time is integer
microseconds UTC, so that databases compare times alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _store_key() -> Column[str]:
    return Column("store_id", String(200), ForeignKey("stores.store_id"), primary_key=True)


stores = Table(
    "stores",
    metadata,
    Column("store_id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("registered", Boolean, nullable=False),  # False: known only from events or transactions
    Column("config", Text),  # the store's part of the site file, JSON
    Column("version", BigInteger, nullable=False),  # grows with every commit that touches the store
)

floor_images = Table(
    "floor_images",
    metadata,
    _store_key(),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    _store_key(),
    Column("camera_id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("entry_lines", Integer, nullable=False),
)

zones = Table(
    "zones",
    metadata,
    _store_key(),
    Column("zone_id", String(200), primary_key=True),
    Column("camera_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("sku_zone", String(200)),
    Column("floor_polygon_m", Text),  # JSON [[x, y], …] where the camera is calibrated
)

recordings = Table(
    "recordings",
    metadata,
    _store_key(),
    Column("recording_id", String(32), primary_key=True),
    Column("camera_id", String(200), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("gaps", Text, nullable=False),  # JSON [[start_s, end_s, reason], …]
    Index("recordings_by_time", "store_id", "start_us"),
)

runs = Table(
    "runs",
    metadata,
    _store_key(),
    Column("run_id", String(32), primary_key=True),
    Column("recording_id", String(32), nullable=False),
    Column("code_version", String(40), nullable=False),
    Column("detector", Text, nullable=False),
    Column("config_hash", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    ForeignKeyConstraint(["store_id", "recording_id"], ["recordings.store_id", "recordings.recording_id"]),
    Index("runs_by_recording", "store_id", "recording_id"),
)

events = Table(
    "events",
    metadata,
    _store_key(),
    Column("event_id", String(36), primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("camera_id", String(200), nullable=False),
    Column("visitor_id", String(200), nullable=False),
    Column("event_type", String(24), nullable=False),
    Column("zone_id", String(200)),
    Column("dwell_ms", BigInteger, nullable=False),
    Column("is_staff", Boolean, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("metadata", Text, nullable=False),  # JSON object
    Column("digest", LargeBinary(16), nullable=False),
    Column("run_id", String(32)),
    Column("received_us", BigInteger, nullable=False),
    ForeignKeyConstraint(["store_id", "run_id"], ["runs.store_id", "runs.run_id"]),
    Index("events_by_time", "store_id", "time_us"),
)

resolutions = Table(
    "resolutions",
    metadata,
    _store_key(),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(200), nullable=False),
    Column("attribute", String(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("decided_us", BigInteger, nullable=False),
    Column("undone", Boolean, nullable=False),
    Index("resolutions_by_time", "store_id", "decided_us"),
)

transactions = Table(
    "transactions",
    metadata,
    _store_key(),
    Column("transaction_id", String(200), primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),  # hundredths of the currency's unit
    Column("currency", String(3), nullable=False),
    Column("kind", String(10), nullable=False),  # sale or return
    Column("salespeople", Text, nullable=False),  # JSON [id, …]
    Index("transactions_by_time", "store_id", "time_us"),
)

feeds = Table(
    "feeds",
    metadata,
    _store_key(),
    Column("camera_id", String(200), primary_key=True),
    Column("last_event_us", BigInteger, nullable=False),
    Column("last_live_us", BigInteger),  # last event that arrived soon after it happened
)
