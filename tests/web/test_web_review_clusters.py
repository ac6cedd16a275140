"""The cluster editor in a real browser, on 5,000 entries of real crops: by keyboard and by mouse."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from floorwalker.identity.matching.cluster_truth import read_truth
from floorwalker.warehouse import Warehouse

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>&amp;{{7*7}}"
OPENS = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def server(empty_warehouse: Warehouse, serving: Any, review_day: Any) -> str:
    """A server that may open what the test writes."""
    return str(serving(empty_warehouse).url)


def opened(server: str, path: Path) -> str:
    """The query that leads to a manifest on the desk."""
    answer = httpx.post(f"{server}/review/files", json={"address": str(path)}, timeout=30)
    assert answer.status_code == 201, answer.text
    return f"file={answer.json()['file']}"


def show(page: Any, server: str, query: str) -> None:
    page.goto(f"{server}/review/clusters?{query}")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".card-burst").first).to_be_visible()


def persons(server: str, query: str) -> dict[str, str]:
    desk = httpx.get(f"{server}/review/desk?{query}", timeout=30).json()
    return {entry["entry_id"]: entry["person_id"] for entry in desk["entries"]}


def edited(page: Any, times: int) -> None:
    page.wait_for_selector(f'body[data-edits="{times}"]')


def card(page: Any, name: str) -> Any:
    return page.locator(f'.card-burst[data-entry="{name}"]')


def test_everything_by_keyboard(server: str, page: Any, review_day: Callable[..., Path]) -> None:
    query = opened(server, review_day())
    before = persons(server, query)
    show(page, server, query)
    expect(page.locator("#what")).to_contain_text("1,250 persons, 5,000 entries")
    while page.evaluate("document.activeElement.id") != "rows":
        page.keyboard.press("Tab")  # the list is reached by the keyboard alone
    first = page.locator(".card-burst.cursor").get_attribute("data-entry")
    # Choose two of the first person, take them out, and give that new person a name and a note.
    for key in (" ", "ArrowRight", " "):
        page.keyboard.press(key)
    expect(page.locator("#chosen")).to_have_text("2 entries chosen")
    page.keyboard.press("s")
    edited(page, 1)
    now = persons(server, query)
    assert now[first] == "nc0009-1251"
    fresh = ".row.head[data-person='nc0009-1251']"
    assert [name for name in now if now[name] != before[name] and now[name] != "nc0009-1251"] == []
    page.keyboard.press("a")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    edited(page, 2)
    expect(page.locator(f"{fresh} .name")).to_have_text("Ann")
    page.keyboard.press("n")
    page.keyboard.type("red bag")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    edited(page, 3)
    expect(page.locator(f"{fresh} .note")).to_have_text("red bag")
    # Move one entry to a person who is found by name; then join the whole person; then leave it out.
    page.keyboard.press("m")
    page.keyboard.type("nc0009-0007")
    page.keyboard.press("Enter")
    edited(page, 4)
    assert sorted(persons(server, query).values()).count("nc0009-1251") == 1
    page.keyboard.press("g")
    page.keyboard.type("nc0009-0008")
    page.keyboard.press("Enter")
    edited(page, 5)
    page.keyboard.press("x")
    edited(page, 6)
    expect(page.locator(".card-burst.excluded")).to_have_count(1)
    last = persons(server, query)
    for step in range(6):
        page.keyboard.press("u" if step % 2 else "Control+z")
        edited(page, 7 + step)
    assert persons(server, query) == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for step in range(6):
        page.keyboard.press("r" if step % 2 else "Control+Shift+Z")
        edited(page, 13 + step)
    assert persons(server, query) == last
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Undo").click()  # what was done can be undone at another sitting
    edited(page, 1)


def drag(page: Any, source: Any, target: Any) -> None:
    """As a hand does it, in several moves."""
    begin, end = source.bounding_box(), target.bounding_box()
    assert begin is not None
    assert end is not None
    page.mouse.move(begin["x"] + 12, begin["y"] + 12)
    page.mouse.down()
    page.mouse.move(begin["x"] + 30, begin["y"] + 30, steps=3)
    page.mouse.move(end["x"] + 90, end["y"] + 10, steps=5)


def test_everything_by_mouse(server: str, page: Any, review_day: Callable[..., Path]) -> None:
    query = opened(server, review_day())
    before = persons(server, query)
    show(page, server, query)
    row = page.locator
    first = row('.row[data-person="nc0009-0001"] .card-burst').first
    name = first.get_attribute("data-entry")
    drag(page, first, row('.row.head[data-person="nc0009-0003"]'))
    expect(row(".row.target").first).to_be_visible()
    page.mouse.up()
    edited(page, 1)
    assert persons(server, query)[name] == "nc0009-0003"
    # Two that were chosen go together, onto the place for somebody new.
    third = row('.row[data-person="nc0009-0002"] .card-burst')
    third.nth(0).click()
    third.nth(2).click(modifiers=["Shift"])
    expect(row("#chosen")).to_have_text("3 entries chosen")
    box = third.nth(0).bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
    fresh = row("#new-person").bounding_box()
    page.mouse.move(fresh["x"] + 100, fresh["y"] + 10, steps=4)
    page.mouse.up()
    edited(page, 2)
    assert list(persons(server, query).values()).count("nc0009-1251") == 3
    # A whole person by their grip.
    drag(page, row('.row[data-person="nc0009-0001"] .grip'), row('.row.head[data-person="nc0009-0003"]'))
    page.mouse.up()
    edited(page, 3)
    assert "nc0009-0001" not in persons(server, query).values()
    page.get_by_role("button", name="Leave out").click()
    edited(page, 4)
    for step in range(4):
        page.get_by_role("button", name="Undo").click()
        edited(page, 5 + step)
    assert persons(server, query) == before


def three_people() -> dict[str, Any]:
    """Three people; the second was at another door one second after the first."""
    crossings = [("one", "north", 0), ("two", "south", 1), ("three", "north", 200)]
    people = [
        {
            "person_id": f"P-{place}",
            "events": [
                {
                    "entry_id": name,
                    "timestamp": (OPENS + timedelta(seconds=second)).isoformat(),
                    "direction": "entry",
                    "camera": camera,
                }
            ],
        }
        for place, (name, camera, second) in enumerate(crossings)
    ]
    return {"day_id": "2026-03-03", "store_id": "P", "people": people}


def test_who_was_elsewhere_at_that_moment_is_grey_and_says_why(
    server: str, page: Any, tmp_path: Path
) -> None:
    (tmp_path / "three.json").write_text(json.dumps(three_people()))
    query = opened(server, tmp_path / "three.json")
    before = persons(server, query)
    reason = "nobody is at two places at once: two crossed at south and one at north, 1.0 s apart"
    show(page, server, query)
    card(page, "two").click()
    page.keyboard.press("m")
    refused = page.locator('.picked [data-person="P-0"]')
    expect(refused).to_have_attribute("aria-disabled", "true")
    expect(refused).to_contain_text(reason)
    page.keyboard.type("P-0")
    page.keyboard.press("Enter")  # takes nobody who is impossible
    page.keyboard.press("Escape")
    drag(page, card(page, "two"), page.locator('.row.head[data-person="P-0"]'))
    expect(page.locator('.row.head.forbidden[data-person="P-0"]')).to_contain_text(reason)
    expect(page.locator(".row.forbidden")).to_have_count(2)  # the head and the bursts of the first alone
    expect(page.locator(".ghost.forbidden")).to_be_visible()
    page.mouse.up()
    expect(page.locator("#said.refused")).to_have_text(reason)
    expect(page.locator(".ghost, .row.forbidden")).to_have_count(0)
    drag(page, card(page, "two"), page.locator('.row.head[data-person="P-2"]'))
    page.keyboard.press("Escape")  # thought better of it
    page.mouse.up()
    assert persons(server, query) == before
    # Who asks the server itself is refused as well.
    wish = {"kind": "move", "entries": ["two"], "person": "P-0"}
    answer = httpx.post(f"{server}/review/edits?{query}", json=wish)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "two_places")
    assert persons(server, query) == before


def test_out_comes_what_was_put_right_and_it_goes_in_again(
    server: str, page: Any, review_day: Callable[..., Path]
) -> None:
    query = opened(server, review_day(40))
    show(page, server, query)
    page.locator("#rows").focus()
    page.keyboard.press("s")
    edited(page, 1)
    now = persons(server, query)
    page.locator("summary", has_text="Files").click()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="multicluster_gt.json").click()
    truth = Path(downloaded.value.path())
    assert read_truth(truth.read_bytes()).groups() == now
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="entry_manifest.json").click()
    manifest = json.loads(Path(downloaded.value.path()).read_text())
    assert {e["entry_id"]: p["person_id"] for p in manifest["people"] for e in p["events"]} == now
    assert len(manifest["people"][0]["events"][0]["embeddings"]) == 5
    page.keyboard.press("Escape")
    page.locator("#undo").click()
    edited(page, 2)
    page.locator("#load").set_input_files(
        {"name": "gt.json", "mimeType": "application/json", "buffer": truth.read_bytes()}
    )
    expect(page.locator("#said")).to_contain_text("1 edit made from gt.json")
    assert persons(server, query) == now
    page.locator("#load").set_input_files({"name": "no.json", "mimeType": "application/json", "buffer": b"{"})
    expect(page.locator("#said.refused")).to_have_text("no.json is no JSON.")
    page.get_by_role("button", name="Save in the state folder").click()
    expect(page.locator("#said")).to_contain_text("Saved: ")


def a_manifest(name: str) -> dict[str, Any]:
    """Two people; everything that can be is called by the name."""
    event = {"direction": "entry", "camera": name, "images": [name], "attrs": {name: name}, "alert_id": name}
    people = []
    for place in range(2):
        at = (OPENS + timedelta(minutes=place)).isoformat()
        people.append(
            {"person_id": f"{name}-{place}", "alias": name, "notes": name * 3, "first_seen": at,
             "events": [{**event, "entry_id": f"{name}{place}", "timestamp": at}]}
        )  # fmt: skip
    return {"day_id": "2026-03-03", "store_id": name, "people": people}


@pytest.mark.parametrize("page", [360, 1280], indirect=True)
def test_names_from_outside_are_text_and_nothing_scrolls_sideways(
    server: str, page: Any, tmp_path: Path
) -> None:
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(a_manifest(HOSTILE)))
    page.goto(f"{server}/review/clusters")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#notices")).to_contain_text("Nothing is open")
    page.get_by_label("Upload a manifest").set_input_files(file)
    page.wait_for_selector("#editor:not([hidden]) .card-burst")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) <= 0
    expect(page.locator(".row.head .name").first).to_have_text(HOSTILE)
    page.locator("#rows").focus()
    page.keyboard.press("n")
    expect(page.locator("dialog textarea")).to_have_value(HOSTILE * 3)
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(page.locator(".picked strong").last).to_have_text(HOSTILE)
    page.keyboard.press("Escape")
    for other in ("manifest", "pairs"):
        page.goto(
            page.url.replace("/review/clusters", f"/review/{other}").replace(
                "/review/manifest", f"/review/{other}"
            )
        )
        page.wait_for_selector("body[data-ready]")
        assert page.evaluate(width) <= 0
    assert page.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_what_cannot_be_opened_says_why(server: str, page: Any, tmp_path: Path) -> None:
    page.goto(f"{server}/review/clusters?file=0123456789abcdef")
    expect(page.locator("#notices")).to_contain_text("no manifest '0123456789abcdef' was opened here")
    page.goto(f"{server}/review/clusters?day_id=2026-02-30&store_id=nc0009")
    expect(page.locator("#notices .notice")).to_contain_text("expected a date such as 2026-03-03")
    page.goto(f"{server}/review/clusters?day_id=2026-03-03&store_id=nc0009")
    expect(page.locator("#none")).to_have_text("Nothing was matched in this store on this day.")
    page.goto(f"{server}/review/clusters")
    page.get_by_label("Path or address of a manifest").fill("/etc/passwd")
    page.get_by_role("button", name="Open").nth(1).click()
    expect(page.locator("#open .notice")).to_contain_text("FLOORWALKER_REVIEW_PLACES names more")
