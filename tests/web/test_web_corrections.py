"""The page of corrections in a real browser: a person says what is wrong, and the day changes."""

from __future__ import annotations

import re
import uuid
from itertools import pairwise
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.events import Event, EventType
from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser
STORE = "STORE_BLR_002"
DAY = "2026-03-03"
HOSTILE = "<img src=x onerror=alert(1)>&amp;{{7*7}}"


def show(page: Any, served: Any, path: str = "") -> None:
    page.goto(f"{served.url}/ui/stores/{STORE}/corrections{path}")
    page.wait_for_selector("#live[data-state=live]")


def api(served: Any, name: str) -> Any:
    return httpx.get(f"{served.url}/stores/{STORE}/{name}", params={"day": DAY}).json()


def choose(page: Any, *names: str) -> None:
    for name in names:
        page.locator("tr", has=page.get_by_text(name, exact=True)).get_by_role("checkbox").check()


def two_at_once(served: Any) -> list[str]:
    """Two customers of whom one came in while the other was inside, straight after one another."""
    people = [each for each in api(served, "visitors")["visitors"] if not each["is_staff"]]
    for first, second in pairwise(people):
        if first["zones"] and second["zones"] and second["first_seen"] < first["last_seen"]:
            return [first["visitor_id"], second["visitor_id"]]
    raise AssertionError("the morning is busier than that")


def shown(page: Any, name: str) -> Any:
    return page.locator(f'[data-figure="metrics.{name}"]')


def test_a_person_marks_staff_and_takes_it_back(served: Any, page: Any) -> None:
    before = api(served, "metrics")
    chosen = two_at_once(served)[0]
    show(page, served)
    expect(shown(page, "unique_visitors")).to_have_text(str(before["unique_visitors"]))
    choose(page, chosen)
    page.get_by_role("button", name="Staff", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("say who corrects")  # nobody corrects without a name
    page.get_by_label("Your name").fill("asha")
    page.get_by_label("Why").fill("the cleaner")
    page.get_by_role("button", name="Staff", exact=True).click()
    expect(page.locator("#answer .notice.info")).to_contain_text("−1 visitor")
    expect(shown(page, "staff_excluded")).to_have_text(str(before["staff_excluded"] + 1))
    made = page.locator("#made > .made > li").first
    expect(made).to_contain_text(f"{chosen} is staff")
    expect(made).to_contain_text("“the cleaner”")
    expect(page.locator("#history li").first).to_contain_text(f"asha said: {chosen} is staff (the cleaner)")
    made.get_by_role("button", name="Undo").click()
    expect(shown(page, "unique_visitors")).to_have_text(str(before["unique_visitors"]))
    expect(made).to_contain_text("Undone by asha")
    assert api(served, "metrics")["staff_excluded"] == before["staff_excluded"]
    page.reload()
    expect(page.get_by_label("Your name")).to_have_value("asha")


def test_who_cannot_be_one_person_is_refused_with_the_reasons(served: Any, page: Any) -> None:
    before = api(served, "metrics")["unique_visitors"]
    pair = two_at_once(served)
    show(page, served)
    choose(page, *pair)
    page.get_by_label("Your name").fill("asha")
    page.get_by_role("button", name="One person", exact=True).click()
    expect(page.locator("#answer .notice.critical")).to_contain_text("neither went out between")
    assert api(served, "metrics")["unique_visitors"] == before
    page.get_by_role("button", name="They are one person all the same").click()
    expect(page.locator("#answer .notice.info")).to_contain_text("−1 visitor")
    expect(shown(page, "unique_visitors")).to_have_text(str(before - 1))
    # And one of the names is taken out again, from the list itself.
    page.get_by_role("button", name=f"{pair[1]} is somebody else").click()
    expect(shown(page, "unique_visitors")).to_have_text(str(before))


def test_what_others_correct_appears_and_takes_nothing_out_of_ones_hands(served: Any, page: Any) -> None:
    first, second = two_at_once(served)
    show(page, served)
    choose(page, first)
    page.get_by_label("Number of the sale").fill("T00")
    said = {"day": DAY, "by": "ben", "statements": [{"type": "staff", "visitor": second, "value": True}]}
    assert httpx.post(f"{served.url}/stores/{STORE}/corrections", json=said).status_code == 201
    expect(page.locator("#made > .made > li").first).to_contain_text(f"{second} is staff")
    expect(page.get_by_label("Number of the sale")).to_have_value("T00")
    expect(page.locator("#chosen")).to_have_text(f"Chosen: {first}")


@pytest.mark.parametrize("page", [360, 1280], indirect=True)
def test_names_are_text_and_nothing_scrolls_sideways(
    empty_warehouse: Warehouse, serving: Any, shop_site: Any, shop_opens: Any, page: Any
) -> None:
    empty_warehouse.register_site(shop_site())
    entry = Event(
        event_id=str(uuid.uuid4()),
        store_id=STORE,
        camera_id=HOSTILE,
        visitor_id=HOSTILE * 3,
        event_type=EventType.ZONE_ENTER,
        timestamp=shop_opens,
        zone_id=HOSTILE,
    )
    empty_warehouse.add_events([entry])
    served = serving(empty_warehouse)
    said = {
        "day": DAY,
        "by": HOSTILE,
        "note": HOSTILE * 5,
        "statements": [{"type": "staff", "visitor": HOSTILE * 3, "value": True}],
    }
    answer = httpx.post(f"{served.url}/stores/{STORE}/corrections", json=said)
    assert answer.status_code == 201, answer.text
    show(page, served)
    expect(page.locator("#made")).to_contain_text(HOSTILE)
    page.get_by_role("checkbox").first.check()
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) <= 0
    assert page.locator("img").count() == 0


def test_a_day_without_anybody_and_the_way_between_the_pages(served: Any, page: Any) -> None:
    show(page, served, "?day=2020-01-01")
    expect(page.locator("#people")).to_contain_text("Nobody was seen that day.")
    expect(page.locator("#history")).to_contain_text("Nothing was recorded of this day.")
    show(page, served, "?day=2026-03-02")
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url(re.compile(r"/ui/stores/STORE_BLR_002\?day=2026-03-02$"))
    page.wait_for_selector("#overview[data-refreshed]", state="attached")
    page.get_by_role("link", name="Corrections").click()
    page.wait_for_url(re.compile(r"/corrections\?day=2026-03-02$"))
