"""The mart's tables: facts by store and local day, and what they refer to."""

from __future__ import annotations

from floorwalker.mart.columns import Column, Kind, Table

# Raised when a fact is computed otherwise or a column is added: every day is then pushed again.
MART_VERSION = 1

_STORE = Column("store_id", Kind.NAME, "The store.")
_DAY = Column("day", Kind.DAY, "The store's local day.")
_VISITOR = Column("visitor_id", Kind.TEXT, "The person's name of that day; it means nobody on other days.")


_STATUSES = "`complete`, `partial`, `unwatched`, `unknown` or `closed`."


def _count(name: str, meaning: str, *, adds: bool = True) -> Column:
    return Column(name, Kind.COUNT, meaning, adds=adds)


def _figure(name: str, meaning: str, *, adds: bool = True) -> Column:
    """A count that rests on cameras: empty, not 0, where none watched."""
    return Column(name, Kind.COUNT, meaning, nullable=True, adds=adds)


def _money(name: str, meaning: str) -> Column:
    return Column(name, Kind.MONEY, meaning, adds=True)


def _ratio(name: str, meaning: str) -> Column:
    return Column(name, Kind.RATIO, meaning, nullable=True)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, Kind.FLAG, meaning)


def _utc(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name, Kind.UTC, meaning, nullable)


def _local(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name, Kind.LOCAL, meaning, nullable)


DAYS = Table(
    "fact_days",
    "One local day of one store: the figures as the API gives them; empty where no camera watched.",
    (
        _STORE,
        _DAY,
        Column("store_name", Kind.NAME, "The store's name for people."),
        Column("timezone", Kind.NAME, "The store's time zone, IANA."),
        Column("currency", Kind.NAME, "ISO 4217 code of the money.", nullable=True),
        Column("basis", Kind.NAME, "`door`, `sightings` or `unlinked`: what visitors are counted from."),
        _utc("from_utc", "When the day began."),
        _utc("to_utc", "When it ended; 23 to 25 hours later."),
        _utc("as_of_utc", "The moment in the data for which `now` stands."),
        _flag("is_final", "Whether the day was over when it was pushed."),
        Column("coverage_status", Kind.NAME, _STATUSES),
        _ratio("coverage_share", "Share of the time that the cameras watched."),
        Column("door_status", Kind.NAME, "The same of the cameras at the door alone."),
        _figure("unique_visitors", "Visitors. Summed over days they are visitor-days, not people."),
        _figure("visits", "Visits that count; as many as visitors on one day."),
        _figure("groups", "Groups that came."),
        _figure("parties", "People alone and groups: whoever can buy."),
        _figure("entries", "First ways in."),
        _figure("exits", "Ways out."),
        _figure("reentries", "Further ways in of the same people."),
        _figure("occupancy", "People inside at `as_of`.", adds=False),
        _figure("occupancy_unseen", "Those of them of whom nothing was seen for an hour.", adds=False),
        _utc("peak_from_utc", "Begin of the hour with most ways in.", nullable=True),
        _figure("peak_ways_in", "Ways in of that hour.", adds=False),
        _figure("converted_visitors", "Numerator of `conversion_rate`, held at its denominator."),
        _ratio("conversion_rate", "`converted_visitors` by `unique_visitors`: an upper figure."),
        _ratio("conversion_rate_low", "Lower bound of its 95 % interval."),
        _ratio("conversion_rate_high", "Upper bound."),
        _figure("matched_buyers", "Numerator of `conversion_matched`: parties that a sale was assigned to."),
        _ratio("conversion_matched", "`matched_buyers` by `parties`, sales assigned one to one."),
        _ratio("conversion_matched_low", "Lower bound of its 95 % interval."),
        _ratio("conversion_matched_high", "Upper bound."),
        _count("transactions", "Sales."),
        _ratio("transactions_per_visitor", "`transactions` by `unique_visitors`."),
        _money("revenue", "Sum of the sales in the day's main `currency`, returns left out."),
        _count("returns", "Returns at the till."),
        _money("returned", "Sum of the returns in it, negative."),
        _ratio("till_offset_s", "By how much the till's clock was taken to be ahead."),
        _figure("avg_dwell_ms", "`dwell_ms` by `completed_stays`.", adds=False),
        _figure("completed_stays", "Stays in zones that were seen to end."),
        _figure("dwell_ms", "Their sum."),
        _figure("queue_joins", "Visits that joined a queue at the till."),
        _figure("queue_abandons", "Those of them who gave up."),
        _ratio("abandonment_rate", "`queue_abandons` by `queue_joins`."),
        _ratio("abandonment_rate_low", "Lower bound of its 95 % interval."),
        _ratio("abandonment_rate_high", "Upper bound."),
        _figure("queue_max", "The longest queue.", adds=False),
        _figure("served", "Customers whose wait is known or estimated."),
        _figure("queue_wait_mean_ms", "Their mean wait; over days weigh it by `served`.", adds=False),
        _figure("queue_service_mean_ms", "Their mean time being served.", adds=False),
        _figure("staff_excluded", "Staff seen, in no other figure. Over days: staff-days."),
        Column("staff_hours", Kind.RATIO, "Hours that they were present, by person.", True, True),
        Column("staffed_hours", Kind.RATIO, "Hours with at least one of them.", True, True),
        _ratio("traffic_per_staff_hour", "Entries and re-entries by `staff_hours`."),
        _figure("funnel_entry", "Visits counted."),
        _figure("funnel_zone_visit", "Those with a stay in a product zone or at the till."),
        _figure("funnel_billing_queue", "Those at the till."),
        _figure("funnel_purchased", "Those who bought."),
        Column("warnings", Kind.TEXT, "Codes of the API's warnings, comma separated; empty: none."),
    ),
)

