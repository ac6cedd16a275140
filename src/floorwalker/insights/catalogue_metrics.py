"""The catalogue of `GET /stores/{id}/metrics`."""

from __future__ import annotations

from floorwalker.insights.catalogue_entry import DOOR, SITE, TILL, TILL_ZONE, WINDOW, ZONES, Metric

_COUNT = "0 or more"
_OR_NULL = "0 or more, or null where no camera watched"
_UP_TO_NOW = "as of the window's end or the data's"


def _m(
    path: str,
    name: str,
    formula: str,
    source: tuple[str, ...],
    unit: str,
    values: str,
    caveats: str = "",
) -> Metric:
    return Metric(f"metrics.{path}", name, formula, source, unit, values, WINDOW, caveats)


_VISITORS = (
    _m("unique_visitors", "Unique visitors",
       "distinct visitors, not staff, with an ENTRY or REENTRY in the window; basis sightings: seen at all",
       (DOOR,), "people", _OR_NULL, "never a sum of the uniques of parts of the window"),
    _m("visits", "Visits", "visitors by local day: who comes on two days of the window has two visits; a "
       "REENTRY or a second ENTRY of a day continues the visit", (DOOR,), "visits", _OR_NULL),
    _m("entries", "Entries", "customers' ENTRY events before which their visit has no door event", (DOOR,),
       "crossings", _OR_NULL),
    _m("exits", "Exits", "customers' EXIT events", (DOOR,), "crossings", _OR_NULL),
    _m("reentries", "Re-entries", "customers' REENTRY events, and each ENTRY after a door event of the same "
       "person", (DOOR,), "crossings", _OR_NULL),
    _m("occupancy", "Inside now", "customers inside at as_of: ways in less ways out since the local day's "
       "start, never under 0; who comes in again unseen to leave counts once", (DOOR,), "people", _OR_NULL,
       "missed exits add up over a day: see occupancy_unseen"),
    _m("occupancy_unseen", "Inside, unseen for an hour", "those of occupancy whom no camera saw for an hour: "
       "most likely their exit was missed", (DOOR,), "people", _OR_NULL),
    _m("groups", "Groups", "distinct group ids (metadata.group_id) among the visits that count, by day",
       (DOOR,), "groups", _OR_NULL, "0 where the feed does not tell of groups"),
    _m("parties", "Parties", "people alone and groups, each once: who can buy", (DOOR,), "parties", _OR_NULL),
    _m("peak_hour.from", "Peak hour from", "the hour of the store's clock with most entries and re-entries, "
       "the earliest of equals; peak_hour is null where nobody came", (DOOR,), "UTC time", "ISO-8601"),
    _m("peak_hour.to", "Peak hour to", "an hour later", (DOOR,), "UTC time", "ISO-8601"),
    _m("peak_hour.ways_in", "Peak hour, ways in", "entries and re-entries in it", (DOOR,), "crossings",
       "1 or more"),
    _m("peak_hour.n", "Peak hour, n", "entries and re-entries in the window", (DOOR,), "crossings",
       "1 or more"),
)  # fmt: skip

_CONVERSION = (
    _m("conversion_rate", "Conversion (near a sale)", "visitors, not staff, in a billing zone at any moment "
       "of the 5 minutes before a sale ÷ unique_visitors, held at 1", (DOOR, TILL_ZONE, TILL), "share",
       "0 to 1, or null where no camera watched", "an upper figure: one sale converts everybody who stood "
       "near the till; 0 without visitors"),
    _m("conversion_matched", "Conversion (matched)", "parties to whom a sale was assigned one to one ÷ "
       "parties, held at 1", (DOOR, TILL_ZONE, TILL), "share", "0 to 1, or null where no camera watched",
       "a group is one buyer, above and below the line; 0 without visitors"),
    _m("matched_buyers", "Matched buyers", "parties to whom a sale of the window was assigned",
       (DOOR, TILL_ZONE, TILL), "parties", _OR_NULL),
    _m("transactions_per_visitor", "Transactions per visitor", "transactions ÷ unique_visitors",
       (DOOR, TILL), "transactions a visitor", _OR_NULL, "no share: it can exceed 1"),
    _m("transactions", "Transactions", "sales in the window; returns are none", (TILL,), "sales", _COUNT),
    _m("revenue", "Revenue", "sum of the sales in the main currency; returns are in neither", (TILL,),
       "currency", "decimal as text"),
    _m("currency", "Currency", "the site file's where any sale of the days is in it or none is known, else "
       "that of most sales", (SITE, TILL), "", "ISO 4217 code or null"),
    _m("revenue_other.*", "Revenue, other", "sum of the sales in each other currency, by its code", (TILL,),
       "that currency", "decimal as text", "never converted, nor added to anything"),
    _m("till_offset_s", "Till clock offset", "by how much the till's clock is taken to be ahead of the "
       "cameras'; 0 unless a person applied an estimate", (TILL,), "seconds", "any number"),
    _m("intervals.*.low", "Interval, low", "lower end of the 95 % Wilson score interval of a rate", (DOOR,
       TILL_ZONE, TILL), "share", "0 to 1, null where n is 0", "of chance only, not of cameras' mistakes"),
    _m("intervals.*.high", "Interval, high", "upper end of it", (DOOR, TILL_ZONE, TILL), "share",
       "0 to 1, null where n is 0"),
    _m("intervals.*.n", "Interval, n", "the rate's denominator", (DOOR, TILL_ZONE), "people or visits",
       _COUNT),
)  # fmt: skip

