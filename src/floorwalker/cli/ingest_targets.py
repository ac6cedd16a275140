"""Where `floorwalker ingest` sends events: the database, or a server."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from floorwalker.errors import InputError, WorkError
from floorwalker.events import Event, event_to_dict
from floorwalker.warehouse import EventFault, IngestReport, Warehouse

BATCH = 500
_SAMPLES = 50
_ATTEMPTS = 4
_TIMEOUT_S = 60


class Target(Protocol):
    """Takes batches of at most 500 events."""

    def send(self, events: Sequence[Event]) -> IngestReport:
        """Take a batch; what is reported is kept."""


class DatabaseTarget:
    """The configured database."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def send(self, events: Sequence[Event]) -> IngestReport:
        """Add a batch; a file is no live feed."""
        return self._warehouse.add_events(events, live=False)


class _Fault(msgspec.Struct):
    index: int
    code: str
    message: str
    event_id: str | None = None


class _Answer(msgspec.Struct):
    inserted: int
    duplicates: int
    errors: list[_Fault]


class ServerTarget:
    """A server's `/events/ingest`; a batch that may not have arrived is sent again, which changes nothing.

    Args:
        url: the server's address, `http://127.0.0.1:8642`.

    Raises:
        InputError: not an http address.
    """

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise InputError(f"--url: expected an address such as http://127.0.0.1:8642, got {url!r}")
        self._address = url.rstrip("/") + "/events/ingest"

    def send(self, events: Sequence[Event]) -> IngestReport:
        """Post a batch, up to four times while the server or its database is away."""
        body = msgspec.json.encode({"events": [event_to_dict(event) for event in events]})
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._post(body)
            except (urllib.error.URLError, HTTPException, OSError) as error:
                status = getattr(error, "code", None)
                if status is not None and status not in (429, 502, 503, 504):
                    raise InputError(f"{self._address} refused the events: {_explain(error)}") from error
                if attempt == _ATTEMPTS:
                    raise WorkError(f"{self._address} cannot be reached: {_explain(error)}") from error
                time.sleep(0.25 * 2**attempt)
                continue
            faults = tuple(EventFault(f.index, f.event_id, f.code, f.message) for f in answer.errors)
            return IngestReport(answer.inserted, answer.duplicates, faults)

    def _post(self, body: bytes) -> _Answer:
        request = urllib.request.Request(
            self._address, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read()
        try:
            return msgspec.json.decode(content, type=_Answer)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InputError(f"{self._address} is not a Floorwalker server: {error}") from error


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
    codes: Counter[str] = field(default_factory=Counter)
    samples: list[EventFault] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Lines that were not taken."""
        return self.codes.total()

    def reject(self, fault: EventFault) -> None:
        """Count one rejected line."""
        self.codes[fault.code] += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(fault)

    def count(self, report: IngestReport, line_numbers: Sequence[int]) -> None:
        """Count a batch; `line_numbers` says where its events stood in the file."""
        self.inserted += report.inserted
        self.duplicates += report.duplicates
        for fault in report.errors:
            self.reject(EventFault(line_numbers[fault.index], fault.event_id, fault.code, fault.message))

    def summary(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return {
            "received": self.received,
            "inserted": self.inserted,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "reasons": dict(self.codes),
            "errors": [
                {"line": f.index, "event_id": f.event_id, "code": f.code, "message": f.message}
                for f in self.samples
            ],
        }
