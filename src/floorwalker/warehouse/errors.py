"""What can go wrong between the program and its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from floorwalker.errors import InputError, WorkError

# PostgreSQL's codes for a table or column that is not there, or another one than a moment ago: a newer
# program upgraded the tables while this one was running, or somebody emptied the database.
_OTHER_TABLES = frozenset({"42P01", "42703", "0A000"})
_READ_ONLY = "25006"  # a standby, or a server that takes no writing while it changes over


class DatabaseAway(WorkError):
    """The database cannot be reached, is locked, or has no room: the same call may work later."""


class UnknownStore(InputError):
    """Nobody registered this store and no event or transaction names it."""

    def __init__(self, store_id: str) -> None:
        super().__init__(f"no store {store_id!r} is known here")
        self.store_id = store_id


@contextmanager
def database_errors(where: str) -> Iterator[None]:
    """Turn the driver's failures into `DatabaseAway`; mistakes of this program stay what they are.

    Args:
        where: the database, as a person would recognise it, without its password.

    Raises:
        DatabaseAway: the same call may work later.
        InputError: it was asked about a text that it cannot hold; on PostgreSQL one with a zero byte.
    """
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise DatabaseAway(f"the database {where} cannot be used: {_reason(error)}") from error
    except exc.DataError as error:
        # Whoever sent the value reads this: not where the database lies.
        raise InputError(f"the database cannot hold such a value: {_reason(error)}") from error
    except exc.DBAPIError as error:
        # SQLite says "not a database" and "malformed" with the base class of its errors only.
        is_broken = error.connection_invalidated or type(error.orig).__name__ == "DatabaseError"
        if is_broken or getattr(error.orig, "sqlstate", None) in _OTHER_TABLES | {_READ_ONLY}:
            raise DatabaseAway(f"the database {where} cannot be used: {_reason(error)}") from error
        raise


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    # What follows the first line may show a row: PostgreSQL's DETAIL.
    return " ".join(str(cause).partition("\nDETAIL:")[0].split())[:300]
