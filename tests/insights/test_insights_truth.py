"""The figures of true events beside the figures that the simulator computed from positions."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.events import decode_event
from floorwalker.insights.answers import answer_purchases
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.sales.pos import Till, read_pos
from floorwalker.site import load_site


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_true_events_give_the_true_figures(empty_warehouse, tmp_path):
    folder = tmp_path / "morning"
    arguments = ["simulate", "--out", str(folder), "--seed", "2", "--minutes", "5"]
    arguments += ["--no-video", "--fps", "1", "--size", "480x270"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    truth = json.loads((folder / "truth.json").read_text())
    site = load_site(folder / "site.toml")
    warehouse = empty_warehouse()
    warehouse.register_site(site, folder)
    events = [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert warehouse.add_events(events, live=False).inserted == len(events)
    warehouse.load_transactions(read_pos(folder / "pos.csv", lambda name: Till(name, None)).transactions)
    store = warehouse.store(site.stores[0].id)
    picture = take_picture(warehouse, store, choose_window(warehouse, store))
    found = metrics(picture)
    warehouse.close()
    for name in ("unique_visitors", "entries", "exits", "reentries", "transactions", "queue_joins", "groups"):
        assert found[name] == truth[name], name
    assert found["staff_excluded"] == truth["staff_count"]
    for zone, dwell_ms in truth["avg_dwell_ms"].items():
        assert found["zones"][zone]["avg_dwell_ms"] == pytest.approx(dwell_ms, abs=2), zone
    # Who stands at the till for a moment at the very end may be judged otherwise; nobody else.
    assert found["conversion_rate"] * truth["unique_visitors"] == pytest.approx(
        truth["converted_visitors"], abs=1.1
    )
    assert abs(found["queue_abandons"] - truth["queue_abandons"]) <= 1
    assert found["occupancy"] == truth["entries"] + truth["reentries"] - truth["exits"]
    # The camera's stays and the till's times alone tell who bought, and the margin tells where they cannot.
    names = {row["person_id"]: row["visitor_id"] for row in table(folder / "people.csv")}
    buyers = {row["transaction_id"]: names[row["buyer"]] for row in table(folder / "sales.csv")}
    matches = answer_purchases(picture)["matches"]
    wrong = [m for m in matches if buyers[m["transaction_id"]] not in (m["visitor_id"], *m["party"])]
    assert len(matches) == truth["transactions"]
    assert len(wrong) <= 0.1 * len(matches)
    assert all(match["margin_s"] < 10 for match in wrong)