ZONE_DAYS = Table(
    "fact_zones",
    "One zone on one day; empty where no camera watched it.",
    (
        _STORE,
        _DAY,
        Column("zone_id", Kind.NAME, "The zone."),
        Column("kind", Kind.NAME, "`product`, `billing`, `staff-only` or `entrance`."),
        Column("sku_zone", Kind.NAME, "The merchandise shown there.", nullable=True),
        _figure("visits", "Visits with a stay in it. Not to be summed over zones: a visit has several."),
        _figure("completed_stays", "Stays that were seen to end."),
        _figure("dwell_ms", "Their sum."),
        _figure("avg_dwell_ms", "Their mean.", adds=False),
        _ratio("normalized", "0 to 100 against the day's most visited zone."),
        Column("data_confidence", Kind.NAME, "`low` under 20 visits, else `high`."),
        Column("status", Kind.NAME, _STATUSES),
        _ratio("share", "Share of the time that its cameras watched."),
    ),
    ("zone_id",),
)

HOURS = Table(
    "fact_hours",
    "One quarter hour of one store, from the day's first sign of anything to its last.",
    (
        _STORE,
        _DAY,
        _utc("from_utc", "When it began."),
        _local("from_local", "The same by the store's clock; an hour comes twice when summer time ends."),
        _figure("entries", "First ways in."),
        _figure("exits", "Ways out."),
        _figure("reentries", "Further ways in of the same people."),
        _figure("occupancy", "People inside at its end.", adds=False),
        _count("queue_max", "The longest queue in it.", adds=False),
        _count("transactions", "Sales."),
        _money("revenue", "Sum of the sales in the day's main currency."),
        Column("status", Kind.NAME, "Of the door's cameras: " + _STATUSES),
        _ratio("share", "Share of the time that they watched."),
    ),
    ("from_utc",),
)

VISITS = Table(
    "fact_visits",
    "One person's day in one store, staff too.",
    (
        _STORE,
        _DAY,
        _VISITOR,
        _flag("is_staff", "Whether the person is staff; views leave staff out."),
        _flag("counted", "Whether the visit counts in `unique_visitors`."),
        _utc("first_seen_utc", "First sign of the person."),
        _local("first_seen_local", "The same by the store's clock."),
        _utc("last_seen_utc", "Last sign of the person."),
        _utc("entered_utc", "First way in, where it was seen.", nullable=True),
        _utc("left_utc", "Last way out, where it was seen.", nullable=True),
        _count("entries", "First ways in."),
        _count("reentries", "Further ways in."),
        _count("exits", "Ways out."),
        Column("group_id", Kind.TEXT, "The group they came in with, where one is known.", nullable=True),
        Column("party_id", Kind.TEXT, "The same for all who came together; they buy as one.", nullable=True),
        _count("zones", "Zones with a stay.", adds=False),
        _count("completed_stays", "Stays that were seen to end."),
        _count("dwell_ms", "Sum of the completed stays."),
        _flag("in_zone", "Whether they reached a product zone or the till."),
        _flag("at_till", "Whether they reached the till."),
        _flag("joined_queue", "Whether they joined a queue."),
        _flag("abandoned", "Whether they gave up queueing."),
        _flag("near_sale", "Whether they were at the till within 5 minutes before a sale."),
        _flag("purchased", "Whether a sale was assigned to them, or a person said so."),
        _utc("purchased_utc", "When they bought first.", nullable=True),
        Column("transaction_id", Kind.TEXT, "The first sale assigned to them.", nullable=True),
    ),
    ("first_seen_utc", "visitor_id"),
)

