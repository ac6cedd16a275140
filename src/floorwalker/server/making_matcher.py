"""The matcher that a server's settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from floorwalker.adapters.mongo import open_entries
from floorwalker.identity.matching.attribute_schema import read_schema
from floorwalker.identity.matching.bucket_log import EntryStore
from floorwalker.identity.matching.calibration import Calibration, read_calibration
from floorwalker.identity.matching.choose_encoder import choose_encoder
from floorwalker.identity.matching.doors import Doors, doors_of
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.rules import Rule, Rules
from floorwalker.settings import Settings
from floorwalker.warehouse import UnknownStore, Warehouse
from floorwalker.warehouse.entries import SqlEntries


def matcher_of(warehouse: Warehouse, settings: Settings) -> Matcher:
    """The matcher with the encoder, the thresholds and the store that are set.

    Thresholds belong to an encoder: those that are set, else the calibration's, else its own.

    Raises:
        InputError: the network, the attributes or the calibration cannot be read or do not belong together.
    """
    doors = doors_in(warehouse, settings.reid_elsewhere_s)
    return matcher_over(entry_store_of(warehouse, settings), settings, doors)


def matcher_over(store: EntryStore, settings: Settings, doors: Callable[[str], Doors]) -> Matcher:
    """The same over any store of entries, with doors from anywhere."""
    schema = None if settings.attr_schema is None else read_schema(settings.attr_schema)
    encoder = choose_encoder(settings.model_ckpt, schema)
    found = encoder.thresholds
    calibration = calibration_of(settings)
    if calibration is not None and settings.reid_calibration is not None:
        calibration.check_encoder(encoder.fingerprint, settings.reid_calibration)
        found = calibration.thresholds
    rules = Rules(
        found.threshold if settings.threshold is None else settings.threshold,
        found.margin if settings.margin is None else settings.margin,
        settings.topk,
        Rule(settings.reid_rule),
    )
    return Matcher(store, encoder, rules, doors_of=doors)


def calibration_of(settings: Settings) -> Calibration | None:
    """What a cosine is worth, where the settings name a file that says it.

    Raises:
        InputError: there is no such file, or it is no calibration.
    """
    return None if settings.reid_calibration is None else read_calibration(settings.reid_calibration)


def entry_store_of(warehouse: Warehouse, settings: Settings) -> EntryStore:
    """Where the entries are: MongoDB where one is set, else the operational store.

    Raises:
        InputError: the address of MongoDB is none, or its driver is not installed.
        DatabaseAway: it does not answer.
    """
    if settings.mongo_uri is None:
        return SqlEntries(warehouse.database, warehouse.now)
    return open_entries(settings.mongo_uri, settings.mongo_db)


def plain_matcher(warehouse: Warehouse) -> Matcher:
    """The matcher where nothing is set: the mean as encoder, entries in the operational store."""
    store = SqlEntries(warehouse.database, warehouse.now)
    return Matcher(store, MeanEncoder(), doors_of=doors_in(warehouse))


def doors_in(warehouse: Warehouse, elsewhere_s: float = Doors().elsewhere_s) -> Callable[[str], Doors]:
    """Gives where the cameras of a store are, as its site file says."""

    def doors(store_id: str) -> Doors:
        try:
            site = warehouse.store(store_id).site
        except UnknownStore:
            site = None
        return Doors(elsewhere_s=elsewhere_s) if site is None else doors_of(site, elsewhere_s)

    return doors
