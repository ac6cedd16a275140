"""What can go wrong between the program and its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from floorwalker.errors import InputError, WorkError


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
    """
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise DatabaseAway(f"the database {where} cannot be used: {_reason(error)}") from error
    except exc.DBAPIError as error:
        # SQLite says "not a database" and "malformed" with the base class of its errors only.
        if error.connection_invalidated or type(error.orig).__name__ == "DatabaseError":
            raise DatabaseAway(f"the database {where} cannot be used: {_reason(error)}") from error
        raise


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:300]
