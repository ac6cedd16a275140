"""What a page says beside a figure, so that nobody takes it for more than it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from floorwalker.events import Event, EventType
from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser
STORE = "STORE_BLR_002"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 900}


@pytest.fixture
def open_page(chromium: Any) -> Any:
    """Opens a page of the server and waits until it is filled."""
    contexts = []

    def open_at(url: str, size: dict[str, int] = WIDE) -> Any:
        contexts.append(chromium.new_context(viewport=size))
        page = contexts[-1].new_page()
        page.goto(url)
        page.wait_for_selector("[data-refreshed]", state="attached")
        return page

    yield open_at
    for context in contexts:
        context.close()


def sightings(opens: Any) -> list[Event]:
    """Three come in at the opening and look around; the last thing seen is four hours later."""
    lines = [("ENTRY", f"VIS_{n}", 10 + n, None) for n in range(3)]
    lines += [("ZONE_ENTER", "VIS_0", 60, "SHELF"), ("ZONE_EXIT", "VIS_0", 90, "SHELF")]
    lines += [("ZONE_ENTER", "VIS_1", 60, "BILLING"), ("ZONE_EXIT", "VIS_1", 90, "BILLING")]
    lines += [("ENTRY", "VIS_late", 3 * 3600, None)]
    return [
        Event(
            event_id=f"550e8400-e29b-41d4-a716-{number:012d}", store_id="BARE", visitor_id=who,
            camera_id="C1" if zone else "DOOR", event_type=EventType(kind), zone_id=zone, confidence=0.9,
            timestamp=opens + timedelta(seconds=at),
        )
        for number, (kind, who, at, zone) in enumerate(lines)
    ]  # fmt: skip


@pytest.fixture
def bare(empty_warehouse: Warehouse, serving: Any, shop_opens: Any) -> Any:
    """A store without site file and without sales, loaded from a recording."""
    empty_warehouse.add_events(sightings(shop_opens), live=False)
    return serving(empty_warehouse)


def test_a_store_of_recordings_without_a_till(bare: Any, open_page: Any) -> None:
    page = open_page(f"{bare.url}/ui/stores/BARE")
    page.wait_for_selector("#live[data-state=live]")
    expect(page.locator("#live")).to_have_text("recording")
    assert page.locator("#live").get_attribute("data-source") == "recording"
    conversion = page.locator("#tile-conversion .meaning")
    expect(conversion).to_contain_text("no till data")
    assert "95 %" not in conversion.inner_text()
    inside = page.locator("#tile-inside")
    expect(inside.locator('[data-figure="metrics.occupancy"]')).to_have_text("4")
    expect(inside.locator('[data-figure="metrics.occupancy_unseen"]')).to_have_text("3")


def test_zones_without_a_plan_have_kinds_and_columns_apart(bare: Any, open_page: Any) -> None:
    page = open_page(f"{bare.url}/ui/stores/BARE")
    table = page.locator("#plan table")
    rows = table.locator("tbody tr").evaluate_all("all => all.map(r => [...r.cells].map(c => c.innerText))")
    assert {row[0]: row[1] for row in rows} == {"SHELF": "Product", "BILLING": "Billing"}
    gaps = table.evaluate(
        """table => [...table.rows].flatMap(row => [...row.cells].slice(1).map((cell, index) => {
             const span = (node) => { const r = document.createRange(); r.selectNodeContents(node);
                                      return r.getBoundingClientRect(); };
             return span(cell).left - span(row.cells[index]).right; }))"""
    )
    assert min(gaps) >= 8


def test_only_now_is_called_live(served: Any, open_page: Any, shop_opens: Any) -> None:
    event = Event(
        event_id="550e8400-e29b-41d4-a716-446655440077", store_id=STORE, visitor_id="VIS_now",
        camera_id="CAM_ENTRY_01", event_type=EventType.ENTRY, confidence=0.9,
        timestamp=shop_opens + timedelta(hours=3, minutes=41, seconds=55),
    )  # fmt: skip
    served.warehouse.add_events([event])
    page = open_page(f"{served.url}/ui/stores/{STORE}")
    expect(page.locator("#live")).to_have_text("live")
    page.locator("#earlier").click()
    expect(page.locator("#live")).to_have_text("earlier day")


@pytest.mark.parametrize("day", ["2026-99-99", "2026-02-30", "0001-01-01", "x"])
def test_an_address_with_no_day_says_so_and_shows_the_latest(
    displayed: Any, open_page: Any, day: str
) -> None:
    for address in (f"/ui/stores/{STORE}", f"/ui/stores/{STORE}/corrections"):
        page = open_page(f"{displayed.url}{address}?day={day}")
        expect(page.locator("#notices")).to_contain_text(f"There is no day “{day}”")
        expect(page.locator("#day-name")).to_contain_text("3 March 2026")
        assert page.locator("#tile-visitors .figure").inner_text() not in ("–", "")
        assert page.locator("#notices .critical").count() == 0
        page.locator("#earlier").click()
        expect(page.locator("#day-name")).to_contain_text("2 March 2026")
        expect(page.locator("#notices")).not_to_contain_text("There is no day")


def test_people_fit_a_narrow_page(displayed: Any, open_page: Any) -> None:
    page = open_page(f"{displayed.url}/ui/stores/{STORE}/corrections", NARROW)
    people = page.locator(".people")
    assert people.evaluate("e => e.scrollWidth <= e.clientWidth")
    row = people.locator("tbody tr").filter(has_text="staff").first
    box = people.bounding_box()
    for part in row.locator("th, td").all():
        mine = part.bounding_box()
        assert mine is None or mine["x"] + mine["width"] <= box["x"] + box["width"] + 0.5
    assert (
        row.locator("td").first.evaluate("e => getComputedStyle(e, '::before').content").count("First seen")
    )


def test_a_change_too_small_to_show_is_not_shown(displayed: Any, open_page: Any) -> None:
    page = open_page(f"{displayed.url}/ui/stores/{STORE}/corrections")
    said = page.evaluate(
        """async (changed) => {
             const links = [...document.querySelectorAll('link[rel=modulepreload]')].map(link => link.href);
             const words = await import(links.find(href => href.endsWith('corrections/words.js')));
             return [words.changes(changed), words.unchanged(changed), words.unchanged({})]; }""",
        {"avg_dwell_ms": {"before": 24100, "after": 24200}},
    )
    assert said == [[], "figures changed by less than is shown", "no figure changed"]
