"""The API's description: complete, true of the running server, and no input makes it fail."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from floorwalker.runs import Recording, Run
from floorwalker.server.app import create_app
from floorwalker.server.auth import declared
from floorwalker.server.description import describe
from floorwalker.server.limits import Limits
from floorwalker.site import Site
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.keys import Keys, Role

STORE = "STORE_BLR_002"
NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
EXAMPLES = 25  # of a call; twice where there is a store: of one that exists, and of any
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


def a_visit() -> list[dict[str, Any]]:
    """Somebody comes in, looks, queues, gives up and goes."""
    steps = [
        ("ENTRY", None, 0),
        ("ZONE_ENTER", "SKINCARE", 0),
        ("ZONE_DWELL", "SKINCARE", 30_000),
        ("ZONE_EXIT", "SKINCARE", 45_000),
        ("ZONE_ENTER", "BILLING", 0),
        ("BILLING_QUEUE_JOIN", "BILLING", 0),
        ("BILLING_QUEUE_ABANDON", "BILLING", 40_000),
        ("EXIT", None, 0),
    ]
    return [
        {
            "event_id": str(uuid.UUID(int=minute + 1)),
            "store_id": STORE,
            "camera_id": "CAM_FLOOR_02" if zone else "CAM_ENTRY_01",
            "visitor_id": "VIS_77b0c2",
            "event_type": kind,
            "timestamp": f"2026-03-03T12:{minute:02d}:00Z",
            "zone_id": zone,
            "dwell_ms": dwell_ms,
            "is_staff": False,
            "confidence": 0.9,
            "metadata": {"queue_depth": 2 if "QUEUE" in kind else None, "sku_zone": None, "session_seq": 1},
        }
        for minute, (kind, zone, dwell_ms) in enumerate(steps)
    ]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real server with a store, a few events and an admin's key."""
    warehouse = Warehouse(f"sqlite:///{tmp_path_factory.mktemp('api') / 'w.db'}", clock=lambda: NOW)
    warehouse.register_site(
        Site.model_validate({"store": [{"id": STORE, "name": "Brigade Road", "timezone": "Asia/Kolkata"}]})
    )
    _, secret = Keys(warehouse.database).create("tests", Role.ADMIN, NOW)
    app = create_app(warehouse, log=lambda _: None, limits=Limits(rate_per_s=1e6, rate_burst=10**6))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20, headers=headers
    ) as http:
        assert http.post("/events/ingest", json={"events": a_visit()}).json()["errors"] == []
        yield http
    server.should_exit = True
    thread.join(20)
    warehouse.close()


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> dict[str, Any]:
    answer = api.get("/openapi.json", headers={"Authorization": ""})
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def api_schema(api: httpx.Client, document: dict[str, Any]) -> Any:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(api.base_url), headers={"Authorization": api.headers["Authorization"]})
    return schema


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def described_now() -> dict[str, Any]:
    warehouse = Warehouse("sqlite://")
    try:
        return describe(create_app(warehouse))
    finally:
        warehouse.close()


# A stream does not end while somebody listens; it has tests of its own.
CALLS = [
    (method, path, store)
    for method, path, _ in operations(described_now())
    if not path.endswith("/stream")
    for store in ((STORE, None) if "{store_id}" in path else (None,))
]


@pytest.mark.parametrize(("method", "path", "store"), CALLS, ids=[f"{m} {p} {s or ''}" for m, p, s in CALLS])
def test_no_input_makes_the_server_fail_and_answers_are_as_described(api_schema, method, path, store):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=api_schema[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE)
        | api_schema[path][method].as_strategy()
    )
    def check(case: schemathesis.Case) -> None:
        if store is not None:
            case.path_parameters["store_id"] = store
        case.call_and_validate(checks=CHECKS)

    check()


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


FIGURES = ["metrics", "funnel", "heatmap", "traffic", "dwell", "purchases", "anomalies"]


