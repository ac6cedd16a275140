"""Measured events against true ones: one-to-one matching by kind within a time tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from floorwalker.evaluation.matched import Matched
from floorwalker.events import Event, EventType

DEFAULT_TOLERANCE_S = 2.0
_INBOUND = frozenset({EventType.ENTRY, EventType.REENTRY})


@dataclass(frozen=True, slots=True)
class KindScore(Matched):
    """How well one kind of event was measured.

    Attributes:
        name: the kind; `INBOUND` where ENTRY and REENTRY were pooled.
        matched: pairs of one measured and one true event within the tolerance.
        measured: events measured.
        true: events in the truth.
        mean_offset_s: mean of measured minus true time over the pairs; 0 where there are none.
    """

    name: str
    matched: int
    measured: int
    true: int
    mean_offset_s: float

    @property
    def net_error(self) -> int:
        """Measured minus true: misses and inventions cancel."""
        return self.measured - self.true

    @property
    def gross_error(self) -> int:
        """Misses plus inventions."""
        return (self.true - self.matched) + (self.measured - self.matched)


def match_events(
    measured: Sequence[Event], true: Sequence[Event], tolerance_s: float = DEFAULT_TOLERANCE_S
) -> list[tuple[int, int]]:
    """Pair events of the same kind and zone one to one: as many as possible, then as near as possible.

    Args:
        measured: what was found.
        true: what happened.
        tolerance_s: greatest difference in time, inclusive.

    Returns:
        Pairs of indices into both, in order of the measured events.
    """
    if not measured or not true:
        return []
    found = np.array([event.timestamp.timestamp() for event in measured])
    real = np.array([event.timestamp.timestamp() for event in true])
    keys = {
        key: number
        for number, key in enumerate(
            sorted({(event.event_type.value, event.zone_id or "") for event in [*measured, *true]})
        )
    }
    kind_found = np.array([keys[event.event_type.value, event.zone_id or ""] for event in measured])
    kind_real = np.array([keys[event.event_type.value, event.zone_id or ""] for event in true])
    apart = np.abs(found[:, None] - real[None, :])
    possible = (apart <= tolerance_s + 1e-6) & (kind_found[:, None] == kind_real[None, :])
    # An impossible pair costs more than all possible ones together, so that as many as possible are made.
    forbidden = (tolerance_s + 1.0) * (min(len(found), len(real)) + 1)
    rows, columns = linear_sum_assignment(np.where(possible, apart, forbidden))
    kept = possible[rows, columns]
    return list(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True))


def score_events(
    measured: Sequence[Event],
    true: Sequence[Event],
    tolerance_s: float = DEFAULT_TOLERANCE_S,
    *,
    pool_inbound: bool = False,
) -> list[KindScore]:
    """Score each kind of event.

    Args:
        measured: what was found.
        true: what happened.
        tolerance_s: greatest difference in time of a pair.
        pool_inbound: count ENTRY and REENTRY as one kind, `INBOUND`, so that a mistaken identity is no
            mistaken count.

    Returns:
        One score a kind that occurs on either side, in the order of the schema.
    """
    scores = []
    for name, kinds in _kinds(pool_inbound):
        found = [_as_one(event, pool_inbound) for event in measured if event.event_type in kinds]
        real = [_as_one(event, pool_inbound) for event in true if event.event_type in kinds]
        if not found and not real:
            continue
        pairs = match_events(found, real, tolerance_s)
        offsets = [(found[i].timestamp - real[j].timestamp).total_seconds() for i, j in pairs]
        scores.append(
            KindScore(name, len(pairs), len(found), len(real), float(np.mean(offsets)) if offsets else 0.0)
        )
    return scores


def total(scores: Sequence[KindScore], name: str = "TOTAL") -> KindScore:
    """All kinds together; the offset is the mean over all pairs."""
    matched = sum(score.matched for score in scores)
    offset = sum(score.mean_offset_s * score.matched for score in scores) / matched if matched else 0.0
    return KindScore(
        name, matched, sum(score.measured for score in scores), sum(score.true for score in scores), offset
    )


def _kinds(pool_inbound: bool) -> list[tuple[str, frozenset[EventType]]]:
    if not pool_inbound:
        return [(kind.value, frozenset({kind})) for kind in EventType]
    rest = [(kind.value, frozenset({kind})) for kind in EventType if kind not in _INBOUND]
    return [("INBOUND", _INBOUND), *rest]


def _as_one(event: Event, pool_inbound: bool) -> Event:
    if not pool_inbound or event.event_type is not EventType.REENTRY:
        return event
    return Event(
        event_id=event.event_id,
        store_id=event.store_id,
        camera_id=event.camera_id,
        visitor_id=event.visitor_id,
        event_type=EventType.ENTRY,
        timestamp=event.timestamp,
    )
