"""The resolution: what became known of a visitor only after the events were observed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Attribute(StrEnum):
    """What a resolution says of its subject.

    `SAME_AS` names the visitor_id whose person the subject is; `IS_STAFF` is `true` or `false`;
    `PURCHASED` names the transaction; `ABANDONED` is `true` or `false`.
    """

    SAME_AS = "same_as"
    IS_STAFF = "is_staff"
    PURCHASED = "purchased"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Resolution:
    """One statement about one observed visitor; the event log itself never changes.

    Attributes:
        store_id: the store.
        subject: an observed visitor_id.
        attribute: what is said.
        value: what it is, as text.
        reason: the rule or person that says so, for example `rule:handover` or `person:asha`.
        confidence: 0 to 1.
        decided_utc: moment in the store's day from which evidence was complete, not the processing's clock.
    """

    store_id: str
    subject: str
    attribute: Attribute
    value: str
    reason: str
    confidence: float
    decided_utc: datetime
