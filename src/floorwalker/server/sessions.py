"""A browser's session: a cookie that names a key and proves that its secret was once shown here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floorwalker.errors import WorkError
from floorwalker.warehouse.keys import ApiKey, KeyRing

COOKIE = "floorwalker_session"
LIFETIME = timedelta(days=7)
_SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session.

    Attributes:
        key: whose secret was shown.
        session_id: a UUID.
        ends: when it ends by itself.
    """

    key: ApiKey
    session_id: str
    ends: datetime


class Sessions:
    """Makes and reads sessions.

    A session is `key id . session id . end . seal`, the seal an HMAC over the others and the key's digest:
    it ends with the key. Only of those that ended before their time is a list kept, with the keys.

    Args:
        seal_key: at least 32 random bytes that never leave the server.
    """

    def __init__(self, seal_key: bytes) -> None:
        self._seal_key = seal_key

    def begin(self, key: ApiKey, now: datetime) -> str:
        """The cookie's value for a key whose secret was just shown."""
        ends = now + LIFETIME if key.expires is None else min(now + LIFETIME, key.expires)
        place = f"{key.key_id}.{uuid.uuid4()}.{int(ends.timestamp())}"
        return f"{place}.{self._seal(place, key)}"

    def key_of(self, cookie_header: str, ring: KeyRing, now: datetime) -> ApiKey | None:
        """The key of a request's cookies; None where there is no session, or one that has ended."""
        session = self.read(cookie_header, ring)
        return session.key if session is not None and now < session.ends else None

    def read(self, cookie_header: str, ring: KeyRing) -> Session | None:
        """The session of a request's cookies, unless it was ended; its time may be over."""
        value = _cookie(cookie_header)
        if value is None or value.count(".") != 3:
            return None
        place, _, seal = value.rpartition(".")
        key_id, session_id, ends = place.split(".")
        key = ring.by_id(key_id)
        if key is None or not hmac.compare_digest(seal.encode(), self._seal(place, key).encode()):
            return None
        if session_id in ring.ended:
            return None
        return Session(key, session_id, datetime.fromtimestamp(int(ends), UTC))

    def _seal(self, place: str, key: ApiKey) -> str:
        sealed = hmac.digest(self._seal_key, f"{place}.{key.digest}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def seal_key_in(folder: Path) -> bytes:
    """The server's own seal key from its state folder, made at first; only the owner may read it.

    Raises:
        WorkError: the file can be neither read nor made.
    """
    path = folder / "session.key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            content = path.read_bytes()
            if len(content) >= _SEAL_BYTES:
                return content
            raise WorkError(f"{path} is not a seal key; remove it, and browsers log in anew") from None
        with os.fdopen(place, "wb") as file:
            content = secrets.token_bytes(_SEAL_BYTES)
            file.write(content)
        return content
    except OSError as error:
        raise WorkError(f"{path}: {error.strerror or error}") from error


def fresh_seal_key() -> bytes:
    """A seal key that ends with the process."""
    return secrets.token_bytes(_SEAL_BYTES)


def _cookie(header: str) -> str | None:
    # By hand: http.cookies gives up on all cookies where one of another program is malformed.
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None
