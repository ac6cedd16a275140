"""The catalogue of the funnel, heatmap, traffic, dwell and purchases answers."""

from __future__ import annotations

from floorwalker.insights.catalogue_entry import (
    CLOCK,
    DOOR,
    SITE,
    TILL,
    TILL_ZONE,
    WINDOW,
    ZONES,
    Metric,
)

_OR_NULL = "0 or more, or null where no camera watched"
_STATUSES = "complete, partial, unwatched, unknown or closed"
_MS = "0 or more, null where there is no stay"

_ALL = (DOOR, ZONES, TILL_ZONE, TILL)

FUNNEL = (
    Metric("funnel.entry", "Came in", "visits that count as visitors", (DOOR,), "visits", _OR_NULL),
    Metric("funnel.zone_visit", "Looked around", "those with a stay in a product or billing zone",
           (DOOR, ZONES), "visits", _OR_NULL),
    Metric("funnel.billing_queue", "Went to the till", "those with a stay at the till, queue or not",
           (DOOR, TILL_ZONE), "visits", _OR_NULL),
    Metric("funnel.purchased", "Bought", "those to whom a sale was assigned one to one",
           (DOOR, TILL_ZONE, TILL), "visits", _OR_NULL, caveats="a group is one buyer: the member who left "
           "the till nearest to the sale"),
    Metric("funnel.drop_off_pct.*", "Drop-off", "share lost from the step before", _ALL, "percent",
           "0 to 100", caveats="basis unlinked: steps are counted apart, each held at the one before"),
    Metric("funnel.intervals.*.low", "Step, low", "lower end of the 95 % Wilson score interval of the step's "
           "share of all visits", _ALL, "share", "0 to 1, null where n is 0"),
    Metric("funnel.intervals.*.high", "Step, high", "upper end of it", _ALL, "share",
           "0 to 1, null where n is 0"),
    Metric("funnel.intervals.*.n", "Step, n", "visits that came in", (DOOR,), "visits", "0 or more"),
)  # fmt: skip

HEATMAP = (
    Metric("heatmap.*.frequency", "Visits of a zone", "visits with a stay in the zone that touches the "
           "window", (ZONES,), "visits", _OR_NULL),
    Metric("heatmap.*.avg_dwell_ms", "Average stay", "mean of the zone's complete stays that ended in the "
           "window", (ZONES,), "milliseconds", _OR_NULL),
    Metric("heatmap.*.normalized", "Heat", "100 × frequency ÷ the highest frequency", (ZONES,), "",
           "0 to 100, or null where no camera watched"),
    Metric("heatmap.*.data_confidence", "Confidence", "low under 20 visits", (ZONES,), "", "low or high"),
    Metric("heatmap.*.kind", "Kind", "of the zone, as in metrics.zones", (SITE, ZONES), "",
           "product, billing, entrance or staff-only"),
    Metric("heatmap.*.completed_stays", "Stays", "how many stays the mean is of", (ZONES,), "stays",
           _OR_NULL),
    Metric("heatmap.*.status", "Coverage", "as coverage.status, of the zone's cameras", (ZONES,), "",
           _STATUSES),
    Metric("heatmap.*.share", "Share", "as coverage.share, of the zone's cameras", (ZONES,), "share",
           "0 to 1 or null"),
    Metric("heatmap.*.as_of", "As of", "as in the other answers; the window is in the headers "
           "X-Window-From and X-Window-To", (CLOCK,), "UTC time", "ISO-8601"),
)  # fmt: skip

_BUCKETED = (*WINDOW, "bucket_minutes")


def _bucket(path: str, name: str, formula: str, unit: str, values: str, caveats: str = "") -> Metric:
    return Metric(f"traffic.buckets.[].{path}", name, formula, (DOOR,), unit, values, _BUCKETED, caveats)


TRAFFIC = (
    Metric("traffic.bucket_minutes", "Length of a stretch", "1 for data of up to half an hour, 5 up to three "
           "hours, else 15, unless asked for", (CLOCK,), "minutes", "1 to 60", _BUCKETED),
    _bucket("from", "Stretch from", "its beginning; stretches begin with the window", "UTC time", "ISO-8601"),
    _bucket("entries", "Entries", "as metrics.entries, in the stretch", "crossings", _OR_NULL),
    _bucket("exits", "Exits", "as metrics.exits, in the stretch", "crossings", _OR_NULL),
    _bucket("reentries", "Re-entries", "as metrics.reentries, in the stretch", "crossings", _OR_NULL),
    _bucket("occupancy", "Inside at the end", "as metrics.occupancy, at the end of the stretch", "people",
            _OR_NULL, "after a door camera was down it is off for the rest of the day"),
    _bucket("status", "Coverage", "as coverage.status, of the door cameras in the stretch", "", _STATUSES),
    _bucket("share", "Share", "as coverage.share, of the door cameras in the stretch", "share",
            "0 to 1 or null"),
)  # fmt: skip

