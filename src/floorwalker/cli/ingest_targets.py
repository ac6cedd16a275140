"""Where `floorwalker ingest` sends events: the database, or a server."""

from __future__ import annotations

import gzip
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from floorwalker.errors import InputError, WorkError
from floorwalker.server.ingest_batch import MAX_EVENTS, Answer, take_batch
from floorwalker.warehouse import EventFault, Warehouse
from floorwalker.warehouse.directory import WarehouseStores, tell_timezone
from floorwalker.warehouse.records import to_us

_DATABASE_BATCH = 2000
_MAX_BYTES = 4_000_000
_SAMPLES = 50
_ATTEMPTS = 6
_LONGEST_PAUSE_S = 60.0
_TIMEOUT_S = 60


class Target(Protocol):
    """Takes batches of lines, each one event of any schema.

    Attributes:
        name: what tells it from other targets.
        batch: how many lines it takes at once.
    """

    name: str
    batch: int

    def send(self, lines: Sequence[bytes]) -> Answer:
        """Take a batch; what is reported is kept. Indexes of errors are places among the lines."""


class DatabaseTarget:
    """The configured database.

    Args:
        warehouse: opened on it.
        timezone: IANA name for stores of which nobody told it; None: theirs stays unknown.
    """

    batch = _DATABASE_BATCH

    def __init__(self, warehouse: Warehouse, timezone: str | None = None) -> None:
        self._warehouse = warehouse
        self._timezone = timezone
        self._told: set[str] = set()
        self.name = warehouse.database.place

    def send(self, lines: Sequence[bytes]) -> Answer:
        """Add a batch; a file is no live feed."""
        answer, stores = take_batch(
            self._warehouse,
            b"\n".join(lines),
            is_lines=True,
            directory=WarehouseStores(
                self._warehouse.database, ZoneInfo(self._timezone) if self._timezone else None
            ),
            live=False,
            limit=self.batch,
        )
        if self._timezone and (new := sorted(stores - self._told)):
            with self._warehouse.database.write() as connection:
                tell_timezone(connection, new, self._timezone, to_us(self._warehouse.now()))
            self._told.update(new)
        return answer


class ServerTarget:
    """A server's `/events/ingest`; a batch that may not have arrived is sent again, which changes nothing.

    Args:
        url: the server's address, `http://127.0.0.1:8642`.
        key: an API key of it; None: none is sent.

    Raises:
        InputError: not an http address.
    """

    batch = MAX_EVENTS

    def __init__(self, url: str, key: str | None = None) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise InputError(f"--url: expected an address such as http://127.0.0.1:8642, got {url!r}")
        self.name = self._address = url.rstrip("/") + "/events/ingest"
        self._headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def send(self, lines: Sequence[bytes]) -> Answer:
        """Post a batch, up to six times while the server or its database is away, later where it asks so."""
        body = gzip.compress(b"\n".join(lines), 1)
        failures = 0
        while True:
            try:
                return self._post(body)
            except (urllib.error.URLError, HTTPException, OSError) as error:
                status = getattr(error, "code", None)
                if status is not None and status not in (429, 502, 503, 504):
                    raise InputError(f"{self._address} refused the events: {_explain(error)}") from error
                failures += status != 429  # being asked to wait is no failure
                if failures == _ATTEMPTS:
                    raise WorkError(f"{self._address} cannot be reached: {_explain(error)}") from error
                time.sleep(_asked_pause_s(error) or 0.25 * 2**failures)

    def _post(self, body: bytes) -> Answer:
        request = urllib.request.Request(self._address, data=body, headers=self._headers, method="POST")
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read()
        try:
            return msgspec.json.decode(content, type=Answer)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InputError(f"{self._address} is not a Floorwalker server: {error}") from error


def _asked_pause_s(error: Exception) -> float:
    """The pause that a server asks for, bounded; 0 where it asks for none."""
    headers = getattr(error, "headers", None)
    try:
        asked = float(headers.get("Retry-After", "0")) if headers is not None else 0.0
    except ValueError:  # a date
        return 1.0
    return min(max(asked, 0.0), _LONGEST_PAUSE_S)


def _explain(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        try:
            body: Any = msgspec.json.decode(error.read())
            return f"{error.code} {body['error']['message']}"
        except (msgspec.DecodeError, UnicodeError, KeyError, TypeError, OSError):
            return f"{error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error)


@dataclass(slots=True)
class Tally:
    """What became of a file: received = inserted + duplicates + rejected.

    Attributes:
        codes: rejected lines by reason.
        samples: the first of them; `index` is the line's number in the file.
    """

    received: int = 0
    inserted: int = 0
    duplicates: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    samples: list[EventFault] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Lines that were not taken."""
        return sum(self.codes.values())

    def reject(self, fault: EventFault) -> None:
        """Count one rejected line."""
        self.codes[fault.code] = self.codes.get(fault.code, 0) + 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(fault)

    def summary(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return {
            "received": self.received,
            "inserted": self.inserted,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "reasons": self.codes,
            "errors": [
                {"line": f.index, "event_id": f.event_id, "code": f.code, "message": f.message}
                for f in self.samples
            ],
        }


def parts_of(lines: Sequence[bytes], batch: int) -> list[Sequence[bytes]]:
    """Batches that no target finds too long."""
    parts: list[Sequence[bytes]] = []
    start = size = 0
    for place, line in enumerate(lines):
        if place > start and (place - start == batch or size + len(line) > _MAX_BYTES):
            parts.append(lines[start:place])
            start, size = place, 0
        size += len(line) + 1
    return [*parts, lines[start:]] if start < len(lines) else parts
