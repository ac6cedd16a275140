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
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import VARCHAR

metadata = MetaData()


def _name(length: int) -> String:
    # Sorted by bytes on PostgreSQL too, whatever language the database was made for: figures whose order
    # depends on names are the same on both, and no update of the system's language turns an index wrong.
    return String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def _store_key() -> Column[str]:
    return Column("store_id", _name(200), ForeignKey("stores.store_id"), primary_key=True)


stores = Table(
    "stores",
    metadata,
    Column("store_id", _name(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", _name(64), nullable=False),
    Column("registered", Boolean, nullable=False),  # False: known only from events or transactions
    Column("config", Text),  # the store's part of the site file, JSON
    Column("version", BigInteger, nullable=False),  # grows with every commit that touches the store
    Column("swept_before_us", BigInteger, nullable=False, server_default="0"),  # older events are expired
)

# Every name by which other systems may mean a store that a site file describes; found by name alone.
store_names = Table(
    "store_names",
    metadata,
    Column("name", _name(200), primary_key=True),
    Column("store_id", _name(200), ForeignKey("stores.store_id"), nullable=False),
)

# What changed since: facts kept for later, the mart and the history of a figure ask here.
day_versions = Table(
    "day_versions",
    metadata,
    _store_key(),
    Column("day", Integer, primary_key=True, autoincrement=False),  # UTC day, days since 1970-01-01
    Column("version", BigInteger, nullable=False),  # the store's version when the day changed last
    Column("changed_us", BigInteger, nullable=False),
)

floor_images = Table(
    "floor_images",
    metadata,
    _store_key(),
    Column("media_type", _name(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    _store_key(),
    Column("camera_id", _name(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("entry_lines", Integer, nullable=False),
)

zones = Table(
    "zones",
    metadata,
    _store_key(),
    Column("zone_id", _name(200), primary_key=True),
    Column("camera_id", _name(200), nullable=False),
    Column("kind", _name(20), nullable=False),
    Column("sku_zone", _name(200)),
    Column("floor_polygon_m", Text),  # JSON [[x, y], …] where the camera is calibrated
)

recordings = Table(
    "recordings",
    metadata,
    _store_key(),
    Column("recording_id", _name(32), primary_key=True),
    Column("camera_id", _name(200), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("content_hash", _name(64), nullable=False),
    Column("gaps", Text, nullable=False),  # JSON [[start_s, end_s, reason], …]
    Index("recordings_by_time", "store_id", "start_us"),
)

runs = Table(
    "runs",
    metadata,
    _store_key(),
    Column("run_id", _name(32), primary_key=True),
    Column("recording_id", _name(32), nullable=False),
    Column("code_version", _name(40), nullable=False),
    Column("detector", Text, nullable=False),
    Column("config_hash", _name(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    ForeignKeyConstraint(["store_id", "recording_id"], ["recordings.store_id", "recordings.recording_id"]),
    Index("runs_by_recording", "store_id", "recording_id"),
)
# Each reading of events leaves out those of superseded runs, which are few among all.
Index(
    "runs_superseded",
    runs.c.store_id,
    runs.c.run_id,
    sqlite_where=runs.c.active.is_(False),
    postgresql_where=runs.c.active.is_(False),
)

# Which run of a recording counted from when on; the latest holds. `runs.active` says the same of now.
run_activations = Table(
    "run_activations",
    metadata,
    _store_key(),
    Column("recording_id", _name(32), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", _name(32), nullable=False),
    Column("activated_us", BigInteger, nullable=False),
)

# Clustered by store and time: a store's day lies in one place however many stores there are. No foreign
# keys here: the writer makes store and run known in the same transaction, and checking a row costs time.
events = Table(
    "events",
    metadata,
    Column("store_id", _name(200), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("event_id", _name(36), nullable=False),
    Column("camera_id", _name(200), nullable=False),
    Column("visitor_id", _name(200), nullable=False),
    Column("event_type", _name(24), nullable=False),
    Column("zone_id", _name(200)),
    Column("dwell_ms", BigInteger, nullable=False),
    Column("is_staff", Boolean, nullable=False),
    Column("confidence", Float(53), nullable=False),
    Column("queue_depth", Integer),  # of the metadata
    Column("group_id", _name(200)),  # of the metadata, as text
    Column("metadata", Text, nullable=False),  # JSON object
    Column("run_id", _name(32)),
    Column("received_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("store_id", "time_us", "event_id", name="events_by_time"),
    UniqueConstraint("store_id", "event_id", name="events_by_id"),
    sqlite_with_rowid=False,
)

# Two times: decided_us is of the store's day that is spoken of, recorded_us and undone_us are of the
# clock on the wall, so that what was known at some moment can be told later.
resolutions = Table(
    "resolutions",
    metadata,
    _store_key(),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", _name(200), nullable=False),
    Column("attribute", _name(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("confidence", Float(53), nullable=False),
    Column("decided_us", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("undone_us", BigInteger),  # NULL: stands
    Column("undone_by", Text),
    Column("correction_id", _name(36)),  # statements that one person made together
    Column("carried_from", BigInteger),  # version of a person's statement that this one says of a later run
    Index("resolutions_by_time", "store_id", "decided_us"),
    Index("resolutions_by_subject", "store_id", "subject"),
    Index("resolutions_by_correction", "store_id", "correction_id"),
)

# What people asked for, in their own words; the statements that follow from it are `resolutions`.
corrections = Table(
    "corrections",
    metadata,
    _store_key(),
    Column("correction_id", _name(36), primary_key=True),
    Column("day", _name(10), nullable=False),  # the store's local day
    Column("made_by", Text, nullable=False),
    Column("key_name", Text),  # whose key was shown; NULL: none was needed
    Column("note", Text, nullable=False),
    Column("statements", Text, nullable=False),  # JSON as asked for
    Column("forced", Boolean, nullable=False),  # made although it seemed impossible
    Column("made_us", BigInteger, nullable=False),
    Column("undone_us", BigInteger),  # NULL: stands
    Column("undone_by", Text),
    Column("undone_key_name", Text),
    Index("corrections_by_day", "store_id", "day"),
)

transactions = Table(
    "transactions",
    metadata,
    _store_key(),
    Column("transaction_id", _name(200), primary_key=True),
    Column("time_us", BigInteger, nullable=False),  # as the till said it, no offset applied
    Column("amount_minor", BigInteger, nullable=False),  # hundredths of the currency's unit
    Column("currency", _name(3), nullable=False),
    Column("kind", _name(10), nullable=False),  # sale or return
    Column("salespeople", Text, nullable=False),  # JSON [id, …]
    Column("received_us", BigInteger, nullable=False),
    Index("transactions_by_time", "store_id", "time_us"),
)

# Estimates of how far the tills' clock is ahead of the cameras'; none is applied unless a person says so.
clock_offsets = Table(
    "clock_offsets",
    metadata,
    _store_key(),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("offset_s", Float(53), nullable=False),  # till minus camera
    Column("p_value", Float(53)),
    Column("evidence", Text, nullable=False),  # JSON: days, sales, leavers, correlation by lag
    Column("computed_us", BigInteger, nullable=False),
    Column("applied_us", BigInteger),  # NULL: shown only
    Column("applied_by", Text),
    Column("withdrawn_us", BigInteger),
    Column("withdrawn_by", Text),
)

# Figures of whole local days, kept while nothing they rest on has changed (`stamp`).
day_facts = Table(
    "day_facts",
    metadata,
    _store_key(),
    Column("day", _name(10), primary_key=True),  # the store's local day
    Column("kind", _name(20), primary_key=True),
    Column("stamp", _name(100), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("computed_us", BigInteger, nullable=False),
)

# Anomalies as things that begin, change and end.
anomaly_log = Table(
    "anomaly_log",
    metadata,
    _store_key(),
    Column("anomaly_id", _name(36), primary_key=True),
    Column("type", _name(40), nullable=False),
    Column("severity", _name(10), nullable=False),
    Column("detected_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),  # NULL: goes on
    Column("content", Text, nullable=False),  # JSON as in GET /anomalies
    Index("anomaly_log_by_time", "store_id", "detected_us"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", _name(36), primary_key=True),
    Column("stores", Text),  # JSON [store_id, …]; NULL: all
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("removed_us", BigInteger),
)

deliveries = Table(
    "deliveries",
    metadata,
    _store_key(),
    Column("delivery_id", _name(36), primary_key=True),
    Column("webhook_id", _name(36), nullable=False),
    Column("body", Text, nullable=False),  # JSON as sent
    Column("due_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_us", BigInteger),  # NULL: still to be sent
    Column("outcome", Text),  # the last attempt's
    Index("deliveries_by_due", "done_us", "due_us"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", _name(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", _name(128), nullable=False, unique=True),
    Column("role", _name(10), nullable=False),  # viewer, operator, admin
    Column("stores", Text),  # JSON [store_id, …]; NULL: all
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
    Column("last_used_us", BigInteger),
)

# Browsers that logged out; kept until their sessions would have ended by themselves.
ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("session_id", _name(36), primary_key=True),
    Column("ends_us", BigInteger, nullable=False),
)

# What retention took away, and what proves it.
receipts = Table(
    "receipts",
    metadata,
    _store_key(),
    Column("receipt_id", _name(36), primary_key=True),
    Column("kind", _name(20), nullable=False),
    Column("before_us", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # JSON: by day, digest of what was removed
    Column("swept_us", BigInteger, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    _store_key(),
    Column("camera_id", _name(200), primary_key=True),
    Column("last_event_us", BigInteger, nullable=False),
    Column("last_live_us", BigInteger),  # last event that arrived soon after it happened
)

# A store's day of re-entry matching: one log of entries and edits, numbered as they came.
reid_buckets = Table(
    "reid_buckets",
    metadata,
    _store_key(),
    Column("day_id", _name(10), primary_key=True),  # the store's local day
    Column("last_number", BigInteger, nullable=False),
    Column("swept", Boolean, nullable=False),  # retention took vectors of it
)

# Who was seen at a door and what was answered; it stays when the vectors go.
reid_entries = Table(
    "reid_entries",
    metadata,
    _store_key(),
    Column("day_id", _name(10), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", _name(200), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("direction", _name(10), nullable=False),
    Column("camera_id", _name(200), nullable=False),
    Column("alert_id", _name(200)),
    Column("answer", Text, nullable=False),  # JSON
    Column("received_us", BigInteger, nullable=False),
)

# What somebody looked like: biometric data, in a table of its own so that retention takes whole rows.
reid_bursts = Table(
    "reid_bursts",
    metadata,
    _store_key(),
    Column("day_id", _name(10), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time_us", BigInteger, nullable=False),
    Column("attrs", Text, nullable=False),  # JSON {field: value}
    Column("images", Text, nullable=False),  # JSON [uri, …]
    Column("dimension", Integer, nullable=False),
    Column("vectors", LargeBinary, nullable=False),  # float32, little-endian, one vector after the other
    Index("reid_bursts_by_time", "store_id", "time_us"),
)

reid_edits = Table(
    "reid_edits",
    metadata,
    _store_key(),
    Column("day_id", _name(10), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("edit", Text, nullable=False),  # JSON
    Column("recorded_us", BigInteger, nullable=False),
)

# Where an entry is; found by name alone, since a name is given once for all days and stores.
reid_names = Table(
    "reid_names",
    metadata,
    Column("entry_id", _name(200), primary_key=True),
    Column("store_id", _name(200), ForeignKey("stores.store_id"), nullable=False),
    Column("day_id", _name(10), nullable=False),
    Column("number", BigInteger, nullable=False),
)
