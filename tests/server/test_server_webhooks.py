"""Webhooks over HTTP."""

from __future__ import annotations

import pytest

from floorwalker.notify.looking import look_at_store
from floorwalker.notify.outbox import Outbox
from floorwalker.notify.webhooks import Webhooks


def test_a_webhook_is_made_shown_without_its_secret_and_removed(house, event):
    house.post(event())
    made = house.http.post("/webhooks", json={"url": "https://example.org/hook", "stores": ["STORE_BLR_002"]})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    (listed,) = house.get("/webhooks")
    assert listed == {name: value for name, value in made.json().items() if name != "secret"}
    assert secret not in house.http.get("/webhooks").text
    name = listed["webhook_id"]
    assert house.get(f"/webhooks/{name}/deliveries") == []
    assert house.http.delete(f"/webhooks/{name}").json() == {"webhook_id": name, "removed": True}
    assert house.get("/webhooks") == []
    for method, path in (("DELETE", name), ("GET", f"{name}/deliveries"), ("POST", f"{name}/test")):
        answer = house.http.request(method, f"/webhooks/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_webhook")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "ftp://example.org"}, 400),
        ({"url": "https://user@example.org"}, 400),
        ({"url": "http://127.0.0.1:9/"}, 400),
        ({"url": "http://[::1]/"}, 400),
        ({"url": "http://169.254.169.254/latest"}, 400),
        ({"url": "http://localhost/"}, 400),
        ({"url": "https://example.org", "stores": ["a/b"]}, 400),
        ({"url": "https://example.org", "stores": []}, 400),
        ({"url": "https://example.org", "stores": ["NOBODY"]}, 400),
        ({"url": 5}, 422),
        ({}, 422),
        ({"url": "https://example.org", "secret": "mine"}, 422),
        ([], 422),
    ],
)
def test_what_is_no_webhook_is_refused(house, body, status):
    answer = house.http.post("/webhooks", json=body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "trace_id", "details"}
    assert house.get("/webhooks") == []


def test_a_test_message_does_not_reach_into_the_servers_own_network(house):
    # Made while the setting allowed it.
    url = f"{house.http.base_url}/health"
    made = Webhooks(house.warehouse.database).add(url, None, house.warehouse.now())
    answer = house.http.post(f"/webhooks/{made.webhook_id}/test").json()
    assert answer["delivered"] is False
    assert "FLOORWALKER_WEBHOOKS_PRIVATE" in answer["outcome"]


def test_what_is_sent_can_be_seen(house, event):
    made = house.http.post("/webhooks", json={"url": "https://example.org/hook"}).json()
    for n in range(6):
        house.post(event("ENTRY", f"14:57:{n:02d}", f"V{n}"))
        house.post(event("ZONE_ENTER", f"14:58:{n:02d}", f"V{n}", zone_id="BILLING"))
    look_at_store(house.warehouse, house.warehouse.store("STORE_BLR_002"))
    (waiting,) = house.get(f"/webhooks/{made['webhook_id']}/deliveries")
    assert (waiting["type"], waiting["state"], waiting["attempts"]) == ("anomaly.opened", "waiting", 0)
    assert waiting["anomaly_id"] == house.get("/stores/STORE_BLR_002/anomalies")[0]["anomaly_id"]
    assert Outbox(house.warehouse.database).next_due() is not None
