"""The pair reviewer in a real browser, on 5,000 entries of real crops: by keyboard and by mouse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.adapters.pair_sets import PairFiles
from floorwalker.server.review_desks import reviews_from
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser


def standing(url: str, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{url}/review/pairs/list{query}", timeout=60).json()
    return answer


def shown_pair(page: Any) -> tuple[str, ...]:
    return tuple(
        page.locator(".side").evaluate_all("all => all.map(side => side.getAttribute('aria-label'))")
    )


def said(page: Any, times: int) -> None:
    page.wait_for_selector(f'body[data-said="{times}"]')


def test_everything_by_keyboard(
    empty_warehouse: Warehouse, serving: Any, page: Any, review_day: Callable[..., Path]
) -> None:
    url = serving(empty_warehouse).url
    opened = httpx.post(f"{url}/review/files", json={"address": str(review_day())}, timeout=30).json()
    query = f"?file={opened['file']}"
    page.goto(f"{url}/review/pairs{query}")
    page.wait_for_selector("body[data-ready]")
    told = standing(url, query)
    total = len(told["pairs"])
    assert total > 1000
    best = told["pairs"][told["order"][0]]["entries"]
    assert shown_pair(page) == tuple(best)  # what teaches most comes first
    expect(page.locator(".keys")).to_contain_text("1 same")
    expect(page.locator(".burst img")).to_have_count(10)
    for image in page.locator(".burst img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    first = shown_pair(page)
    page.keyboard.press("2")
    said(page, 1)
    expect(page.locator("#said")).to_contain_text("Different people")
    assert shown_pair(page) != first  # on to the next open one
    second = shown_pair(page)
    page.keyboard.press("3")
    said(page, 2)
    third = shown_pair(page)
    page.keyboard.press("j")
    fourth = shown_pair(page)
    assert fourth not in (first, second, third)
    page.keyboard.press("k")
    assert shown_pair(page) == third
    page.keyboard.press("1")
    said(page, 3)
    states = {
        tuple(p["entries"]): s for p, s in zip(told["pairs"], standing(url, query)["states"], strict=True)
    }
    assert [states[pair]["verdict"] for pair in (first, second, third)] == ["different", "unsure", "same"]
    page.keyboard.press("u")
    said(page, 4)
    assert shown_pair(page) == third  # back to where it was said
    page.keyboard.press("Control+z")
    said(page, 5)
    page.keyboard.press("r")
    said(page, 6)
    expect(page.locator("#progress-text")).to_contain_text("2 said")
    page.reload()  # another sitting goes on where this one ended
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#progress-text")).to_contain_text("2 said")
    assert shown_pair(page) not in (first, second)


def test_what_follows_is_asked_no_more(
    empty_warehouse: Warehouse, serving: Any, page: Any, review_day: Callable[..., Path]
) -> None:
    """Somebody who knows answers what is asked: fewer than there are pairs, and all comes out right."""
    path = review_day(120)
    url = serving(empty_warehouse).url
    opened = httpx.post(f"{url}/review/files", json={"address": str(path)}, timeout=30).json()
    owner = {
        event["entry_id"]: person["person_id"]
        for person in json.loads(path.read_text())["people"]
        for event in person["events"]
    }
    query = f"?file={opened['file']}"
    page.goto(f"{url}/review/pairs{query}")
    page.wait_for_selector("body[data-ready]")
    asked = 0
    while page.locator("#pair").is_visible() and "said" not in page.locator("#none").inner_text():
        one, other = shown_pair(page)
        if page.locator("#facts .badge.good").count():
            break  # it was answered: nothing is open
        page.keyboard.press("1" if owner[one] == owner[other] else "2")
        asked += 1
        said(page, asked)
    told = standing(url, query)
    for pair, state in zip(told["pairs"], told["states"], strict=True):
        truth = "same" if len({owner[name] for name in pair["entries"]}) == 1 else "different"
        assert (state["verdict"] or state["implied"]) == truth
    assert asked < len(told["pairs"])
    assert sum(state["implied"] is not None for state in told["states"]) == len(told["pairs"]) - asked
    expect(page.locator("#progress-text")).to_contain_text("0 of")


def test_a_list_by_mouse_with_what_is_kept_and_removed(
    empty_warehouse: Warehouse,
    page: Any,
    review_day: Callable[..., Path],
    tmp_path: Path,
    serving: Any,
) -> None:
    manifest = review_day(60)
    (tmp_path / "pairs.csv").write_text(
        "qid,aid\n" + "".join(f"e{n:05d},e{n - 10:05d}\n" for n in range(20, 40))
    )
    files = PairFiles((manifest,), tmp_path / "pairs.csv", state=tmp_path / "state.jsonl", page_size=6)
    url = serving(empty_warehouse, reviews=reviews_from(Settings.load(), files)).url
    page.goto(f"{url}/review/pairs")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".pairs li")).to_have_count(6)
    expect(page.locator("#list")).to_contain_text("page 1 of 4")
    first = shown_pair(page)
    page.get_by_role("button", name="3 Unsure").click()
    said(page, 1)
    assert [s["mark"] for s in standing(url)["states"]].count("remove") == 1
    page.locator("#undo").click()
    said(page, 2)
    assert shown_pair(page) == first
    for times, mark in ((3, "keep"), (4, "remove"), (5, "unreviewed")):
        page.keyboard.press(" ")  # Space toggles, and stays
        said(page, times)
        expect(page.locator("#facts")).to_contain_text(mark)
        assert shown_pair(page) == first
    page.get_by_role("button", name="Keep in the list").click()
    said(page, 6)
    page.get_by_role("button", name="2 Different").click()
    said(page, 7)
    page.locator("#which").select_option("different")
    expect(page.locator(".pairs li")).to_have_count(1)
    assert shown_pair(page) == first
    page.locator("#which").select_option("all")
    page.get_by_role("button", name="Next page").click()
    page.locator(".pairs button").nth(2).click()
    assert shown_pair(page) != first
    page.locator("#find").fill("e00039")
    assert "e00039" in shown_pair(page)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Verdicts").click()
    lines = Path(downloaded.value.path()).read_text().splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["different"]
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="List without what was removed").click()
    assert len(Path(downloaded.value.path()).read_text().splitlines()) == 21


@pytest.mark.parametrize("page", [360], indirect=True)
def test_on_a_telephone_nothing_scrolls_sideways(
    empty_warehouse: Warehouse, serving: Any, page: Any, review_day: Callable[..., Path]
) -> None:
    url = serving(empty_warehouse).url
    opened = httpx.post(f"{url}/review/files", json={"address": str(review_day(200))}, timeout=30).json()
    for name in ("pairs", "clusters", "manifest"):
        page.goto(f"{url}/review/{name}?file={opened['file']}")
        page.wait_for_selector("body[data-ready]")
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        )
