"""Tables of re-entry matching; what was there stays as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reid_buckets",
        *_key(),
        sa.Column("last_number", sa.BigInteger, nullable=False),
        sa.Column("swept", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day_id"),
    )
    op.create_table(
        "reid_entries",
        *_numbered(),
        sa.Column("entry_id", _name(200), nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("direction", _name(10), nullable=False),
        sa.Column("camera_id", _name(200), nullable=False),
        sa.Column("alert_id", _name(200)),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day_id", "number"),
    )
    op.create_table(
        "reid_bursts",
        *_numbered(),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("attrs", sa.Text, nullable=False),
        sa.Column("images", sa.Text, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("vectors", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day_id", "number"),
    )
    op.create_index("reid_bursts_by_time", "reid_bursts", ["store_id", "time_us"])
    op.create_table(
        "reid_edits",
        *_numbered(),
        sa.Column("edit", sa.Text, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day_id", "number"),
    )
    op.create_table(
        "reid_names",
        sa.Column("entry_id", _name(200), primary_key=True),
        sa.Column("store_id", _name(200), sa.ForeignKey("stores.store_id"), nullable=False),
        sa.Column("day_id", _name(10), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )


def _name(length: int) -> sa.String:
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def _key() -> list[sa.Column[str]]:
    return [
        sa.Column("store_id", _name(200), sa.ForeignKey("stores.store_id"), nullable=False),
        sa.Column("day_id", _name(10), nullable=False),
    ]


def _numbered() -> list[sa.Column[str] | sa.Column[int]]:
    return [*_key(), sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False)]
