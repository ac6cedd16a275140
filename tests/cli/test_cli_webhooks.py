"""`floorwalker webhooks`: what is refused, warned of and told."""

from __future__ import annotations

import json


def test_a_webhook_of_a_store_to_come_is_made_and_told_of(run):
    outcome = run("webhooks", "add", "https://1.1.1.1/hook", "--store", "S1", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["stores"] == ["S1"]
    assert "not known here yet: S1" in outcome.err
    name = json.loads(outcome.out)["webhook_id"]
    assert json.loads(run("webhooks", "deliveries", name, "--json").out) == []


def test_an_address_of_this_machine_is_refused_unless_it_is_allowed(run, monkeypatch):
    refused = run("webhooks", "add", "http://127.0.0.1:9/hook")
    assert (refused.code, refused.out) == (2, "")
    assert "FLOORWALKER_WEBHOOKS_PRIVATE" in refused.err
    assert json.loads(run("webhooks", "list", "--json").out) == []
    monkeypatch.setenv("FLOORWALKER_WEBHOOKS_PRIVATE", "true")
    assert run("webhooks", "add", "http://127.0.0.1:9/hook").code == 0


def test_deliveries_of_a_webhook_that_there_is_not_are_an_error(run):
    outcome = run("webhooks", "deliveries", "nope")
    assert outcome.code == 2
    assert "no webhook 'nope'" in outcome.err