def test_figures_of_a_day_that_no_camera_watched_are_as_described(house, site):
    """On each kind of database."""
    house.warehouse.register_site(site)
    house.clock.now = NOW + timedelta(days=1)
    watched = Recording(STORE, "CAM_ENTRY_01", NOW - timedelta(days=1, hours=10), 36_000.0, "a" * 64)
    house.warehouse.record_run(watched, Run(watched.recording_id, "0", "motion", "1" * 32), [])
    document = described_now()
    for name in FIGURES:
        path = "/stores/{store_id}/" + name
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for day in ("2026-03-02", "2026-03-03"):
            answer = house.get(path.format(store_id=STORE), day=day)
            validator(document, schema).validate(answer)
            if name == "metrics":
                assert (answer["unique_visitors"] is None) is (day == "2026-03-03")
            if name == "funnel":
                assert set(answer["drop_off_pct"]) == {"entry", "zone_visit", "billing_queue", "purchased"}
                assert (None in answer["drop_off_pct"].values()) is (day == "2026-03-03")
    schema = document["paths"]["/stores/{store_id}/days"]["get"]["responses"]["200"]["content"]
    days = house.get(f"/stores/{STORE}/days", **{"from": "2026-03-02", "to": "2026-03-03"})
    validator(document, schema["application/json"]["schema"]).validate(days)


def test_every_call_says_what_it_is_who_may_and_what_can_go_wrong(document):
    found = operations(document)
    assert len(found) >= 15
    for method, path, operation in found:
        place = f"{method} {path}"
        assert operation.get("summary"), place
        assert operation.get("description"), place
        errors = [status for status in operation["responses"] if not status.startswith("2")]
        assert {"429", "500", "503", "504"} <= set(errors), place
        for status in errors:
            content = operation["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}, place
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description") or parameter["in"] == "path", f"{place} {parameter['name']}"


def test_every_json_answer_and_request_has_an_example_that_keeps_its_schema(document):
    for method, path, operation in operations(document):
        bodies = [(answer.get("content", {}), status) for status, answer in operation["responses"].items()]
        bodies.append((operation.get("requestBody", {}).get("content", {}), "request"))
        for content, where in bodies:
            body = content.get("application/json")
            if body is None:
                continue
            schema = body["schema"]
            named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
            examples = [example["value"] for example in body.get("examples", {}).values()]
            examples += [body["example"]] if "example" in body else []
            examples += [named["example"]] if "example" in named else []
            assert examples, f"{method} {path}: the {where} has no example"
            for example in examples:
                validator(document, schema).validate(example)


def test_security_in_the_document_is_what_the_routes_declare(api, document):
    app = create_app(Warehouse("sqlite://"))
    described = {(method, path): operation for method, path, operation in operations(document)}
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            operation = described.get((method, route.path))
            if operation is None:
                continue
            roles = [need.role for need in declared(route.original_route)]
            assert ("security" in operation) == (None not in roles)
            assert None in roles or operation["x-role"] in [role.value for role in roles]
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}


def test_the_contracts_event_is_the_documents_example_and_works(api, document, contract_event):
    content = document["paths"]["/events/ingest"]["post"]["requestBody"]["content"]["application/json"]
    one = content["examples"]["one"]["value"]
    assert one == {"events": [contract_event]}
    answer = api.post("/events/ingest", json=one).json()
    assert answer["inserted"] + answer["duplicates"] == 1
    again = api.post("/events/ingest", json=content["examples"]["again"]["value"]).json()
    assert (again["inserted"], again["duplicates"], again["errors"]) == (0, 2, [])


def test_the_page_for_people_shows_every_call(api, document):
    page = api.get("/ui/api")
    assert page.status_code == 200
    for _, path, operation in operations(document):
        assert path in page.text
        assert operation["summary"].split("'")[0].split("&")[0] in page.text
    assert "//cdn" not in page.text
    assert json.dumps("VIS_c8a2f1").strip('"') in page.text
