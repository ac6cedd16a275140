"""API keys: who may ask, for which stores, until when."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from floorwalker.errors import InputError
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import api_keys, ended_sessions

PREFIX = "fw_"
_SECRET_BYTES = 32
_LONGEST_NAME = 100


class Role(StrEnum):
    """What a key may do; each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what another one may."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is kept: the secret itself is not.

    Attributes:
        key_id: its public id.
        name: whose it is, for people.
        digest: SHA-256 of the secret, hexadecimal.
        role: what it may do.
        stores: for which stores; None: all.
        created: UTC.
        expires: UTC, from then on it is refused; None: never.
        revoked: UTC; None: not revoked.
        last_used: UTC, to the minute; None: never.
    """

    key_id: str
    name: str
    digest: str
    role: Role
    stores: frozenset[str] | None
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


def digest_of(secret: str) -> str:
    """The form in which a secret is kept and looked up.

    A plain SHA-256, no slow hash: a secret is 256 random bits, not a word that somebody chose, so there is
    nothing to guess faster, and every request pays for it.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class KeyRing:
    """All keys at one moment, found by their secret, and the sessions that ended before their time.

    Args:
        keys: in any order.
        ended: ids of sessions.
    """

    def __init__(self, keys: Iterable[ApiKey] = (), ended: Iterable[str] = ()) -> None:
        self.ended = frozenset(ended)
        self._by_digest = {key.digest: key for key in keys}
        self._by_id = {key.key_id: key for key in self._by_digest.values()}

    def __len__(self) -> int:
        """How many keys were ever made, the revoked and expired ones included."""
        return len(self._by_id)

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret, whatever its state."""
        digest = digest_of(secret)
        key = self._by_digest.get(digest)
        return key if key is not None and hmac.compare_digest(key.digest, digest) else None

    def by_id(self, key_id: str) -> ApiKey | None:
        """The key of an id, whatever its state."""
        return self._by_id.get(key_id)


class Keys:
    """The keys of one database.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        role: Role,
        now: datetime,
        *,
        stores: Collection[str] | None = None,
        expires: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key.

        Args:
            name: for people; no other key in use may have it.
            role: what it may do.
            now: the present.
            stores: for which stores; None: all. A store need not be known yet.
            expires: from when on it is refused; None: never.

        Returns:
            The key, and its secret, which nobody can find out again.

        Raises:
            InputError: the name, the stores or the end cannot be.
        """
        _check(name, stores, expires, now)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=str(uuid.uuid4()),
            name=name,
            digest=digest_of(secret),
            role=role,
            stores=None if stores is None else frozenset(stores),
            created=now,
            expires=expires,
            revoked=None,
            last_used=None,
        )
        with self._database.write() as connection:
            taken = connection.execute(
                select(api_keys.c.key_id).where(
                    api_keys.c.name == name,
                    api_keys.c.revoked_us.is_(None),
                    or_(api_keys.c.expires_us.is_(None), api_keys.c.expires_us > to_us(now)),
                )
            ).first()
            if taken:
                raise InputError(f"a key named {name!r} is in use; choose another name or revoke it first")
            connection.execute(insert(api_keys).values(**_row(key)))
        return key, secret

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_us, api_keys.c.key_id))
            return [_key(row) for row in rows]

    def ring(self) -> KeyRing:
        """Every key, and the sessions that ended before their time."""
        with self._database.read() as connection:
            ended = connection.scalars(select(ended_sessions.c.session_id)).all()
        return KeyRing(self.all(), ended)

    def end_session(self, session_id: str, ends: datetime, now: datetime) -> None:
        """Have a session refused from now on, by every server of this database.

        Args:
            session_id: which.
            ends: when it ends by itself; then it is forgotten.
            now: the present.
        """
        with self._database.write() as connection:
            mine = ended_sessions.c
            connection.execute(
                delete(ended_sessions).where(or_(mine.ends_us < to_us(now), mine.session_id == session_id))
            )
            connection.execute(insert(ended_sessions).values(session_id=session_id, ends_us=to_us(ends)))

    def revoke(self, which: str, now: datetime) -> ApiKey:
        """Have a key refused from now on; a revoked one stays as it is.

        Args:
            which: its id, or the name of one that is not revoked.
            now: the present.

        Raises:
            InputError: there is no such key.
        """
        keys = self.all()
        found = [key for key in keys if key.key_id == which] or [
            key for key in keys if key.name == which and key.revoked is None
        ]
        if not found:
            raise InputError(f"there is no key {which!r}; `floorwalker keys list` shows all of them")
        with self._database.write() as connection:
            # Several only where an expired one left its name to another.
            connection.execute(
                update(api_keys)
                .where(api_keys.c.key_id.in_([key.key_id for key in found]), api_keys.c.revoked_us.is_(None))
                .values(revoked_us=to_us(now))
            )
        return next(key for key in self.all() if key.key_id == found[-1].key_id)

    def note_use(self, key_ids: Collection[str], now: datetime) -> None:
        """Write down that keys were used; the caller sees to it that this is not done at every request."""
        with self._database.write() as connection:
            connection.execute(
                update(api_keys).where(api_keys.c.key_id.in_(sorted(key_ids))).values(last_used_us=to_us(now))
            )


def _check(name: str, stores: Collection[str] | None, expires: datetime | None, now: datetime) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"a key's name is 1 to {_LONGEST_NAME} printable characters, got {name!r}")
    if stores is not None and (not stores or not all(stores)):
        raise InputError("a key is for at least one store, or for all of them")
    if expires is not None and expires <= now:
        raise InputError(f"a key cannot expire in the past, got {expires.isoformat()}")


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "hash": key.digest,
        "role": key.role.value,
        "stores": None if key.stores is None else json.dumps(sorted(key.stores)),
        "created_us": to_us(key.created),
        "expires_us": None if key.expires is None else to_us(key.expires),
    }


def _key(row: Any) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        digest=row.hash,
        role=Role(row.role),
        stores=None if row.stores is None else frozenset(json.loads(row.stores)),
        created=from_us(row.created_us),
        expires=None if row.expires_us is None else from_us(row.expires_us),
        revoked=None if row.revoked_us is None else from_us(row.revoked_us),
        last_used=None if row.last_used_us is None else from_us(row.last_used_us),
    )