STAYS = Table(
    "fact_stays",
    "One stay of one person in one zone, staff too.",
    (
        _STORE,
        _DAY,
        _VISITOR,
        _flag("is_staff", "Whether the person is staff; views leave staff out."),
        Column("zone_id", Kind.NAME, "The zone."),
        Column("zone_kind", Kind.NAME, "Its kind."),
        _utc("start_utc", "When they came."),
        _local("start_local", "The same by the store's clock."),
        _utc("end_utc", "When they were last known to be there."),
        _flag("has_left", "Whether they are known to have left."),
        _figure("dwell_ms", "How long, where the stay is complete; only these count in means."),
    ),
    ("zone_id", "start_utc"),
)

SALES = Table(
    "fact_sales",
    "One transaction of the till.",
    (
        _STORE,
        _DAY,
        Column("transaction_id", Kind.TEXT, "The transaction."),
        _utc("time_utc", "When, by the cameras' clock: the till's time less `till_offset_s`."),
        _local("time_local", "The same by the store's clock."),
        _money("amount", "Total; negative for a return."),
        Column("currency", Kind.NAME, "ISO 4217 code."),
        Column("kind", Kind.NAME, "`sale` or `return`."),
        Column("salespeople", Kind.TEXT, "Ids of those who served, comma separated."),
        Column("visitor_id", Kind.TEXT, "The visit that it was assigned to, where one was.", nullable=True),
        _ratio("gap_s", "Time between leaving the till and the sale, where it was assigned."),
        _ratio("margin_s", "By how much the assignment beats the next best."),
    ),
    ("time_utc",),
)

STORES = Table(
    "dim_stores",
    "One store.",
    (
        _STORE,
        Column("name", Kind.TEXT, "Its name for people."),
        Column("timezone", Kind.NAME, "IANA name."),
        Column("currency", Kind.NAME, "ISO 4217 code.", nullable=True),
        _flag("registered", "Whether a site file describes it."),
    ),
)

ZONES = Table(
    "dim_zones",
    "One zone of a registered store.",
    (
        _STORE,
        Column("zone_id", Kind.NAME, "The zone."),
        Column("camera_id", Kind.NAME, "The camera that watches it."),
        Column("kind", Kind.NAME, "`product`, `billing`, `staff-only` or `entrance`."),
        Column("sku_zone", Kind.NAME, "The merchandise shown there.", nullable=True),
    ),
    ("zone_id",),
)

CAMERAS = Table(
    "dim_cameras",
    "One camera of a registered store.",
    (
        _STORE,
        Column("camera_id", Kind.NAME, "The camera."),
        Column("name", Kind.TEXT, "Its name for people."),
        _count("entry_lines", "Lines across doors that it watches.", adds=False),
    ),
    ("camera_id",),
)

DAY_TABLES = (DAYS, ZONE_DAYS, HOURS, VISITS, STAYS, SALES)
STORE_TABLES = (STORES, ZONES, CAMERAS)
TABLES = DAY_TABLES + STORE_TABLES

# What was pushed: a row is written last, so a part without one was never there.
PARTS = Table(
    "mart_parts",
    "One complete push of one part: a store's day, or what is known of the store itself.",
    (
        _STORE,
        Column("part", Kind.NAME, "The local day, or `store`."),
        Column("push_id", Kind.COUNT, "The push."),
        Column("epoch", Kind.COUNT, "Raised by a full sync, so that it stands above all before it."),
        Column("store_version", Kind.COUNT, "The store's version in the warehouse, read before the facts."),
        Column("stamp", Kind.TEXT, "What the facts rest on; another one means that they must be pushed."),
        Column("facts", Kind.COUNT, "Rows written."),
        Column("pushed_at", Kind.UTC, "When."),
    ),
    ("part",),
)

# The order in which pushes of one part stand; the last one holds.
PUSH_ORDER = ("epoch", "store_version", "pushed_at", "push_id")
