"""`floorwalker pos`: files of tills as shops have them, and the till's clock."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from floorwalker.events import Event, EventType
from floorwalker.settings import Settings
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.records import to_us

SITE = """
[[store]]
id = "BRIGADE"
aliases = ["store_1008"]
timezone = "Asia/Kolkata"
[[store]]
id = "BERLIN"
timezone = "Europe/Berlin"
currency = "EUR"
[store.pos]
delimiter = ";"
encoding = "cp1252"
decimal = ","
thousands = "."
date_formats = ["%d.%m.%Y"]
line_items = true
[store.pos.columns]
transaction = "Bon-Nr"
amount = "Betrag"
date = "Datum"
time = "Zeit"
"""
GERMAN = (
    "Kunde;Telefon;Bon-Nr;Datum;Zeit;Betrag\n"
    "Jörg Groß;0170 1234567;7;03.03.2026;15:22;1.234,50\n"
    "Jörg Groß;0170 1234567;7;03.03.2026;15:22;0,50\n"
)
FOUR = "store_id,transaction_id,timestamp,basket_value_inr\n"


@pytest.fixture
def site(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def warehouse():
    opened = Warehouse(Settings.load().resolved_database_url)
    yield opened
    opened.close()


def sales(warehouse, store_id):
    day = datetime(2026, 3, 3, tzinfo=UTC)
    found = warehouse.read(store_id, day, day + timedelta(days=1)).transactions
    return [(sale.transaction_id, sale.amount_minor, sale.currency, sale.time_us) for sale in found]


def test_a_tills_own_form_by_the_site_file(run, tmp_path, site, warehouse):
    file = written(tmp_path / "pos.csv", GERMAN, "cp1252")
    outcome = run("pos", "load", file, "--site", site)
    assert outcome.code == 0, outcome.err
    time_us = to_us(datetime(2026, 3, 3, 14, 22, tzinfo=UTC))
    assert sales(warehouse, "BERLIN") == [("7", 123500, "EUR", time_us)]
    # The site file is known from now on.
    assert json.loads(run("pos", "load", file, "--json").out)["duplicates"] == 1


def test_who_bought_is_nowhere_afterwards(run, tmp_path, site):
    rows = GERMAN + "Jörg Groß;0170 1234567;8;Jörg Groß;15:22;0170 1234567\nJörg Groß;0170 1234567\n"
    file = written(tmp_path / "pos.csv", rows, "cp1252")
    outcome = run("pos", "load", file, "--site", site)
    told = outcome.out + outcome.err + run("pos", "load", file, "--json").out
    kept = b"".join(path.read_bytes() for path in Settings.load().home.rglob("*") if path.is_file())
    for trace in ("Jörg", "Groß", "1234567", "Kunde", "Telefon"):
        assert trace not in told
        assert trace.encode() not in kept
        assert trace.encode("cp1252") not in kept
    assert "line 4: amount" in outcome.out
    assert "line 5: columns" in outcome.out


def test_rows_of_stores_that_the_site_file_does_not_name_are_refused(run, tmp_path, site, warehouse):
    row = ",2026-03-03T10:00:00,5\n"
    file = written(tmp_path / "pos.csv", FOUR + f"store_1008,T1{row}ST1008,T2{row}ST1009,T3{row}")
    told = json.loads(run("pos", "load", file, "--site", site, "--json").out)
    assert (told["inserted"], [problem["code"] for problem in told["problems"]]) == (2, ["store"])
    assert "'ST1009'" in told["problems"][0]["message"]
    assert [sale[0] for sale in sales(warehouse, "BRIGADE")] == ["T1", "T2"]
    # Without --site whoever is named is taken, where the zone is known.
    told = json.loads(run("pos", "load", file, "--json", "--timezone", "Asia/Kolkata").out)
    assert (told["inserted"], told["duplicates"]) == (1, 2)


def test_a_store_named_on_the_call_has_to_be_in_the_site_file(run, tmp_path, site):
    file = written(tmp_path / "pos.csv", FOUR + "X,T1,2026-03-03T10:00:00Z,5\n")
    outcome = run("pos", "load", file, "--site", site, "--store", "ST1009")
    assert outcome.code == 2
    assert "names no store 'ST1009'" in outcome.out


def test_the_same_form_of_two_stores_asks_which(run, tmp_path):
    both = SITE.split("[[store]]")[2]
    site = written(tmp_path / "s.toml", "[[store]]" + both + "[[store]]" + both.replace("BERLIN", "BONN"))
    file = written(tmp_path / "pos.csv", GERMAN, "cp1252")
    outcome = run("pos", "load", file, "--site", site)
    assert (outcome.code, "--store" in outcome.err) == (2, True), outcome.err
    assert run("pos", "load", file, "--site", site, "--store", "BONN").code == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('"Bon-Nr"', '"Kunde"'), "personal data"),
        (('"cp1252"', '"klingon"'), "encoding"),
        (('amount = "Betrag"', ""), "missing"),
        (('decimal = ","', 'decimal = "."'), "same sign"),
    ],
)
def test_site_check_explains_mistakes_of_a_till(run, tmp_path, change, reason):
    site = written(tmp_path / "s.toml", SITE.replace(*change))
    outcome = run("site", "check", site)
    assert outcome.code == 2
    assert reason in outcome.out
    assert "store[1].pos" in outcome.out


def test_an_empty_till_and_a_folder(run, tmp_path):
    assert run("pos", "load", written(tmp_path / "pos.csv", FOUR)).code == 0
    outcome = run("pos", "load", tmp_path)
    assert (outcome.code, "Traceback" in outcome.err) == (2, False)


OFFSET_S = 200


@pytest.fixture
def week(warehouse):
    """Five days of a store whose till is 200 seconds ahead; people pay about 10 seconds before they go."""
    rng = np.random.default_rng(8)
    for day in range(5):
        opening = datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(days=day)
        came_s = np.sort(rng.uniform(0, 8 * 3600, 40)).round()
        made, sold = [], []
        for number, at_s in enumerate(came_s):
            leaving = opening + timedelta(seconds=float(at_s) + 90)
            for kind, moment in (
                ("ZONE_ENTER", opening + timedelta(seconds=float(at_s))),
                ("ZONE_EXIT", leaving),
            ):
                made.append(
                    Event(
                        event_id=str(uuid.uuid4()),
                        store_id="S1",
                        camera_id="C1",
                        visitor_id=f"VIS_{day}_{number}",
                        event_type=EventType(kind),
                        timestamp=moment,
                        zone_id="BILLING",
                    )
                )
            if number % 2:
                paid = (
                    leaving - timedelta(seconds=abs(float(rng.normal(10, 8)))) + timedelta(seconds=OFFSET_S)
                )
                sold.append(Transaction("S1", f"{day}/{number}", to_us(paid), 100, "INR"))
        warehouse.add_events(made, live=False)
        warehouse.load_transactions(sold)
    return warehouse


def shown(outcome):
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def offset_of(warehouse):
    day = datetime(2026, 3, 2, tzinfo=UTC)
    return warehouse.read("S1", day, day + timedelta(days=7)).till_offset_s


def test_an_offset_is_estimated_shown_and_applied_by_a_person_only(run, week):
    assert "nothing was estimated" in run("pos", "offset", "S1", "--list").out
    outcome = run("pos", "offset", "S1", "-q")
    assert outcome.code == 0, outcome.err
    assert "--apply 1 --by NAME" in outcome.out
    (found,) = shown(run("pos", "offset", "S1", "--json"))  # the same days give no second version
    assert abs(found["offset_s"] - (OFFSET_S - 10)) < 10
    assert found["p_value"] < 0.01
    assert (found["evidence"]["days"], found["evidence"]["sales"]) == (5, 100)
    assert offset_of(week) == 0.0
    assert run("pos", "offset", "S1", "--apply", "1").code == 2
    assert offset_of(week) == 0.0
    (applied,) = shown(run("pos", "offset", "S1", "--apply", "1", "--by", "Asha", "--json"))
    assert (applied["holds"], applied["applied_by"]) == (True, "Asha")
    assert offset_of(week) == applied["offset_s"]
    # What is estimated anew is the till's own clock, not what is left of it.
    assert shown(run("pos", "offset", "S1", "--json"))[-1]["offset_s"] == found["offset_s"]
    (gone,) = shown(run("pos", "offset", "S1", "--withdraw", "--by", "Ravi", "--json"))
    assert (gone["holds"], gone["withdrawn_by"]) == (False, "Ravi")
    assert offset_of(week) == 0.0


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["S1", "--days", "2"], 1, "2 of 2 days"),
        (["S9"], 2, "S9"),
        (["S1", "--apply", "7", "--by", "Asha"], 2, "it has: none"),
        (["S1", "--withdraw", "--by", "Asha"], 2, "no offset"),
        (["S1", "--withdraw", "--list"], 2, "exclude"),
    ],
)
def test_what_cannot_be_said_of_an_offset_is_explained(run, week, arguments, code, reason):
    outcome = run("pos", "offset", *arguments)
    assert (outcome.code, reason in outcome.err) == (code, True), outcome.err


def test_a_store_without_sales(run, warehouse):
    warehouse.load_transactions([])
    warehouse.add_events(
        [
            Event(
                event_id=str(uuid.uuid4()),
                store_id="S1",
                camera_id="C1",
                visitor_id="V",
                event_type=EventType.ENTRY,
                timestamp=datetime(2026, 3, 2, tzinfo=UTC),
            )
        ],
        live=False,
    )
    outcome = run("pos", "offset", "S1")
    assert (outcome.code, "pos load" in outcome.err) == (2, True)
