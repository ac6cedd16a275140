"""Authorisation: every route of the application, found by itself, against every caller who may not."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from floorwalker.cli.serve import policy_for
from floorwalker.server.app import create_app
from floorwalker.server.auth import VIEWER, declared
from floorwalker.server.gate import AccessPolicy
from floorwalker.server.limits import Limits
from floorwalker.server.sessions import COOKIE
from floorwalker.site import Site
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.keys import Keys, Role
from floorwalker.web import PREFIX

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
EVENT = {
    "event_id": "550e8400-e29b-41d4-a716-446655440000",
    "store_id": "A",
    "camera_id": "CAM_ENTRY_01",
    "visitor_id": "VIS_c8a2f1",
    "event_type": "ENTRY",
    "timestamp": "2026-03-03T14:22:10Z",
    "confidence": 0.95,
}


@dataclass
class Office:
    """An application, its keys, and a client that shows none."""

    app: FastAPI
    warehouse: Warehouse
    keys: Keys
    client: TestClient
    log: list[dict[str, Any]]
    now: list[datetime]

    def key(self, name: str, role: Role = Role.VIEWER, *stores: str, **more: Any) -> dict[str, str]:
        """Headers with a new key."""
        _, secret = self.keys.create(name, role, self.now[0], stores=stores or None, **more)
        return {"Authorization": f"Bearer {secret}"}

    def reread(self) -> None:
        """Have the server look at the keys again at the next request."""
        self.app.state.keys._read_at = float("-inf")


def open_office(folder: Path, **options: Any) -> Iterator[Office]:
    now = [NOW]
    warehouse = Warehouse(f"sqlite:///{folder / 'w.db'}", clock=lambda: now[0])
    log: list[dict[str, Any]] = []
    app = create_app(warehouse, log=log.append, **options)
    with TestClient(app, follow_redirects=False) as client:
        yield Office(app, warehouse, Keys(warehouse.database), client, log, now)
    warehouse.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    yield from open_office(tmp_path)


@pytest.fixture(scope="module")
def callers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[TestClient, dict[str, dict[str, str]]]]:
    """One application and callers of all kinds; nobody changes anything in it."""
    for office in open_office(tmp_path_factory.mktemp("callers")):
        headers = {
            "no key": {},
            "wrong key": {"Authorization": "Bearer fw_" + "x" * 43},
            "wrong X-API-Key": {"X-API-Key": "fw_wrong"},
            "wrong scheme": {"Authorization": "Basic Zm86YmFy"},
            "wrong session": {"Cookie": "floorwalker_session=a.b.99999999999.c"},
            "viewer": office.key("viewer"),
            "operator": office.key("operator", Role.OPERATOR),
            "admin": office.key("admin", Role.ADMIN),
            "admin of another store": office.key("other", Role.ADMIN, "ELSEWHERE"),
            "expired": office.key("expired", Role.ADMIN, expires=NOW + timedelta(hours=1)),
            "revoked": office.key("revoked", Role.ADMIN),
        }
        office.keys.revoke("revoked", NOW)
        office.now[0] = NOW + timedelta(hours=2)
        yield office.client, headers


def all_routes() -> list[tuple[str, str, Any]]:
    warehouse = Warehouse("sqlite://")
    try:
        app = create_app(warehouse)
        return [
            (method, route.path or str(route.original_route), route.original_route)
            for route in iter_route_contexts(app.routes)
            for method in sorted(getattr(route, "methods", None) or {"GET"})
        ]
    finally:
        warehouse.close()


ROUTES = all_routes()


def place_of(path: str) -> str:
    """An address of the route; the store in it is nobody's."""
    return re.sub(r"\{(\w+)(:\w+)?\}", "X", path)


def routes_where(condition: Callable[[Any], bool]) -> Any:
    chosen = [(method, path) for method, path, route in ROUTES if condition(route)]
    assert chosen
    return pytest.mark.parametrize(("method", "path"), chosen, ids=[f"{m} {p}" for m, p in chosen])


def is_open(route: Any) -> bool:
    return any(needs.role is None for needs in declared(route))


def needs(role: Role) -> Callable[[Any], bool]:
    return lambda route: any(need.role is not None and need.role.covers(role) for need in declared(route))


