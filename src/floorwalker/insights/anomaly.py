"""What an anomaly is: something that stands out, with its beginning, its evidence and its end."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.picture import Picture
from floorwalker.warehouse.records import from_us

SEVERITIES = ("CRITICAL", "WARN", "INFO")
_NAMESPACE = uuid.UUID("6f1c0a52-8b1e-5b0e-9a4e-5a6f0d3f7c11")


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that stands out.

    Attributes:
        store_id: the store.
        kind: for example `BILLING_QUEUE_SPIKE`.
        severity: CRITICAL, WARN or INFO.
        begun_us: when it began; with store, kind and place it is what makes it the same anomaly.
        detected_us: the moment in the data from which it could be known.
        value: what was found.
        expected: what it was judged by.
        message: both in a sentence.
        action: what a person may do.
        as_of_us: the moment in the data up to which it was judged.
        ended_us: when it was over; None: it goes on.
        zone_id: the zone, where it is of one.
        camera_id: the camera, where it is of one.
        evidence: the figures behind it.
    """

    store_id: str
    kind: str
    severity: str
    begun_us: int
    detected_us: int
    value: float
    expected: float
    message: str
    action: str
    as_of_us: int
    ended_us: int | None = None
    zone_id: str | None = None
    camera_id: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it goes on."""
        return self.ended_us is None

    @property
    def anomaly_id(self) -> str:
        """Its name: the same thing has the same one in every answer of every process."""
        place = "\x1f".join(
            (self.store_id, self.kind, self.zone_id or "", self.camera_id or "", str(self.begun_us))
        )
        return str(uuid.uuid5(_NAMESPACE, place))

    def answer(self) -> dict[str, Any]:
        """As the API says it."""
        return {
            "anomaly_id": self.anomaly_id,
            "store_id": self.store_id,
            "type": self.kind,
            "severity": self.severity,
            "detected_at": format_utc(from_us(self.detected_us)),
            "began_at": format_utc(from_us(self.begun_us)),
            "active": self.active,
            "ended_at": None if self.ended_us is None else format_utc(from_us(self.ended_us)),
            "zone_id": self.zone_id,
            "camera_id": self.camera_id,
            "value": self.value,
            "expected": self.expected,
            "message": self.message,
            "suggested_action": self.action,
            "evidence": self.evidence,
            "as_of": format_utc(from_us(self.as_of_us)),
        }


def order(found: list[Anomaly]) -> list[Anomaly]:
    """The most severe first, then what goes on, then by time."""

    def rank(anomaly: Anomaly) -> tuple[int, bool, int, str, str]:
        place = f"{anomaly.zone_id or ''}\x1f{anomaly.camera_id or ''}"
        severity = SEVERITIES.index(anomaly.severity)
        return severity, not anomaly.active, anomaly.detected_us, anomaly.kind, place

    return sorted(found, key=rank)


def is_running(picture: Picture) -> bool:
    """Whether the window's day still goes on: its data reach up to the present."""
    return picture.now is not None and picture.as_of == picture.now
