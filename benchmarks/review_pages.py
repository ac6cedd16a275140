"""The cluster editor with 5,000 entries in Chromium: opening, scrolling, dragging, editing.

A store's day is made from real crops (`reid-images`, repeated), opened in the real page on a real server,
and driven by the mouse. Measured in the page: the time from one picture on the screen to the next
(`requestAnimationFrame`) while the wheel scrolls through the day and while a burst is dragged over it, and
from letting go to the answer being shown. Beside it the same bursts, all in one page as plain elements with
`loading=lazy`: what the list would be if it did not keep to what is in sight. Both in the same run; ratios
say more than milliseconds, for the machine has no graphics card and draws in software.

    python benchmarks/review_pages.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from _review_day import crops_of, make_day, write_day

CHROMIUM = Path("/usr/bin/chromium")
_FLOORWALKER = [sys.executable, "-c", "from floorwalker.cli import main; main()"]
_START_LIMIT_S = 30.0
_EDITS = 10

# Collects the times between pictures until it is told to stop.
_WATCH = """() => {
  window.frames_ms = []; window.watching = true; let last = performance.now();
  const tick = (now) => {
    window.frames_ms.push(now - last); last = now;
    if (window.watching) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
_STOP = "() => { window.watching = false; return window.frames_ms.slice(2); }"

# Presses a key and waits until what came of it is on the screen.
_PRESS = """([key, number]) => new Promise((done) => {
  const begun = performance.now();
  const tell = () => done(performance.now() - begun);
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(tell));
  new MutationObserver((_, observer) => {
    if (Number(document.body.dataset.edits ?? 0) < number) return;
    observer.disconnect();
    painted();
  }).observe(document.body, { attributes: true });
  document.querySelector('#rows').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
})"""

# The same bursts without a list that keeps to what is in sight.
_ALL_IN_THE_PAGE = """async (address) => {
  const day = await (await fetch(`/review/desk?${address}`)).json();
  const begun = performance.now();
  const rows = document.querySelector('#rows'); const plain = rows.cloneNode(false);
  plain.id = 'plain'; rows.replaceWith(plain);
  const persons = Map.groupBy(day.entries, (entry) => entry.person_id);
  for (const [id, entries] of persons) {
    const head = document.createElement('div'); head.textContent = id;
    const line = document.createElement('div'); line.style.display = 'flex'; line.style.flexWrap = 'wrap';
    plain.append(head, line);
    for (const entry of entries) {
      const card = document.createElement('div'); card.className = 'card-burst';
      const strip = document.createElement('div'); strip.className = 'strip';
      const image = document.createElement('img'); image.loading = 'lazy'; image.draggable = false;
      image.src = `/api/image?${address}&entry=${encodeURIComponent(entry.entry_id)}&h=72`;
      strip.append(image); card.append(strip);
      for (const text of [`${entry.at} ${entry.camera}`, entry.entry_id]) {
        const p = document.createElement('p'); p.textContent = text; card.append(p);
      }
      line.append(card);
    }
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}"""


@contextmanager
def serving(manifest: Path, crops: Path, home: Path) -> Iterator[str]:
    """The editor on a manifest; gives its address."""
    environment = {**os.environ, "FLOORWALKER_HOME": str(home)}
    process = subprocess.Popen(
        [*_FLOORWALKER, "review", "clusters", str(manifest), "--image-base", str(crops), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    try:
        address = process.stderr.readline().split()[1]
        until = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                httpx.get(address, timeout=10)
                break
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def of_frames(times_ms: Sequence[float]) -> dict[str, float]:
    """What the times between pictures come to."""
    ordered = sorted(times_ms)
    return {
        "frames": len(ordered),
        "median_ms": round(median(ordered), 1),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "longest_ms": round(ordered[-1], 1),
        "late_share": round(sum(each > 50 for each in ordered) / len(ordered), 4),
    }


def scroll(page: Page, seconds: float) -> dict[str, float]:
    """Turn the wheel over the list."""
    box = page.locator("#rows, #plain").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(_WATCH)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(16)
    return of_frames(page.evaluate(_STOP))


def drag(page: Page, seconds: float) -> dict[str, float]:
    """Drag a burst over the list, and over its lower edge where it scrolls by itself."""
    card = page.locator(".card-burst").nth(2)
    begin, box = card.bounding_box(), page.locator("#rows").bounding_box()
    assert begin is not None
    assert box is not None
    page.mouse.move(begin["x"] + 20, begin["y"] + 20)
    page.mouse.down()
    page.mouse.move(begin["x"] + 40, begin["y"] + 40, steps=3)
    page.evaluate(_WATCH)
    until, step = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        step += 1
        across = (step * 37) % int(box["width"] - 40)
        page.mouse.move(box["x"] + 20 + across, box["y"] + box["height"] - (20 if step % 40 < 20 else 300))
    found = of_frames(page.evaluate(_STOP))
    page.keyboard.press("Escape")
    page.mouse.up()
    return found


def edits(page: Page) -> dict[str, float]:
    """Take bursts out into new persons, and undo it; from the key to the answer being shown."""
    page.locator("#rows").focus()
    took_ms = []
    for number in range(_EDITS):
        took_ms.append(page.evaluate(_PRESS, ["s" if number % 2 == 0 else "u", number + 1]))
    return {"median_ms": round(median(took_ms), 1), "longest_ms": round(max(took_ms), 1)}


def measure(entries: int, seconds: float, crops: Path) -> dict[str, Any]:
    """One day in both forms."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        manifest = write_day(make_day(crops_of(crops), entries=entries), home / "day.json")
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        with serving(manifest, crops, home) as address:
            begun = time.perf_counter()
            page.goto(address)
            page.wait_for_selector("body[data-ready]")
            page.wait_for_selector(".card-burst")
            opened_ms = (time.perf_counter() - begun) * 1000
            ours = {
                "opened_ms": round(opened_ms),
                "elements": page.evaluate("document.querySelectorAll('#rows *').length"),
                "edit": edits(page),
                "drag": drag(page, seconds),
                "scroll": scroll(page, seconds),
                "heap_mb": round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6, 1),
            }
            built_ms = page.evaluate(_ALL_IN_THE_PAGE, address.partition("?")[2])
            plain = {
                "built_ms": round(built_ms),
                "elements": page.evaluate("document.querySelectorAll('#plain *').length"),
                "scroll": scroll(page, seconds),
            }
        browser.close()
    return {"entries": entries, "ours": ours, "all_in_the_page": plain}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 entries, two seconds of each")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if not CHROMIUM.exists():
        sys.exit(f"no browser at {CHROMIUM} (apt-get install chromium)")
    crops = Path(os.environ.get("FLOORWALKER_SHARED", "../shared")) / "data" / "reid-images"
    load_before = os.getloadavg()[0]
    found = measure(500 if options.quick else 5000, 2.0 if options.quick else 8.0, crops.resolve())
    found["load_average"] = {"before": round(load_before, 2), "after": round(os.getloadavg()[0], 2)}
    if options.json:
        print(json.dumps(found))
        return
    ours, plain = found["ours"], found["all_in_the_page"]
    print(f"{found['entries']} entries, load average {found['load_average']}")
    print(f"opened in {ours['opened_ms']} ms, {ours['elements']} elements, heap {ours['heap_mb']} MB")
    print(f"{'':24}{'frames':>8}{'median':>10}{'p95':>10}{'longest':>10}{'> 50 ms':>10}")
    rows = [("scroll", ours["scroll"]), ("drag", ours["drag"]), ("scroll, all in the page", plain["scroll"])]
    for name, row in rows:
        print(
            f"{name:24}{row['frames']:>8}{row['median_ms']:>10}{row['p95_ms']:>10}{row['longest_ms']:>10}"
            f"{row['late_share']:>10.1%}"
        )
    edit = ours["edit"]
    print(f"an edit and its undo: median {edit['median_ms']} ms, longest {edit['longest_ms']} ms")
    print(f"all in the page: built in {plain['built_ms']} ms, {plain['elements']} elements")


if __name__ == "__main__":
    main()
