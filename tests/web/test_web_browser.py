"""The pages in a real browser, on a real server: what is shown is what the API says, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser
STORE = "STORE_BLR_002"
WAIT_MS = 15_000
HOSTILE_ZONE = "<img src=x onerror=alert(1)>&amp;{{7*7}}"


@dataclass
class Watched:
    """A page and all that it did.

    Attributes:
        page: the browser's page.
        requests: addresses asked for.
        faults: messages on the console, script errors, failed requests, dialogs.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, url: str, path: str) -> None:
        self.page.goto(url + path)
        self.page.wait_for_selector("#overview[data-refreshed]", state="attached")

    def settle(self) -> None:
        """Wait until both charts are drawn and the stream is live."""
        self.page.wait_for_selector("#live[data-state=live]")
        expect(self.page.locator("#traffic-chart .main-svg").first).to_be_visible()
        expect(self.page.locator("#funnel-chart .main-svg").first).to_be_visible()

    def expect_figure(self, name: str, text: str) -> None:
        expect(self.page.locator(f'[data-figure="{name}"]').first).to_have_text(text, timeout=WAIT_MS)

    def figure(self, name: str) -> str:
        return str(self.page.locator(f'[data-figure="{name}"]').first.inner_text())


@pytest.fixture
def watched(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Watched]:
    width = getattr(request, "param", 1280)
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
    seen = Watched(context.new_page())
    page = seen.page
    page.set_default_timeout(20_000)
    page.on("request", lambda asked: seen.requests.append(asked.url))
    page.on("requestfailed", lambda asked: seen.faults.append(f"failed: {asked.url}"))
    page.on(
        "console", lambda said: seen.faults.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("dialog", lambda dialog: (seen.faults.append("dialog"), dialog.dismiss()))
    yield seen
    context.close()


def rounded(value: float) -> str:
    text = f"{Decimal(repr(value)).quantize(Decimal('0.1'), ROUND_HALF_UP):,}"
    return text.removesuffix(".0")


def percent(value: float) -> str:
    return f"{rounded(round(value * 100, 9))} %"


def duration(ms: float) -> str:
    seconds = int(Decimal(repr(ms / 1000)).quantize(Decimal(1), ROUND_HALF_UP))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{round(seconds / 60) // 60} h {round(seconds / 60) % 60:02d} min"


def as_people_read(name: str, value: Any) -> str:
    """What the page should say, written independently of its scripts."""
    last = name.rsplit(".", 1)[-1]
    if last == "transactions":
        return f"{rounded(value)} sale{'' if value == 1 else 's'}"
    if last.endswith("_ms"):
        return duration(value)
    if last.endswith("_rate") or last in ("conversion_matched", "low", "high", "share"):
        return percent(value)
    if "drop_off_pct" in name:
        return percent(value / 100)
    return value if isinstance(value, str) else rounded(value)


def look_up(answers: dict[str, Any], name: str) -> Any:
    value: Any = answers
    for part in name.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def ask(url: str, day: str | None = None) -> dict[str, Any]:
    query = {"day": day} if day else {}
    return {
        part: httpx.get(f"{url}/stores/{STORE}/{part}", params=query).json()
        for part in ("metrics", "funnel", "heatmap", "traffic", "anomalies")
    }


def compare_all_figures(page: Any, answers: dict[str, Any]) -> set[str]:
    shown = page.evaluate(
        "[...document.querySelectorAll('[data-figure]')].map(e => [e.dataset.figure, e.textContent])"
    )
    for name, text in shown:
        assert text == as_people_read(name, look_up(answers, name)), name
    return {name for name, _ in shown}


def test_every_figure_is_the_apis(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    answers = ask(displayed.url)
    names = compare_all_figures(watched.page, answers)
    expected = {f"metrics.{name}" for name in TILES} | {f"funnel.{step}" for step in FUNNEL}
    expected |= {f"heatmap.{zone}.{part}" for zone in answers["heatmap"] for part in HEAT}
    expected |= {f"traffic.buckets.{i}.entries" for i in range(len(answers["traffic"]["buckets"]))}
    assert expected <= names
    assert answers["metrics"]["unique_visitors"] > 50
    assert answers["metrics"]["occupancy"] > 0


TILES = (
    "unique_visitors",
    "conversion_rate",
    "conversion_matched",
    "transactions",
    "queue_depth_current",
    "occupancy",
    "abandonment_rate",
    "avg_dwell_ms",
    "staff_excluded",
    "entries",
    "exits",
    "reentries",
)
FUNNEL = ("entry", "zone_visit", "billing_queue", "purchased")
HEAT = ("frequency", "avg_dwell_ms", "normalized", "data_confidence")


def test_plan_anomalies_and_warnings_are_shown(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    answers = ask(displayed.url)
    zones = watched.page.locator(".plan g[data-zone]")
    assert sorted(zones.evaluate_all("all => all.map(g => g.dataset.zone)")) == sorted(answers["heatmap"])
    skincare = watched.page.locator('.plan g[data-zone="SKINCARE"]').get_attribute("aria-label")
    assert f"{answers['heatmap']['SKINCARE']['frequency']} visits" in skincare
    hatched = watched.page.locator('.plan g[data-zone="HAIRCARE"] polygon[fill="url(#hatching)"]')
    assert hatched.count() == (answers["heatmap"]["HAIRCARE"]["data_confidence"] == "low")
    found = watched.page.locator(".attention li").evaluate_all("all => all.map(li => li.dataset.type)")
    assert found == [anomaly["type"] for anomaly in answers["anomalies"]]
    assert "BILLING_QUEUE_SPIKE" in found
    for anomaly in answers["anomalies"]:
        assert anomaly["suggested_action"] in watched.page.locator(".attention").inner_text()
    assert answers["metrics"]["warnings"]
    for warning in answers["metrics"]["warnings"]:
        assert warning["message"] in watched.page.locator("#notices").inner_text()


def test_nothing_leaves_the_server_and_nothing_fails(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    watched.page.locator("#theme").click()
    watched.page.locator("#funnel-chart").hover()
    watched.page.wait_for_timeout(300)
    assert len(watched.requests) > 10
    foreign = [asked for asked in watched.requests if not asked.startswith((displayed.url, "data:", "blob:"))]
    assert foreign == []
    assert watched.faults == []


@pytest.mark.parametrize("watched", [360, 1280], indirect=True)
def test_no_scrolling_sideways(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    watched.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert watched.page.evaluate(fits)
    outside = watched.page.evaluate(
        """[...document.querySelectorAll('main *')]
           .filter(e => !e.closest('.scroll, .chart, .visually-hidden'))
           .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
           .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert outside == []
    watched.page.set_viewport_size({"width": 420, "height": 900})
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate(fits)


def test_a_new_event_changes_the_page(watched: Watched, served: Any) -> None:
    watched.open(served.url, f"/ui/stores/{STORE}")
    watched.settle()
    before = int(watched.figure("metrics.unique_visitors"))
    event = {
        "event_id": "550e8400-e29b-41d4-a716-446655440000",
        "store_id": STORE,
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_new",
        "event_type": "ENTRY",
        "timestamp": "2026-03-03T07:11:50Z",
    }
    answer = httpx.post(f"{served.url}/events/ingest", json={"events": [event]})
    assert answer.json()["inserted"] == 1
    watched.expect_figure("metrics.unique_visitors", str(before + 1))
    compare_all_figures(watched.page, ask(served.url))


def test_another_day_can_be_chosen(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    today = watched.figure("metrics.unique_visitors")
    watched.page.locator("#earlier").click()
    expect(watched.page.locator("#day-name")).to_contain_text("2 March")
    assert watched.page.url.endswith("?day=2026-03-02")
    compare_all_figures(watched.page, ask(displayed.url, "2026-03-02"))
    assert watched.figure("metrics.unique_visitors") != today
    watched.page.locator("#day").select_option("2026-03-03")
    expect(watched.page.locator("#day-name")).to_contain_text("3 March")
    assert watched.figure("metrics.unique_visitors") == today
    assert "day=" not in watched.page.url


def test_connection_lost_is_said_and_mended(watched: Watched, served: Any) -> None:
    watched.open(served.url, f"/ui/stores/{STORE}")
    watched.settle()
    visitors = watched.figure("metrics.unique_visitors")
    served.stop()
    watched.page.wait_for_selector("#live[data-state=lost]")
    assert "connection lost" in watched.page.locator("#live").inner_text()
    assert "out of date" in watched.page.locator("#notices").inner_text()
    assert watched.figure("metrics.unique_visitors") == visitors
    served.start_again()
    watched.page.wait_for_selector("#live[data-state=live]")
    expect(watched.page.locator("#notices .critical")).to_have_count(0)


def test_one_broken_part_leaves_the_others(watched: Watched, displayed: Any) -> None:
    broken = {
        "error": {"code": "database_away", "message": "it is locked", "trace_id": "T-42", "details": None}
    }
    watched.page.route("**/heatmap*", lambda route: route.fulfill(status=503, body=json.dumps(broken)))
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    notice = watched.page.locator("#notices .critical").inner_text()
    assert "it is locked" in notice
    assert "T-42" in notice
    assert watched.figure("metrics.unique_visitors") == str(ask(displayed.url)["metrics"]["unique_visitors"])


def test_empty_store(watched: Watched, served: Any, shop_site: Any) -> None:
    served.warehouse.register_site(shop_site("EMPTY", "New shop"))
    watched.open(served.url, "/ui/stores/EMPTY")
    assert "No events of this store yet" in watched.page.locator("#notices").inner_text()
    assert watched.figure("metrics.unique_visitors") == "0"
    assert watched.figure("metrics.conversion_rate") == "0 %"
    assert watched.page.locator(".nothing").count() >= 3
    assert watched.faults == []
    event = {
        "event_id": "550e8400-e29b-41d4-a716-446655440001",
        "store_id": "EMPTY",
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_first",
        "event_type": "ENTRY",
        "timestamp": "2026-03-03T07:11:50Z",
    }
    httpx.post(f"{served.url}/events/ingest", json={"events": [event]})
    watched.expect_figure("metrics.unique_visitors", "1")
    expect(watched.page.locator("#notices")).not_to_contain_text("No events")


def test_unknown_store_is_a_page(watched: Watched, displayed: Any) -> None:
    answer = watched.page.goto(f"{displayed.url}/ui/stores/NOWHERE")
    assert answer.status == 404
    assert "No such store" in watched.page.locator("h1").inner_text()
    watched.page.get_by_role("link", name="Brigade Road").click()
    watched.page.wait_for_selector("#overview[data-refreshed]", state="attached")


def test_hostile_names_stay_text(
    watched: Watched, empty_warehouse: Warehouse, serving: Any, shop_site: Any, shop_opens: Any
) -> None:
    name = "</h1><script>alert(1)</script>" + "W" * 120
    empty_warehouse.register_site(shop_site(STORE, name))
    running = serving(empty_warehouse)
    event = {
        "event_id": "550e8400-e29b-41d4-a716-446655440002",
        "store_id": STORE,
        "camera_id": "<svg onload=alert(2)>" + "C" * 100,
        "visitor_id": "VIS_x",
        "event_type": "ZONE_ENTER",
        "zone_id": HOSTILE_ZONE,
        "timestamp": (shop_opens + timedelta(minutes=10)).isoformat(),
    }
    assert httpx.post(f"{running.url}/events/ingest", json={"events": [event]}).json()["inserted"] == 1
    watched.open(running.url, f"/ui/stores/{STORE}")
    assert watched.page.locator("h1").inner_text() == name
    table = watched.page.locator("#plan table")
    assert HOSTILE_ZONE in table.evaluate("t => t.textContent")
    assert watched.page.locator("main img").count() == 0
    watched.page.set_viewport_size({"width": 360, "height": 800})
    watched.page.wait_for_timeout(300)
    assert watched.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert watched.faults == []


def test_theme_can_be_chosen_and_is_kept(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    ground = "getComputedStyle(document.body).backgroundColor"
    light = watched.page.evaluate(ground)
    bar = "getComputedStyle(document.querySelector('#traffic-chart .point path')).fill"
    light_bar = watched.page.evaluate(bar)
    for _ in range(2):
        watched.page.locator("#theme").click()
    assert watched.page.locator("#theme").inner_text() == "Theme: dark"
    assert watched.page.evaluate(ground) != light
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate(bar) != light_bar
    watched.page.reload()
    assert watched.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_keyboard_reaches_everything(watched: Watched, displayed: Any) -> None:
    watched.open(displayed.url, f"/ui/stores/{STORE}")
    watched.settle()
    reached = []
    for _ in range(30):
        watched.page.keyboard.press("Tab")
        reached.append(
            watched.page.evaluate(
                "(e => e.id || e.dataset.zone || e.className.baseVal || e.className || e.tagName)"
                "(document.activeElement)"
            )
        )
    assert reached[0] == "skip"
    assert {"theme", "earlier", "day", "SKINCARE", "BILLING", "SUMMARY"} <= set(reached)
    unnamed = watched.page.evaluate(
        """[...document.querySelectorAll('button, select, a[href], [role=img], [role=region]')].filter(e => !(
           e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert unnamed == []
    assert re.fullmatch(
        r"\d+ in and \d+ out, .*", watched.page.locator("#traffic-chart").get_attribute("aria-label")
    )
