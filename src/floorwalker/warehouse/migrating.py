"""The version of the tables: what a database has, what this program needs, the way from one to the other."""

from __future__ import annotations

import logging
import threading
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text
from sqlalchemy.engine import Inspector

from floorwalker.errors import InputError
from floorwalker.warehouse.schema import metadata

FIRST = "0001"
HEAD = "0003"
KNOWN = (FIRST, "0002", HEAD)  # oldest first
_VERSIONS = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_LOCK_KEY = 0x666C6F6F72  # of the advisory lock by which processes take turns at the tables
_LOG = logging.getLogger("floorwalker.warehouse")
# Alembic keeps the connection that it works on in a module of its own: one upgrade at a time.
_ONE_AT_A_TIME = threading.Lock()


class Standing(StrEnum):
    """How a database's tables stand to this program."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


def found_version(connection: Connection) -> tuple[Standing, str | None]:
    """How the tables stand, and their version where they have one; changes nothing."""
    inspector = inspect(connection)
    names = set(inspector.get_table_names())
    if _VERSIONS.name in names:
        version = connection.scalar(select(_VERSIONS.c.version_num))
        if version == HEAD:
            return Standing.CURRENT, HEAD
        if version in KNOWN:
            return Standing.OLDER, version
        if version is not None:
            return Standing.NEWER, version
    if not names & set(metadata.tables):
        return Standing.EMPTY, None
    # The first release wrote down no version; nobody else keeps an event's fingerprint in this column.
    if _is_first_release(inspector, names):
        return Standing.OLDER, FIRST
    return Standing.FOREIGN, None


def bring_up_to_date(connection: Connection, place: str) -> str | None:
    """Make the tables what this program needs, within the connection's transaction.

    Args:
        connection: a writing transaction; whatever happens half-way is undone with it.
        place: the database, as a person would recognise it.

    Returns:
        The version it had; None where it was empty.

    Raises:
        InputError: a newer program made the tables, or another program did; nothing was touched.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process's upgrade takes its time
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    standing, version = found_version(connection)
    check(standing, version, place)
    if standing is Standing.EMPTY:
        metadata.create_all(connection)
        _stamp(connection, HEAD)
    elif standing is Standing.OLDER:
        _upgrade(connection, version)
        _LOG.warning("the database %s was upgraded from version %s to %s", place, version, HEAD)
    return version


def check(standing: Standing, version: str | None, place: str) -> None:
    """Refuse tables that this program cannot work with.

    Raises:
        InputError: as for `bring_up_to_date`.
    """
    if standing is Standing.NEWER:
        raise InputError(
            f"the database {place} has version {version} and was made by a newer Floorwalker; this one "
            f"knows versions {KNOWN[0]} to {HEAD}: update the program, nothing was changed"
        )
    if standing is Standing.FOREIGN:
        raise InputError(
            f"the database {place} has tables of the same names that no release of Floorwalker made; "
            "give it a database of its own, nothing was changed"
        )


def _is_first_release(inspector: Inspector, names: set[str]) -> bool:
    expected = {"stores", "events", "resolutions", "transactions", "runs", "recordings"}
    return expected <= names and "digest" in {column["name"] for column in inspector.get_columns("events")}


def _stamp(connection: Connection, version: str) -> None:
    _VERSIONS.create(connection, checkfirst=True)
    connection.execute(_VERSIONS.delete())
    connection.execute(insert(_VERSIONS).values(version_num=version))


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command  # a fifth of a second that only an upgrade is worth
    from alembic.config import Config

    if version is not None:
        _stamp(connection, version)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
