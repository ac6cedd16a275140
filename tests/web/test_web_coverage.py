"""A day on which cameras were down, in a browser: what was not watched is no zero."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.runs import Recording, Run

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
def test_what_was_not_watched_is_marked(
    chromium: Any, served: Any, shop_site: Any, shop_opens: Any, width: int
) -> None:
    site = shop_site("DARK", "Half dark")
    warehouse = served.warehouse
    warehouse.register_site(site)
    for camera, begin, minutes in (
        ("CAM_ENTRY_01", shop_opens, 60),
        ("CAM_FLOOR_01", shop_opens, 240),
        ("CAM_TILL_01", shop_opens - timedelta(days=1), 240),
    ):
        recording = Recording("DARK", camera, begin, minutes * 60.0, (camera * 9).encode().hex()[:64])
        warehouse.record_run(recording, Run(recording.recording_id, "0", "motion", "1" * 32), [])
    entry = {
        "event_id": "550e8400-e29b-41d4-a716-446655440009",
        "store_id": "DARK",
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_1",
        "event_type": "ENTRY",
        "timestamp": "2026-03-03T03:40:00Z",
    }
    assert httpx.post(f"{served.url}/events/ingest", json={"events": [entry]}).json()["inserted"] == 1
    share = httpx.get(f"{served.url}/stores/DARK/metrics").json()["coverage"]["figures"]["entries"]["share"]
    context = chromium.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/ui/stores/DARK")
    page.wait_for_selector("#overview[data-refreshed]", state="attached")
    expect(page.locator("#tile-visitors .figure")).to_have_text("1")
    expect(page.locator("#tile-visitors .badge")).to_have_text(f"partial: {round(share * 100, 1):g} %")
    expect(page.locator("#tile-queue .figure")).to_have_text("–")
    expect(page.locator("#tile-queue .badge")).to_have_text("not watched")
    expect(page.locator('g[data-zone="BILLING"]')).to_have_attribute(
        "aria-label", "BILLING: No camera watched"
    )
    assert "CAM_TILL_01" in page.locator("#notices").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(f"{served.url}/ui/catalogue#metrics.unique_visitors")
    expect(page.locator('li[id="metrics.unique_visitors"] h3')).to_have_text("Unique visitors")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()
