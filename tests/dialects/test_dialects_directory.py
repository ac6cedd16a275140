"""One store under all its names, and the zone of its clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from floorwalker.dialects import StoreIdentity
from floorwalker.errors import InputError
from floorwalker.site import Site
from floorwalker.site.check import site_problems
from floorwalker.site.names import canonical_store_id
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.directory import WarehouseStores, tell_timezone

KOLKATA = ZoneInfo("Asia/Kolkata")


def site(*stores):
    return Site.model_validate({"store": [{"timezone": "Asia/Kolkata", **store} for store in stores]})


@pytest.fixture
def warehouse(database_url):
    opened = Warehouse(database_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["store_1076", "ST1076", "st-1076", "Store 1076", " store1076 "])
def test_a_numbered_store_has_one_name(name):
    assert canonical_store_id(name) == "ST1076"


@pytest.mark.parametrize("name", ["STORE_BLR_002", "S1", "", "ST", "ST10x", "THE_STORE_1", "ST١٢"])
def test_other_names_stay_as_they_are(name):
    assert canonical_store_id(name) == name


def test_a_store_is_found_by_each_of_its_names(warehouse):
    warehouse.register_site(site({"id": "BRIGADE", "aliases": ["store_1076", "Bangalore 2"]}))
    stores = WarehouseStores(warehouse.database)
    for name in ("BRIGADE", "store_1076", "ST1076", "st_1076", "Bangalore 2"):
        assert stores.find(name) == StoreIdentity("BRIGADE", KOLKATA)
    assert stores.find("ST1077") == StoreIdentity("ST1077", None)


def test_what_a_new_site_file_says_holds_for_the_next_batch(warehouse):
    assert WarehouseStores(warehouse.database).find("store_7").zone is None
    warehouse.register_site(site({"id": "ST7"}))
    assert WarehouseStores(warehouse.database).find("store_7") == StoreIdentity("ST7", KOLKATA)
    warehouse.register_site(site({"id": "ST7", "timezone": "Europe/Berlin"}, {"id": "X", "aliases": ["Y"]}))
    warehouse.register_site(site({"id": "X", "aliases": ["Z"]}))
    stores = WarehouseStores(warehouse.database)
    assert stores.find("store_7") == StoreIdentity("ST7", ZoneInfo("Europe/Berlin"))
    assert [stores.find(name).store_id for name in "XYZ"] == ["X", "Y", "X"]


def test_an_alias_may_move_within_a_site_file(warehouse):
    warehouse.register_site(site({"id": "A", "aliases": ["N"]}, {"id": "B"}))
    warehouse.register_site(site({"id": "A"}, {"id": "B", "aliases": ["N"]}))
    assert WarehouseStores(warehouse.database).find("N").store_id == "B"


def test_a_name_belongs_to_one_store():
    both = site({"id": "ST7"}, {"id": "B", "aliases": ["store_7"]})
    (problem,) = [p for p in site_problems(both, None) if "aliases" in p.place]
    assert "'ST7' is a name of store 'ST7' already" in problem.message


def test_a_name_that_another_site_file_gave_is_refused_and_nothing_changed(warehouse):
    warehouse.register_site(site({"id": "A", "aliases": ["N"]}))
    with pytest.raises(InputError, match="as store A is already"):
        warehouse.register_site(site({"id": "B", "aliases": ["N"]}))
    assert [store.store_id for store in warehouse.stores()] == ["A"]


def test_a_zone_told_on_the_command_line_holds_where_no_site_file_speaks(warehouse):
    warehouse.register_site(site({"id": "A"}))
    with warehouse.database.write() as connection:
        tell_timezone(connection, ["A", "ST9"], "Europe/Berlin", 0)
    stores = WarehouseStores(warehouse.database, ZoneInfo("America/Lima"))
    assert stores.find("A").zone == KOLKATA
    assert stores.find("store_9").zone == ZoneInfo("Europe/Berlin")
    assert stores.find("ST10").zone == ZoneInfo("America/Lima")
    before = warehouse.versions()["ST9"]
    with warehouse.database.write() as connection:
        tell_timezone(connection, ["ST9"], "Europe/Berlin", 0)
    assert warehouse.versions()["ST9"] == before