_ZONES = (
    _m("avg_dwell_ms", "Average stay in a zone", "mean of customers' complete stays that ended in the "
       "window, all zones", (ZONES,), "milliseconds", _OR_NULL, "a stay is complete with its ZONE_EXIT; 0 "
       "without stays"),
    _m("completed_stays", "Completed stays", "how many stays the mean is of", (ZONES,), "stays", _OR_NULL),
    _m("zones.*.kind", "Zone's kind", "of the site file; else billing by its queue events or name, "
       "staff-only where only staff was seen, else product", (SITE, ZONES), "",
       "product, billing, entrance or staff-only"),
    _m("zones.*.avg_dwell_ms", "Zone, average stay", "mean of the zone's complete stays", (ZONES,),
       "milliseconds", _OR_NULL),
    _m("zones.*.completed_stays", "Zone, stays", "how many stays the mean is of", (ZONES,), "stays",
       _OR_NULL),
    _m("zones.*.status", "Zone, coverage", "as coverage.status, of the zone's cameras", (ZONES,), "",
       "complete, partial, unwatched, unknown or closed"),
    _m("zones.*.share", "Zone, share", "as coverage.share, of the zone's cameras", (ZONES,), "share",
       "0 to 1 or null"),
)  # fmt: skip

_QUEUE = (
    _m("queue_depth_current", "Queue now", "customers in billing zones at as_of; in one where nobody is "
       "ever seen leaving, at least the people ahead that its last join of the past 5 minutes told of",
       (TILL_ZONE,), "people", _OR_NULL),
    _m("queue_joins", "Queue joins", "visits whose first BILLING_QUEUE_JOIN lies in the window",
       (TILL_ZONE,), "visits", _OR_NULL),
    _m("queue_abandons", "Queue abandons", "those of them who left their last queue and did not buy from "
       "then on, nor anybody of their group", (TILL_ZONE, TILL), "visits", _OR_NULL),
    _m("abandonment_rate", "Left the queue", "queue_abandons ÷ queue_joins", (TILL_ZONE, TILL), "share",
       "0 to 1, or null where no camera watched", "0 without joins"),
    *(
        _m(f"{key}.{part}", f"{name}, {said}", formula + f": {said}", (TILL_ZONE,), unit, values, caveats)
        for key, name, formula in (
            ("queue_wait", "Queue wait", "time from coming to the till to being served, of customers who "
             "left the till in the window and had not given up"),
            ("queue_service", "Service at the till", "time from being served to leaving the till, of the "
             "same"),
        )
        for part, said, unit, values, caveats in (
            ("mean_ms", "mean", "milliseconds", "0 or more, null where unknowable", ""),
            ("median_ms", "median", "milliseconds", "0 or more, null where unknowable", ""),
            ("p90_ms", "90th percentile", "milliseconds", "0 or more, null where unknowable", ""),
            ("n", "how many", "customers or parties", _COUNT, ""),
            ("basis", "basis", "", "told, estimated or null", "estimated: one till that serves in order of "
             "arrival; with several tills it says too much waiting"),
        )
    ),
)  # fmt: skip

_STAFF = (
    _m("staff_excluded", "Staff excluded", "distinct staff seen in the window; they are in no other figure",
       (DOOR, ZONES), "people", _OR_NULL),
    _m("staff_hours", "Staff hours", "presence of staff from first sight to EXIT or last sight, each "
       "person's overlapping stretches once, summed over people", (DOOR, ZONES), "hours",
       "0 or more, null where no staff was seen", "only staff that cameras or people recognised"),
    _m("staffed_hours", "Staffed hours", "time in which at least one of staff was present", (DOOR, ZONES),
       "hours", "0 or more, null where no staff was seen"),
    _m("traffic_per_staff_hour", "Traffic per staff hour", "(entries + reentries) ÷ staff_hours",
       (DOOR, ZONES), "customers an hour", "0 or more, null without staff hours"),
    _m("warnings.[].code", "Warning, code", "what to mind before believing a figure; docs/metrics.md lists "
       "them", (DOOR, ZONES, TILL_ZONE, TILL, SITE), "", "text"),
    _m("warnings.[].message", "Warning, message", "the same for people", (DOOR, ZONES, TILL_ZONE, TILL, SITE),
       "", "text"),
)  # fmt: skip

METRICS = (*_VISITORS, *_CONVERSION, *_ZONES, *_QUEUE, *_STAFF)
