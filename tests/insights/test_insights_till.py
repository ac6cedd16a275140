from __future__ import annotations

from datetime import UTC, datetime

from floorwalker.insights.metrics import metrics
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

BASE_US = to_us(datetime(2026, 3, 3, 8, tzinfo=UTC))


def at_till(seen, visitor, start_s, end_s, *, joined=True, gave_up=False, group=None):
    events = [
        seen("ENTRY", start_s - 60, visitor, group=group),
        seen("ZONE_ENTER", start_s, visitor, "BILLING"),
    ]
    if joined:
        events.append(seen("BILLING_QUEUE_JOIN", start_s, visitor, "BILLING", depth=1))
    if gave_up:
        events.append(seen("BILLING_QUEUE_ABANDON", end_s, visitor, "BILLING"))
    events.append(seen("ZONE_EXIT", end_s, visitor, "BILLING", dwell_ms=round((end_s - start_s) * 1000)))
    return events


def figures(picture):
    found = metrics(picture)
    names = ("conversion_rate", "conversion_matched", "queue_joins", "queue_abandons")
    return tuple(found[name] for name in names)


def test_one_sale_has_one_buyer(picture, seen, sold):
    crowd = [e for n in range(10) for e in at_till(seen, f"v{n}", 100 + n, 200 + n)]
    shop = picture(crowd, [sold(205)])
    assert figures(shop)[:2] == (1.0, 0.1)
    assert "CONVERSION_EXCEEDS_TRANSACTIONS" in [w["code"] for w in metrics(shop)["warnings"]]
    # v5 left at the moment of the sale.
    assert [visitor for _, visitor in shop.outcome.purchased] == ["v5"]


def test_who_bought_has_not_abandoned(picture, seen, sold):
    shop = picture(at_till(seen, "a", 100, 200, gave_up=True), [sold(198)])
    assert figures(shop) == (1.0, 1.0, 1, 0)


def test_who_left_without_a_purchase_has_abandoned_as_far_as_the_till_reaches(picture, seen, sold):
    leaver, buyer = at_till(seen, "a", 100, 160), at_till(seen, "b", 90, 400)
    assert figures(picture(leaver + buyer, [sold(395)]))[2:] == (2, 1)
    # With no till row at or after the moment they left, what was observed stands.
    assert figures(picture(leaver + at_till(seen, "b", 50, 90), [sold(85)]))[2:] == (2, 0)
    assert figures(picture(leaver + buyer))[2:] == (2, 0)


def test_a_friend_of_who_paid_has_not_abandoned(picture, seen, sold):
    pair = at_till(seen, "a", 100, 200, group="g") + at_till(seen, "b", 101, 199, group="g", gave_up=True)
    assert figures(picture(pair, [sold(200), sold(900, 2)]))[2:] == (2, 0)


def test_a_sale_more_than_five_minutes_later_is_nobodys(picture, seen, sold):
    assert figures(picture(at_till(seen, "a", 100, 200), [sold(501)]))[:2] == (0.0, 0.0)
    assert figures(picture(at_till(seen, "a", 100, 200), [sold(500)]))[:2] == (1.0, 1.0)


def test_a_sale_before_they_came_is_not_theirs(picture, seen, sold):
    assert figures(picture(at_till(seen, "a", 100, 200), [sold(99)]))[:2] == (0.0, 0.0)


def test_a_return_is_no_sale(picture, seen, sold):
    assert figures(picture(at_till(seen, "a", 100, 200), [sold(190, kind="return")]))[:2] == (0.0, 0.0)


def test_a_step_out_of_the_line_does_not_buy_twice(picture, seen, sold):
    events = at_till(seen, "a", 100, 200) + at_till(seen, "a", 230, 300, joined=False)[1:]
    shop = picture(events, [sold(199), sold(299, 2)])
    assert len(shop.outcome.purchased) == 1


def test_a_persons_word_on_purchases_and_abandons_holds(picture, seen, sold):
    def say(subject, attribute, value):
        return Resolution(
            "S", subject, attribute, value, "person:asha", 1.0, datetime(2026, 3, 3, tzinfo=UTC)
        )

    events = at_till(seen, "a", 100, 200) + at_till(seen, "b", 400, 500)
    words = [say("a", Attribute.PURCHASED, ""), say("b", Attribute.ABANDONED, "true")]
    shop = picture(events, [sold(199)], words)
    assert not shop.outcome.purchased
    assert {visitor for _, visitor in shop.outcome.abandoned} >= {"b"}


def test_a_queue_nobody_saw_end_is_forgotten(picture, seen):
    events = [seen("ZONE_ENTER", 0, "a", "BILLING"), seen("ENTRY", 200, "b")]
    assert metrics(picture(events))["queue_depth_current"] == 1
    assert metrics(picture([*events, seen("ENTRY", 301, "c")]))["queue_depth_current"] == 0


