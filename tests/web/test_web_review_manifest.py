"""The manifest viewer in a real browser: what was matched, found by entry, person, camera and direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser


def test_an_entry_is_found_with_all_crossings_of_its_person(
    empty_warehouse: Warehouse, serving: Any, page: Any, review_day: Callable[..., Path]
) -> None:
    path = review_day()
    url = serving(empty_warehouse).url
    people = json.loads(path.read_text())["people"]
    file = httpx.post(f"{url}/review/files", json={"address": str(path)}, timeout=30).json()["file"]
    page.goto(f"{url}/review/manifest?file={file}")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#found")).to_have_text("1,250 persons, 5,000 entries")
    assert page.locator("#rows .row").count() < 60  # what is in sight, of 6,250 rows
    wanted = next(person for person in people if len(person["events"]) == 5)
    page.locator("#find").fill(wanted["events"][3]["entry_id"])
    expect(page.locator("#found")).to_have_text("1 person, 5 entries")
    shown = page.locator(".row.event").evaluate_all("rows => rows.map(row => row.dataset.entry)")
    assert shown == [event["entry_id"] for event in wanted["events"]]
    expect(page.locator(".row.event").first).to_contain_text("upper: jacket · lower: jeans 0.80, skirt 0.20")
    expect(page.locator(".row.event").nth(1)).to_contain_text(f"score {wanted['events'][1]['score']:.3f}")
    for image in page.locator(".strip img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    camera = wanted["events"][0]["camera"]
    page.locator("#camera").select_option(camera)
    kept = [event["entry_id"] for event in wanted["events"] if event["camera"] == camera]
    expect(page.locator(".row.event")).to_have_count(len(kept))
    page.locator("#find").fill("nobody is called so")
    expect(page.locator("#none")).to_have_text("Nothing is called so.")
    page.goto(f"{url}/review/manifest?file={file}&entry_id={wanted['events'][0]['entry_id']}")
    expect(page.locator("#found")).to_have_text("1 person, 5 entries")
    page.locator("#find").fill("")
    page.locator("#rows").focus()
    page.keyboard.press("End")  # the list is scrolled by the keyboard
    expect(page.locator(f".row[data-entry='{people[-1]['events'][-1]['entry_id']}']")).to_be_visible()


def test_a_store_day_is_shown_as_matched_and_by_the_whole_day(
    empty_warehouse: Warehouse, serving: Any, page: Any, review_day: Callable[..., Path]
) -> None:
    url = serving(empty_warehouse).url
    day = json.loads(review_day(40).read_text())
    with httpx.Client(base_url=url, timeout=30) as client:
        for person in day["people"]:
            for event in person["events"]:
                body = {name: value for name, value in event.items() if name not in ("score", "score2")}
                answer = client.post("/match", json={**body, "day_id": "2026-03-02", "store_id": "nc0009"})
                assert answer.status_code == 200, answer.text
        query = "day_id=2026-03-02&store_id=nc0009"
        counts = {
            mode: client.get(f"/manifest?{query}&mode={mode}&embeddings=false").json()["person_count"]
            for mode in ("matched", "global")
        }
    page.goto(f"{url}/review/manifest")
    page.get_by_label("Store", exact=True).fill("nc0009")
    page.get_by_label("Day", exact=True).fill("2026-03-02")
    page.get_by_role("button", name="Open").first.click()
    expect(page.locator("#found")).to_have_text(f"{counts['matched']} persons, 40 entries")
    page.locator("#mode").select_option("global")
    expect(page.locator("#found")).to_have_text(f"{counts['global']} persons, 40 entries")
