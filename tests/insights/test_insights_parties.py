"""A party is one buyer, and each purchase says how sure it is."""

from __future__ import annotations

from datetime import UTC, datetime

from floorwalker.insights.answers import answer_purchases
from floorwalker.insights.funnel import funnel
from floorwalker.insights.metrics import metrics
from floorwalker.insights.parties import parties_of
from floorwalker.resolutions import Attribute, Resolution


def at_till(seen, visitor, start_s, end_s, group=None):
    return [
        seen("ENTRY", start_s - 60, visitor, group=group),
        seen("ZONE_ENTER", start_s, visitor, "BILLING"),
        seen("ZONE_EXIT", end_s, visitor, "BILLING", dwell_ms=round((end_s - start_s) * 1000)),
    ]


def family(seen, size=3):
    return [event for n in range(size) for event in at_till(seen, f"f{n}", 100 + n, 200 + n, "family")]


def test_a_group_is_one_buyer_above_and_below_the_line(picture, seen, sold):
    shop = picture([*family(seen), seen("ENTRY", 10, "alone")], [sold(201)])
    found = metrics(shop)
    assert (found["parties"], found["matched_buyers"], found["conversion_matched"]) == (2, 1, 0.5)
    assert found["conversion_rate"] == 0.75  # the contract's rule knows no groups
    assert found["transactions_per_visitor"] == 0.25
    assert found["intervals"]["conversion_matched"]["n"] == 2
    assert funnel(shop)["purchased"] == 1


def test_companions_do_not_take_the_next_persons_sale(picture, seen, sold):
    # The family pays at 201; the sale at 215 is of the stranger who leaves at 240.
    events = family(seen) + at_till(seen, "stranger", 150, 240)
    found = answer_purchases(picture(events, [sold(201), sold(215, 2)]))
    assert [(match["visitor_id"], match["party"]) for match in found["matches"]] == [
        ("f1", ["f0", "f1", "f2"]),
        ("stranger", []),
    ]


def test_a_chain_of_groups_is_one_party(picture, seen):
    events = [seen("ENTRY", 0, "a", group="g"), seen("ENTRY", 1, "b", group="g")]
    events += [seen("ENTRY", 2, "b", group="h"), seen("ENTRY", 3, "c", group="h"), seen("ENTRY", 4, "d")]
    assert parties_of(picture(events).visits) == {"a": "a", "b": "a", "c": "a"}


def test_purchases_say_how_sure_they_are(picture, seen, sold):
    events = at_till(seen, "a", 100, 198) + at_till(seen, "b", 100, 188) + at_till(seen, "c", 900, 1000)
    found = answer_purchases(picture(events, [sold(200), sold(995, 2), sold(4000, 3)]))
    first, second = found["matches"]
    assert (first["visitor_id"], first["gap_s"], first["margin_s"]) == ("a", 2.0, 10.0)
    assert (second["visitor_id"], second["gap_s"], second["margin_s"]) == ("c", 5.0, 295.0)
    assert first["left_at"] == "2026-03-03T08:03:18Z"
    assert (found["transactions"], found["matched"], found["visits_at_till"]) == (3, 2, 3)
    assert [sale["timestamp"] for sale in found["unmatched"]] == ["2026-03-03T09:06:40Z"]


def test_a_sale_that_a_person_gave_to_somebody_is_theirs(picture, seen, sold):
    events = at_till(seen, "a", 100, 198) + at_till(seen, "b", 100, 150)
    sale = sold(200)
    word = Resolution(
        "S",
        "b",
        Attribute.PURCHASED,
        sale.transaction_id,
        "person:asha",
        1.0,
        datetime(2026, 3, 3, tzinfo=UTC),
    )
    found = answer_purchases(picture(events, [sale], [word]))
    (match,) = found["matches"]
    assert (match["visitor_id"], match["decided_by"], match["margin_s"]) == ("b", "person", None)


def test_the_three_conversions_are_three(picture, seen, sold):
    crowd = [event for n in range(10) for event in at_till(seen, f"v{n}", 100 + n, 200 + n)]
    found = metrics(picture(crowd, [sold(205), sold(206, 2)]))
    three = ("conversion_rate", "conversion_matched", "transactions_per_visitor")
    assert [found[name] for name in three] == [1.0, 0.2, 0.2]
    (message,) = [w["message"] for w in found["warnings"] if w["code"] == "CONVERSION_EXCEEDS_TRANSACTIONS"]
    assert "conversion_matched" in message
    assert found["intervals"]["conversion_matched"] == {"low": 0.0567, "high": 0.5098, "n": 10}


def test_the_example_of_the_docs(picture, seen, sold):
    """docs/metrics.md, "Three conversions"."""
    stays = (
        ("anna", 400, 480, "g"),
        ("ben", 402, 482, "g"),
        ("carl", 440, 540, None),
        ("dora", 445, 600, None),
    )
    events = [event for name, *rest in stays for event in at_till(seen, name, *rest)]
    shop = picture([*events, seen("ENTRY", 700, "emil")], [sold(475), sold(530, 2)])
    found = metrics(shop)
    three = ("conversion_rate", "conversion_matched", "transactions_per_visitor")
    assert [found[name] for name in three] == [0.8, 0.5, 0.4]
    assert found["intervals"]["conversion_matched"] == {"low": 0.15, "high": 0.85, "n": 4}
    assert (found["queue_wait"]["mean_ms"], found["queue_wait"]["n"]) == (45_667, 3)
    matches = answer_purchases(shop)["matches"]
    assert [(m["visitor_id"], m["gap_s"], m["margin_s"]) for m in matches] == [
        ("anna", 5.0, 96.0),
        ("carl", 10.0, 60.0),
    ]