def test_who_was_seen_to_give_up_is_the_last_to_have_bought(picture, seen, sold):
    buyer, leaver = at_till(seen, "b", 100, 230), at_till(seen, "a", 120, 200, gave_up=True)
    shop = picture(buyer + leaver, [sold(201)])
    assert [visitor for _, visitor in shop.outcome.purchased] == ["b"]


def test_who_still_stands_at_the_till_is_there(picture, seen, sold):
    events = [seen("ENTRY", 0), seen("ZONE_ENTER", 10, zone="BILLING"), seen("ENTRY", 40, "b")]
    assert figures(picture(events, [sold(39)]))[:2] == (0.5, 0.5)


def said(subject, attribute, value):
    return Resolution("S", subject, attribute, value, "person:asha", 1.0, datetime(2026, 3, 3, tzinfo=UTC))


def test_a_purchase_before_the_queue_says_nothing_of_it(picture, seen, sold):
    twice = at_till(seen, "a", 100, 200, joined=False) + at_till(seen, "a", 1000, 1100, gave_up=True)[1:]
    shop = picture(twice, [sold(199)])
    assert [visitor for _, visitor in shop.outcome.purchased] == ["a"]
    assert figures(shop)[2:] == (1, 1)
    friends = at_till(seen, "b", 100, 200, joined=False, group="g")
    friends += at_till(seen, "a", 1000, 1100, gave_up=True, group="g")
    assert figures(picture(friends, [sold(199)]))[2:] == (1, 1)


def test_joining_again_after_a_step_out_is_the_same_queue(picture, seen, sold):
    events = at_till(seen, "a", 100, 200) + at_till(seen, "a", 230, 300)[1:]
    assert figures(picture(events, [sold(215)]))[2:] == (1, 0)


def test_a_persons_word_that_somebody_gave_up_overrules_the_matcher(picture, seen, sold):
    events = at_till(seen, "a", 100, 200)
    shop = picture(events, [sold(199)], [said("a", Attribute.ABANDONED, "true")])
    assert (shop.outcome.purchased, figures(shop)[2:]) == ({}, (1, 1))
    # The sale goes to whoever else may have bought, and an earlier purchase stays.
    crowd = events + at_till(seen, "b", 90, 150)
    shop = picture(crowd, [sold(199)], [said("a", Attribute.ABANDONED, "true")])
    assert [visitor for _, visitor in shop.outcome.purchased] == ["b"]


def test_a_persons_word_that_somebody_did_not_give_up_holds(picture, seen, sold):
    events = at_till(seen, "a", 100, 200, gave_up=True)
    assert figures(picture(events, [], [said("a", Attribute.ABANDONED, "false")]))[2:] == (1, 0)


def test_the_sale_of_who_bought_nothing_goes_to_the_next_best(picture, seen, sold):
    crowd = at_till(seen, "a", 100, 200) + at_till(seen, "b", 90, 150)
    assert [visitor for _, visitor in picture(crowd, [sold(199)]).outcome.purchased] == ["a"]
    shop = picture(crowd, [sold(199)], [said("a", Attribute.PURCHASED, "")])
    assert [visitor for _, visitor in shop.outcome.purchased] == ["b"]
    assert [stay.visitor_id for stay in shop.outcome.pools[0][1]] == ["b"]
    # Of two who came together the other one may have paid.
    pair = at_till(seen, "a", 100, 200, group="g") + at_till(seen, "b", 100, 201, group="g")
    shop = picture(pair, [sold(200)], [said("a", Attribute.PURCHASED, "")])
    assert [visitor for _, visitor in shop.outcome.purchased] == ["b"]


def test_sales_of_a_day_on_which_nobody_was_seen_lie_beyond_the_cameras(picture, sold):
    found = {
        warning["code"]: warning["message"]
        for warning in metrics(picture([], [sold(0), sold(60)]))["warnings"]
    }
    assert found["TILL_BEYOND_CAMERAS"].startswith("2 of 2 sales")
    assert "TILL_BEYOND_CAMERAS" not in {warning["code"] for warning in metrics(picture([], []))["warnings"]}


def test_money_is_exact_and_of_one_currency(picture, seen):
    def pay(number, minor, currency):
        return Transaction("S", f"T{number}", BASE_US, minor, currency)

    huge = 2**53 + 1  # no float holds it
    found = metrics(picture([seen("ENTRY", 0)], [pay(1, huge, "EUR"), pay(2, 2, "EUR"), pay(3, 5, "USD")]))
    assert (found["revenue"], found["currency"], found["revenue_other"]) == (
        "90071992547409.95",
        "EUR",
        {"USD": "0.05"},
    )
    assert "SEVERAL_CURRENCIES" in [warning["code"] for warning in found["warnings"]]
    assert found["transactions"] == 3
