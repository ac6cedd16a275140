"""The tables as they were first released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, String, Text

revision = "0001"
down_revision = None


def _store_key() -> Column[str]:
    return Column("store_id", String(200), sa.ForeignKey("stores.store_id"), primary_key=True)


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "stores",
        Column("store_id", String(200), primary_key=True),
        Column("name", Text, nullable=False),
        Column("timezone", String(64), nullable=False),
        Column("registered", Boolean, nullable=False),
        Column("config", Text),
        Column("version", BigInteger, nullable=False),
    )
    _sites()
    _runs()
    _logs()


def _sites() -> None:
    op.create_table(
        "floor_images",
        _store_key(),
        Column("media_type", String(40), nullable=False),
        Column("content", LargeBinary, nullable=False),
    )
    op.create_table(
        "cameras",
        _store_key(),
        Column("camera_id", String(200), primary_key=True),
        Column("name", Text, nullable=False),
        Column("width_px", Integer, nullable=False),
        Column("height_px", Integer, nullable=False),
        Column("entry_lines", Integer, nullable=False),
    )
    op.create_table(
        "zones",
        _store_key(),
        Column("zone_id", String(200), primary_key=True),
        Column("camera_id", String(200), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("sku_zone", String(200)),
        Column("floor_polygon_m", Text),
    )
    op.create_table(
        "feeds",
        _store_key(),
        Column("camera_id", String(200), primary_key=True),
        Column("last_event_us", BigInteger, nullable=False),
        Column("last_live_us", BigInteger),
    )


def _runs() -> None:
    op.create_table(
        "recordings",
        _store_key(),
        Column("recording_id", String(32), primary_key=True),
        Column("camera_id", String(200), nullable=False),
        Column("start_us", BigInteger, nullable=False),
        Column("duration_s", Float, nullable=False),
        Column("content_hash", String(64), nullable=False),
        Column("gaps", Text, nullable=False),
    )
    op.create_index("recordings_by_time", "recordings", ["store_id", "start_us"])
    op.create_table(
        "runs",
        _store_key(),
        Column("run_id", String(32), primary_key=True),
        Column("recording_id", String(32), nullable=False),
        Column("code_version", String(40), nullable=False),
        Column("detector", Text, nullable=False),
        Column("config_hash", String(64), nullable=False),
        Column("active", Boolean, nullable=False),
        Column("recorded_us", BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id", "recording_id"], ["recordings.store_id", "recordings.recording_id"]
        ),
    )
    op.create_index("runs_by_recording", "runs", ["store_id", "recording_id"])


def _logs() -> None:
    op.create_table(
        "events",
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
        Column("metadata", Text, nullable=False),
        Column("digest", LargeBinary(16), nullable=False),
        Column("run_id", String(32)),
        Column("received_us", BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["store_id", "run_id"], ["runs.store_id", "runs.run_id"]),
    )
    op.create_index("events_by_time", "events", ["store_id", "time_us"])
    op.create_table(
        "resolutions",
        _store_key(),
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("subject", String(200), nullable=False),
        Column("attribute", String(20), nullable=False),
        Column("value", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("confidence", Float, nullable=False),
        Column("decided_us", BigInteger, nullable=False),
        Column("undone", Boolean, nullable=False),
    )
    op.create_index("resolutions_by_time", "resolutions", ["store_id", "decided_us"])
    op.create_table(
        "transactions",
        _store_key(),
        Column("transaction_id", String(200), primary_key=True),
        Column("time_us", BigInteger, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("kind", String(10), nullable=False),
        Column("salespeople", Text, nullable=False),
    )
    op.create_index("transactions_by_time", "transactions", ["store_id", "time_us"])
