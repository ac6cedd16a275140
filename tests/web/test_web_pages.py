"""Pages without a browser: what is rendered, escaped, cached and refused."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from floorwalker.server.app import create_app
from floorwalker.site import Site, Store
from floorwalker.warehouse import DatabaseAway, Warehouse

HOSTILE = "\"><script>alert(1)</script>{{ 7*7 }} & <b>'"


def make_store(store_id: str, name: str = "", timezone: str = "Asia/Kolkata") -> Store:
    return Store.model_validate({"id": store_id, "name": name, "timezone": timezone})


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = Warehouse(f"sqlite:///{tmp_path / 'floorwalker.db'}")
    yield opened
    opened.close()


@pytest.fixture
def client(warehouse: Warehouse) -> TestClient:
    return TestClient(create_app(warehouse, log=lambda _: None), follow_redirects=False)


def register(warehouse: Warehouse, *stores: Store) -> None:
    warehouse.register_site(
        Site.model_validate({"store": [store.model_dump(by_alias=True) for store in stores]})
    )


def test_empty_database_says_what_to_do(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "No store yet" in answer.text
    assert "floorwalker demo" in answer.text


def test_one_store_is_gone_to_directly(client: TestClient, warehouse: Warehouse) -> None:
    register(warehouse, make_store("S 1?é"))
    answer = client.get("/")
    assert answer.status_code == 307
    page = client.get(answer.headers["location"])
    assert page.status_code == 200
    assert 'data-store="S 1?é"' in page.text
    assert client.get("/?all=1").status_code == 200


def test_several_stores_are_listed(client: TestClient, warehouse: Warehouse) -> None:
    register(warehouse, make_store("A", "Alpha"), make_store("B", "Beta"))
    text = client.get("/").text
    assert re.findall(r'href="(/ui/stores/[^"]+)">([^<]+)<', text) == [
        ("/ui/stores/A", "Alpha"),
        ("/ui/stores/B", "Beta"),
    ]


@pytest.mark.parametrize("path", ["/", "/ui/stores/X", "/ui/stores/nowhere"])
def test_hostile_names_stay_text(client: TestClient, warehouse: Warehouse, path: str) -> None:
    register(warehouse, make_store("X", HOSTILE), make_store(HOSTILE.replace("/", ""), HOSTILE))
    text = client.get(path).text
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert html.escape("{{ 7*7 }}") in text
    assert HOSTILE in html.unescape(text)


def test_hostile_address_is_only_shown(client: TestClient) -> None:
    answer = client.get("/ui/stores/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "No such store" in answer.text


@pytest.mark.parametrize(
    "path", ["/ui", "/ui/nowhere", "/ui/static/x/nothing.js", "/ui/static/x/../../pages.py"]
)
def test_unknown_pages_are_designed(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "No such page" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/ui/stores/A", "/ui/nowhere"])
def test_database_away_is_a_page(
    client: TestClient, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: object) -> None:
        raise DatabaseAway("the database cannot be used: disk I/O error")

    monkeypatch.setattr(warehouse, "stores", away)
    monkeypatch.setattr(warehouse, "store", away)
    answer = client.get(path)
    assert answer.status_code == 503
    assert "The database is away" in answer.text
    assert "disk I/O error" not in answer.text  # the log says why: a page is for anybody


def test_pages_allow_nothing_foreign(client: TestClient, warehouse: Warehouse) -> None:
    register(warehouse, make_store("A"))
    answer = client.get("/ui/stores/A")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "<script>" not in answer.text  # no inline script: the policy would stop it
    assert not re.search(r"\son\w+=", answer.text)


def test_no_source_names_a_foreign_address() -> None:
    room = resources.files("floorwalker.web")
    pending = [room / "templates", room / "static"]
    while pending:
        for entry in pending.pop().iterdir():
            if entry.is_dir():
                pending.append(entry)
            else:
                addresses = re.findall(r"https?://[^\s\"')]+", entry.read_text())
                assert set(addresses) <= {"http://www.w3.org/2000/svg"}, entry


def test_everything_a_page_loads_is_there_and_kept(client: TestClient, warehouse: Warehouse) -> None:
    register(warehouse, make_store("A"))
    page = client.get("/ui/stores/A").text
    addresses = set(re.findall(r'(?:href|src|data-plotly)="(/ui/static/[^"]+)"', page))
    assert any(address.endswith("plotly.min.js") for address in addresses)
    assert any(address.endswith("css/tokens.css") for address in addresses)
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


def test_modules_import_only_what_is_there() -> None:
    room = resources.files("floorwalker.web") / "static" / "js"
    for folder in (room, room / "sections"):
        for entry in folder.iterdir():
            if entry.is_file():
                for target in re.findall(r'from "([^"]+)"', entry.read_text()):
                    assert target.startswith("."), "a bare name would need a build step"
                    assert folder.joinpath(*target.split("/")).is_file(), (entry.name, target)


def test_plotly_is_compressed_on_request(client: TestClient) -> None:
    page = client.get("/").text
    address = re.search(r'data-plotly="([^"]+)"', page)
    assert address is not None
    plain = client.get(address[1], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with client.stream("GET", address[1], headers={"Accept-Encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
    assert len(sent) < len(plain.content) / 2
    assert gzip.decompress(sent) == plain.content


def test_outdated_address_is_not_kept(client: TestClient) -> None:
    answer = client.get("/ui/static/000000000000/css/tokens.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