_LENGTHS = (
    ("n", "how many", "stays", "0 or more"),
    ("mean_ms", "mean", "milliseconds", _MS),
    ("p10_ms", "10th percentile", "milliseconds", _MS),
    ("p25_ms", "lower quartile", "milliseconds", _MS),
    ("p50_ms", "median", "milliseconds", _MS),
    ("p75_ms", "upper quartile", "milliseconds", _MS),
    ("p90_ms", "90th percentile", "milliseconds", _MS),
    ("p95_ms", "95th percentile", "milliseconds", _MS),
    ("max_ms", "longest", "milliseconds", _MS),
    ("histogram.[].from_s", "bar from", "seconds", "0 to 3600"),
    ("histogram.[].to_s", "bar to, itself not in it", "seconds", "5 to 3600, null for the last bar"),
    ("histogram.[].count", "stays in the bar", "stays", "0 or more"),
)

DWELL = (
    *(
        Metric(f"dwell.{place}.{part}", f"{name}, {said}", f"{formula}: {said}", source, unit, values)
        for place, name, formula, source in (
            ("stays", "Stays in zones", "customers' complete stays that ended in the window", (ZONES,)),
            ("in_shop", "Time in the shop", "time inside of visits that were seen coming in first and going "
             "out last, and ended in the window", (DOOR,)),
            ("zones.*", "Stays in a zone", "the zone's complete stays", (ZONES,)),
        )
        for part, said, unit, values in _LENGTHS
    ),
    Metric("dwell.zones.*.kind", "Kind", "of the zone, as in metrics.zones", (SITE, ZONES), "",
           "product, billing, entrance or staff-only"),
    Metric("dwell.zones.*.status", "Coverage", "as coverage.status, of the zone's cameras", (ZONES,), "",
           _STATUSES),
    Metric("dwell.zones.*.share", "Share", "as coverage.share, of the zone's cameras", (ZONES,), "share",
           "0 to 1 or null"),
)  # fmt: skip


def _purchase(path: str, name: str, formula: str, unit: str, values: str, caveats: str = "") -> Metric:
    return Metric(f"purchases.{path}", name, formula, (TILL_ZONE, TILL), unit, values, WINDOW, caveats)


PURCHASES = (
    _purchase("till_offset_s", "Till clock offset", "as metrics.till_offset_s", "seconds", "any number"),
    _purchase("transactions", "Transactions", "as metrics.transactions", "sales", "0 or more"),
    _purchase("matched", "Matched", "sales of the window that found a buyer", "sales", "0 or more"),
    _purchase("visits_at_till", "Visits at the till", "stays at the till in the window that could have "
              "bought, those of a party together as one", "stays", "0 or more"),
    _purchase("matches.[].transaction_id", "Transaction", "the sale", "", "text"),
    _purchase("matches.[].timestamp", "Sale at", "its time by the cameras' clock", "UTC time", "ISO-8601"),
    _purchase("matches.[].visitor_id", "Buyer", "the visitor; of a party the member who left nearest to the "
              "sale", "", "visitor id"),
    _purchase("matches.[].party.[]", "Party", "all members of the buyer's party whom the day saw", "",
              "visitor ids, empty for who came alone"),
    _purchase("matches.[].left_at", "Left the till at", "when the buyer left the billing zone", "UTC time",
              "ISO-8601, null where a person named the buyer"),
    _purchase("matches.[].gap_s", "Gap", "seconds between leaving the till and the sale", "seconds",
              "0 or more, null where a person named the buyer"),
    _purchase("matches.[].margin_s", "Margin", "what the whole assignment would cost more if these two were "
              "no pair: near 0 where somebody else fits as well", "seconds",
              "0 to 300, null where a person named the buyer", "of the assignment, not a probability"),
    _purchase("matches.[].decided_by", "Decided by", "the assignment or a person's word", "",
              "assignment or person"),
    _purchase("unmatched.[].transaction_id", "Sale without a buyer", "a sale that nobody at the till fits",
              "", "text"),
    _purchase("unmatched.[].timestamp", "Its time", "by the cameras' clock", "UTC time", "ISO-8601"),
)  # fmt: skip