@pytest.mark.parametrize(("method", "path", "route"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_every_route_declares_who_may_ask_it(method, path, route):
    assert declared(route), f"{method} {path}: add dependencies=[VIEWER] or another of server/auth.py"


@pytest.mark.parametrize(
    "caller",
    ["no key", "wrong key", "wrong X-API-Key", "wrong scheme", "wrong session", "expired", "revoked"],
)
@routes_where(lambda route: not is_open(route))
def test_a_caller_without_a_good_key_is_401_on_every_route(callers, method, path, caller):
    client, headers = callers
    answer = client.request(method, place_of(path), headers=headers[caller])
    # A cookie that comes with a change and without its origin is refused even before it is read.
    foreign = caller == "wrong session" and method not in ("GET", "HEAD", "OPTIONS")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        (403, "foreign_page") if foreign else (401, "unauthorized")
    )
    assert foreign or answer.headers["www-authenticate"].startswith("Bearer")


@routes_where(needs(Role.OPERATOR))
def test_a_viewer_is_403_where_more_is_needed(callers, method, path):
    client, headers = callers
    answer = client.request(method, place_of(path), headers=headers["viewer"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_nothing_that_manages_is_open_to_an_operator():
    managing = [(method, place, route) for method, place, route in ROUTES if place.startswith("/webhooks")]
    assert len(managing) >= 3
    for method, place, route in managing:
        assert needs(Role.ADMIN)(route), f"{method} {place} manages and is not for admins only"


def test_keys_are_managed_by_no_route():
    assert [place for _, place, _ in ROUTES if place.startswith("/keys")] == []


@routes_where(lambda route: "{store_id" in route.path and not is_open(route))
def test_another_store_is_403_whether_it_exists_or_not(callers, method, path):
    client, headers = callers
    answer = client.request(method, place_of(path), headers=headers["admin of another store"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@routes_where(lambda route: any(need.all_stores for need in declared(route)))
def test_what_tells_of_all_stores_is_403_for_a_key_of_some(callers, method, path):
    client, headers = callers
    answer = client.request(method, place_of(path), headers=headers["admin of another store"])
    assert answer.status_code == 403


@routes_where(lambda route: not is_open(route))
def test_an_admin_is_refused_nowhere(callers, method, path):
    client, headers = callers
    answer = client.request(method, place_of(path), headers=headers["admin"])
    assert answer.status_code not in (401, 403), answer.text


@routes_where(lambda route: is_open(route))
def test_open_routes_need_nothing(callers, method, path):
    client, _ = callers
    status = client.request(method, place_of(path)).status_code
    if (method, path) == ("POST", "/login"):
        assert status == 401  # no key was sent: the form again
    elif path.startswith(PREFIX):
        assert status == 404  # there is no such file
    else:
        assert status in (200, 303), status


def test_an_asset_that_is_not_there_is_404_with_and_without_keys(office):
    office.warehouse.register_site(
        Site.model_validate({"store": [{"id": "SECRET", "name": "Secret", "timezone": "Asia/Kolkata"}]})
    )
    for name in ("one", "two"):
        answer = office.client.get(PREFIX + "/x/none.css")
        assert answer.status_code == 404
        assert "SECRET" not in answer.text.upper()
        office.key(name)
        office.reread()


@pytest.mark.parametrize("shown", ["header", "cookie", "form"])
def test_wrong_keys_are_slowed_down_and_a_good_one_of_the_same_address_is_not(tmp_path, shown):
    for office in open_office(tmp_path, limits=Limits(rate_per_s=0.1, rate_burst=5)):
        key = office.key("good")
        office.reread()
        client = TestClient(office.app, client=("127.0.0.1", 5000), follow_redirects=False)
        request: dict[str, Any] = {
            "header": {"method": "GET", "url": "/stores", "headers": {"X-API-Key": "fw_x"}},
            "cookie": {"method": "GET", "url": "/stores", "headers": {"Cookie": COOKIE + "=a.9.c"}},
            "form": {"method": "POST", "url": "/login", "headers": OWN, "data": {"key": "fw_x"}},
        }[shown]
        assert [client.request(**request).status_code for _ in range(7)] == [401] * 5 + [429] * 2
        assert client.get("/stores", headers=key).status_code == 200
        assert client.get("/catalogue").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_foreign_name_reads_nothing_on_a_machine_that_is_let_in(tmp_path, host):
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'w.db'}")
    _, secret = Keys(warehouse.database).create("k", Role.VIEWER, warehouse.now())
    policy = policy_for(host, warehouse, loopback_open=True)
    app = create_app(warehouse, log=lambda _: None, policy=policy)
    with TestClient(app, client=("127.0.0.1", 5000)) as near:
        for name, status in {"evil.example:8642": 421, "localhost:8642": 200, "[::1]:8642": 200}.items():
            assert near.get("/stores", headers={"Host": name}).status_code == status
        with_key = {"Host": "shop.example", "X-API-Key": secret}
        assert near.get("/stores", headers=with_key).status_code == 200
    warehouse.close()


def test_a_route_added_without_a_declaration_is_closed_even_to_admins(office):
    @office.app.get("/secret")
    def secret() -> str:
        return "told"

    answer = office.client.get("/secret")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "undeclared")


def test_without_keys_the_server_is_open_and_with_one_it_is_not(office):
    assert office.client.get("/stores").status_code == 200
    key = office.key("first")
    office.reread()
    assert office.client.get("/stores").status_code == 401
    assert office.client.get("/stores", headers=key).status_code == 200
    assert office.client.get("/stores", headers={"X-API-Key": key["Authorization"][7:]}).status_code == 200


def test_revoking_the_last_key_opens_nothing(office):
    key = office.key("only", Role.ADMIN)
    office.keys.revoke("only", NOW)
    office.reread()
    assert office.client.get("/stores").status_code == 401
    assert office.client.get("/stores", headers=key).status_code == 401


def test_a_key_sees_its_stores_only(office):
    for store in ("A", "B"):
        event = EVENT | {"store_id": store}
        assert office.client.post("/events/ingest", json={"events": [event]}).json()["inserted"] == 1
    mine = office.key("mine", Role.VIEWER, "A")
    every = office.key("every")
    office.reread()
    get = office.client.get
    assert [store["store_id"] for store in get("/stores", headers=mine).json()] == ["A"]
    assert [store["store_id"] for store in get("/stores", headers=every).json()] == ["A", "B"]
    assert list(get("/health", headers=mine).json()["stores"]) == ["A"]
    assert get("/stores/A/metrics", headers=mine).json()["unique_visitors"] == 1
    assert get("/stores/B/metrics", headers=mine).status_code == 403
    page = get("/?all=1", headers=mine | {"Accept": "text/html"}).text
    assert "/ui/stores/A" in page
    assert "/ui/stores/B" not in page
    refused = get("/ui/stores/B", headers=mine | {"Accept": "text/html"})
    assert refused.status_code == 403
    assert "Not with this key" in refused.text


def test_events_of_another_store_are_refused_one_by_one(office):
    mine = office.key("till", Role.OPERATOR, "A")
    office.reread()
    other = EVENT | {"store_id": "B"}
    answer = office.client.post("/events/ingest", json={"events": [other, EVENT]}, headers=mine).json()
    assert (answer["received"], answer["inserted"]) == (2, 1)
    assert [(fault["index"], fault["code"]) for fault in answer["errors"]] == [(0, "forbidden")]
    assert [store.store_id for store in office.warehouse.stores()] == ["A"]


def test_a_refusal_calls_a_store_as_the_sender_did(office):
    store = {"id": "HIDDEN", "name": "Hidden", "timezone": "Asia/Kolkata", "aliases": ["store_1076"]}
    office.warehouse.register_site(Site.model_validate({"store": [store]}))
    mine = office.key("till", Role.OPERATOR, "A")
    office.reread()
    shipped = {
        "event_type": "entry",
        "id_token": "ID_1",
        "store_code": "store_1076",
        "camera_id": "cam1",
        "event_timestamp": "2026-03-03T10:00:00+00:00",
    }
    answer = office.client.post("/events/ingest", json={"events": [shipped]}, headers=mine)
    assert [fault["code"] for fault in answer.json()["errors"]] == ["forbidden"]
    assert "'store_1076'" in answer.text
    assert "HIDDEN" not in answer.text


def test_no_secret_is_in_what_is_logged_of_a_failure(office):
    office.keys.create("seen", Role.ADMIN, NOW)
    secrets = ["fw_" + "Ab-_9" * 9, "whsec_" + "Zz+/8=" * 6]

    @office.app.get("/fail", dependencies=[VIEWER])
    def fail() -> str:
        raise ValueError(f"[parameters: ({secrets[0]!r}, '{secrets[1]}')] postgresql://me:s3cr3t@db/w")

    key = office.key("k")
    office.reread()
    with TestClient(office.app, raise_server_exceptions=False) as client:
        assert client.get("/fail", headers=key).status_code == 500
    (line,) = [line for line in office.log if "failure" in line]
    assert "ValueError: [parameters: ('fw_…', 'whsec_…')] postgresql://me:…@db/w" in line["failure"]


def test_a_key_made_a_moment_ago_works_and_its_use_is_noted(office):
    office.key("first")
    office.reread()
    assert office.client.get("/stores").status_code == 401
    office.app.state.keys._read_at -= 0.2
    second = office.key("second")
    assert office.client.get("/stores", headers=second).status_code == 200
    office.reread()
    office.client.get("/stores", headers=second)
    deadline = time.monotonic() + 10
    while (used := {key.name: key.last_used for key in office.keys.all()})["second"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert used == {"first": None, "second": NOW}


def test_a_ring_that_cannot_be_read_for_another_reason_is_no_entry(office, monkeypatch):
    key = office.key("k")
    office.reread()
    assert office.client.get("/stores", headers=key).status_code == 200

    def broken(*_: Any) -> None:
        raise ValueError("a role that nobody knows")

    monkeypatch.setattr(office.app.state.keys._keys, "all", broken)
    office.reread()
    assert office.client.get("/stores", headers=key).status_code == 500


def test_no_secret_is_kept_logged_or_answered(office, tmp_path):
    headers = office.key("quiet", Role.ADMIN)
    secret = headers["Authorization"][7:]
    office.reread()
    office.client.get("/stores", headers=headers)
    office.client.get("/stores", headers={"X-API-Key": secret + "x"})
    office.client.post("/login", data={"key": secret})
    assert secret not in str(office.log)
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in content


def test_where_other_machines_reach_the_server_no_key_at_all_still_means_no_entry(tmp_path):
    for office in open_office(tmp_path, policy=AccessPolicy(always=True)):
        assert office.client.get("/stores").status_code == 401
        assert office.client.get("/livez").status_code == 200


HTML = {"Accept": "text/html,application/xhtml+xml"}
OWN = {"Origin": "http://testserver"}
BATCH = {"events": [EVENT]}


def log_in(office: Office, role: Role = Role.OPERATOR, **more: Any) -> str:
    """Log a browser in; the client keeps the cookie."""
    secret = office.key("browser", role, **more)["Authorization"][7:]
    office.reread()
    answer = office.client.post("/login", data={"key": secret, "next": "/ui/stores/A"}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/stores/A")
    return str(answer.headers["set-cookie"])


def test_a_browser_is_led_to_the_form_and_back(office):
    office.key("first")
    office.reread()
    answer = office.client.get("/ui/stores/A?day=2026-03-03", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fui%2Fstores%2FA%3Fday%3D2026-03-03"
    form = office.client.get(answer.headers["location"], headers=HTML)
    assert form.status_code == 200
    assert 'value="/ui/stores/A?day=2026-03-03"' in form.text
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert office.client.get("/stores", headers={"Accept": "application/json"}).status_code == 401


def test_a_session_is_kept_from_scripts_other_sites_and_plain_text(office):
    cookie = log_in(office).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    with TestClient(office.app, base_url="https://testserver", follow_redirects=False) as client:
        secret = office.key("other")["Authorization"][7:]
        office.reread()
        answer = client.post("/login", data={"key": secret}, headers={"Origin": "https://testserver"})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert secret not in answer.headers["set-cookie"]


def test_a_session_reads_writes_from_its_own_page_only_and_ends_on_request(office):
    log_in(office)
    assert office.client.get("/stores").status_code == 200
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        answer = office.client.post("/events/ingest", json=BATCH, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_page"), headers
    assert office.client.post("/events/ingest", json=BATCH, headers=OWN).json()["inserted"] == 1
    assert office.client.get("/ui/stores/A", headers=HTML).status_code == 200
    copied = {"Cookie": f"{COOKIE}={office.client.cookies[COOKIE]}"}
    office.client.post("/logout", headers=OWN)
    assert office.client.get("/stores").status_code == 401
    office.client.cookies.clear()
    assert office.client.get("/stores", headers=copied).status_code == 401
    for other in another_server(office):
        assert other.get("/stores", headers=copied).status_code == 401


def another_server(office: Office) -> Iterator[TestClient]:
    """A second process over the same database, with the same seal."""
    app = create_app(office.warehouse, log=lambda _: None)
    app.state.sessions._seal_key = office.app.state.sessions._seal_key
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_logging_out_ends_one_session_of_a_key_and_is_forgotten_when_it_would_have_ended(office):
    secret = office.key("browser")["Authorization"][7:]
    office.reread()
    cookies = []
    for _ in range(3):
        office.client.post("/login", data={"key": secret}, headers=OWN)
        cookies.append({"Cookie": f"{COOKIE}={office.client.cookies[COOKIE]}"})
        office.client.cookies.clear()
        office.now[0] += timedelta(days=2)

    def log_out(number: int) -> None:
        assert office.client.post("/logout", headers=OWN | cookies[number]).status_code == 303

    log_out(0)
    assert [office.client.get("/stores", headers=each).status_code for each in cookies] == [401, 200, 200]
    assert len(office.keys.ring().ended) == 1
    office.now[0] += timedelta(days=2)
    log_out(0)  # again, and a made-up one: nothing is kept of them
    office.client.post("/logout", headers=OWN | {"Cookie": f"{COOKIE}=a.b.99999999999.c"})
    log_out(2)
    assert len(office.keys.ring().ended) == 1


@pytest.mark.parametrize("by", ["key", "session"])
def test_an_open_stream_ends_soon_after_its_key(office, monkeypatch, by):
    monkeypatch.setattr("floorwalker.server.stream.HEARTBEAT_S", 0.05)
    office.client.post("/events/ingest", json=BATCH)
    secret = office.key("page")["Authorization"][7:]
    office.reread()
    headers = {"X-API-Key": secret}
    if by == "session":
        office.client.post("/login", data={"key": secret}, headers=OWN)
        headers = {"Cookie": f"{COOKIE}={office.client.cookies[COOKIE]}"}

    def end() -> None:
        if by == "key":
            office.keys.revoke("page", NOW)
        else:
            session = headers["Cookie"].split(".")[1]
            office.keys.end_session(session, NOW + timedelta(days=7), NOW)

    timer = threading.Timer(0.3, end)
    timer.start()
    # This client hands the answer out when it has ended: were the stream to last, so would this call.
    told = office.client.get("/stores/A/stream", headers=headers).text
    timer.join()
    assert "event: version" in told
    assert "event: heartbeat" in told


def test_a_session_ends_with_its_time_and_with_its_key(office):
    log_in(office)
    office.now[0] = NOW + timedelta(days=6)
    assert office.client.get("/stores").status_code == 200
    office.now[0] = NOW + timedelta(days=8)
    assert office.client.get("/stores").status_code == 401
    office.now[0] = NOW
    assert office.client.get("/stores").status_code == 200
    office.keys.revoke("browser", NOW)
    office.reread()
    assert office.client.get("/stores").status_code == 401


def test_a_session_cannot_be_made_or_stretched_by_hand(office):
    log_in(office)
    key_id, session_id, ends, seal = office.client.cookies["floorwalker_session"].split(".")
    key_id = f"{key_id}.{session_id}"
    for forged in (
        f"{key_id}.{int(ends) + 1}.{seal}",
        f"{key_id}.{ends}.",
        f"{key_id}.{ends}.{seal}x",
        "..",
        "",
    ):
        office.client.cookies.clear()
        office.client.cookies.set("floorwalker_session", forged)
        assert office.client.get("/stores").status_code == 401, forged


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/\n/x", ""])
def test_logging_in_leads_to_no_other_server(office, wanted):
    secret = office.key("k")["Authorization"][7:]
    office.reread()
    answer = office.client.post("/login", data={"key": secret, "next": wanted}, headers=OWN)
    assert answer.headers["location"] == "/"


def test_a_wrong_key_is_told_so_on_the_form(office):
    answer = office.client.post("/login", data={"key": "fw_wrong"}, headers=OWN)
    assert answer.status_code == 401
    assert "This key is unknown" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_foreign_page_cannot_write_where_no_key_is_needed_and_programs_can(office):
    answer = office.client.post("/events/ingest", json=BATCH, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert office.client.post("/events/ingest", json=BATCH).json()["inserted"] == 1


def test_a_foreign_name_that_leads_here_reads_nothing_where_no_key_is_needed(tmp_path):
    for office in open_office(tmp_path, policy=AccessPolicy(hosts=frozenset({"localhost"}))):
        answer = office.client.get("/stores", headers={"Host": "evil.example:8642"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (421, "misdirected_request")
        assert office.client.get("/stores", headers={"Host": "localhost:8642"}).status_code == 200
        key = office.key("k")
        office.reread()
        assert office.client.get("/stores", headers=key | {"Host": "shop.example"}).status_code == 200


def test_this_machine_may_be_let_in_without_a_key_and_no_other(tmp_path):
    for office in open_office(tmp_path, policy=AccessPolicy(loopback_open=True)):
        office.key("k")
        near = TestClient(office.app, client=("127.0.0.1", 5000))
        far = TestClient(office.app, client=("192.0.2.7", 5000))
        assert near.get("/stores").status_code == 200
        assert far.get("/stores").status_code == 401
        assert near.get("/stores", headers={"X-API-Key": "fw_wrong"}).status_code == 401


def test_while_the_database_is_away_known_keys_hold_and_unknown_ones_do_not(office, monkeypatch):
    key = office.key("k")
    office.reread()
    assert office.client.get("/stores", headers=key).status_code == 200

    def away(*_: Any) -> None:
        raise DatabaseAway("the database cannot be used: gone")

    monkeypatch.setattr(office.app.state.keys._keys, "all", away)
    office.reread()
    assert office.client.get("/stores", headers=key).status_code == 200
    assert office.client.get("/stores", headers={"X-API-Key": "fw_wrong"}).status_code == 401
    monkeypatch.undo()
    assert office.client.get("/stores", headers=key).status_code == 200


WHERE = "the database postgresql+psycopg://shop@db.internal:5432/shop cannot be used: connection refused"


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize(
    "path", ["/stores", "/", "/ui/stores/S1", "/stores/S1/metrics", "/health", "/webhooks"]
)
def test_nobody_is_told_where_a_database_that_is_away_lies(office, monkeypatch, path, accept):
    key = office.key("k", Role.ADMIN)
    office.reread()
    assert office.client.get("/stores", headers=key).status_code == 200

    def away(*_: Any, **__: Any) -> None:
        raise DatabaseAway(WHERE)

    monkeypatch.setattr(office.app.state.warehouse.database, "read", away)
    office.reread()
    refused = office.client.get(path, headers={"Accept": accept}, follow_redirects=False)
    assert refused.status_code == (303 if accept == "text/html" else 401)
    answer = office.client.get(path, headers=key | {"Accept": accept})
    assert answer.status_code == 503
    assert office.log[-1]["reason"] == WHERE
    for text in (refused.text, answer.text):
        assert not any(word in text for word in ("postgresql", "db.internal", "5432", "refused", "shop@"))


def test_a_server_that_never_saw_the_keys_is_503_until_it_does(office, monkeypatch):
    def away(*_: Any) -> None:
        raise DatabaseAway("the database cannot be used: gone")

    monkeypatch.setattr(office.app.state.keys._keys, "all", away)
    answer = office.client.get("/stores")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_away")
    assert office.client.get("/livez").status_code == 200
    monkeypatch.undo()
    office.reread()
    assert office.client.get("/stores").status_code == 200


OF_THE_API = [
    (method, path)
    for method, path, route in ROUTES
    if getattr(route, "include_in_schema", False) and path not in ("/livez", "/readyz", "/metrics")
]


@pytest.mark.parametrize(("method", "path"), [each for each in OF_THE_API if each[0] == "GET"])
def test_no_call_takes_a_parameter_that_it_does_not_know(callers, method, path):
    client, headers = callers
    address = re.sub(r"\{[^}]*\}", "A", path)
    answer = client.request(method, f"{address}?dya=2026-03-03", headers=headers["admin"])
    if answer.status_code != 400:
        assert path.endswith("/stream") or path.startswith("/ui"), (path, answer.status_code)
    else:
        assert answer.json()["error"]["code"] == "unknown_parameter"


def test_a_correction_says_whose_key_was_shown_whatever_name_is_given(office):
    office.client.post("/events/ingest", json=BATCH)
    asha, ben = office.key("asha", Role.OPERATOR), office.key("ben", Role.OPERATOR)
    office.reread()
    staff = {"type": "staff", "visitor": "VIS_c8a2f1", "value": True}
    body = {"day": "2026-03-03", "by": "the manager", "statements": [staff]}
    made = office.client.post("/stores/A/corrections", json=body, headers=asha).json()["correction"]
    assert (made["by"], made["key_name"]) == ("the manager", "asha")
    address = f"/stores/A/corrections/{made['correction_id']}/undo"
    office.client.post(address, json={"by": "asha"}, headers=ben)
    (listed,) = office.client.get("/stores/A/corrections?day=2026-03-03", headers=ben).json()["corrections"]
    assert (listed["by"], listed["key_name"]) == ("the manager", "asha")
    assert (listed["undone_by"], listed["undone_key_name"]) == ("asha", "ben")
