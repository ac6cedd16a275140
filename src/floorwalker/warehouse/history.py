"""When what is known of a stretch of time changed, and by what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from floorwalker.events import format_utc
from floorwalker.warehouse.log import Statement, StoreLog
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.resolving import PERSON
from floorwalker.warehouse.schema import corrections, receipts

HOUR_US = 3600 * 1_000_000
LATE_US = HOUR_US  # an event that arrives later than this after it happened is late
_TOGETHER_US = 5 * 60 * 1_000_000

EVENTS, RUNS, RULES, CARRIED = "events", "runs", "rules", "carried"
CORRECTION, UNDO = "correction", "undo"
TRANSACTIONS, TILL_OFFSET = "transactions", "till_offset"
_ARRIVALS = frozenset({EVENTS, TRANSACTIONS})
_ALONE = frozenset({CORRECTION, UNDO, TILL_OFFSET})  # each stands for itself, however near to another


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that was written.

    Attributes:
        at_us: when, by the clock on the wall.
        kind: of which kind it is.
        what: an event's row, a statement, or what else the kind means.
    """

    at_us: int
    kind: str
    what: Any


@dataclass(slots=True)
class Point:
    """A stretch of the wall clock in which what is known changed, by causes that belong together.

    Attributes:
        first_us: its first moment.
        last_us: its last moment; between the two lies nothing else.
        traces: what was written.
    """

    first_us: int
    last_us: int
    traces: list[Trace] = field(default_factory=list)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what was written."""
        return frozenset(trace.kind for trace in self.traces)


def traces_of(log: StoreLog) -> list[Trace]:
    """All that was ever written of a stretch of time, in order of the clock on the wall."""
    found = [*_of_events(log), *_of_statements(log)]
    found += [Trace(received_us, TRANSACTIONS, sale) for sale, received_us in log.sales]
    for offset in log.offsets:
        found.append(Trace(offset.applied_us, TILL_OFFSET, ("applied", offset)))
        if offset.withdrawn_us is not None:
            found.append(Trace(offset.withdrawn_us, TILL_OFFSET, ("withdrawn", offset)))
    return sorted(found, key=lambda trace: trace.at_us)


def points_of(log: StoreLog) -> list[Point]:
    """The points at which what is known changed.

    What arrives while the stretch lasts is one point an hour; afterwards things of one kind that lie at
    most 5 minutes apart are one. What was written at one and the same moment cannot be told apart.
    """
    moments: list[Point] = []
    for trace in traces_of(log):
        if not moments or moments[-1].last_us != trace.at_us:
            moments.append(Point(trace.at_us, trace.at_us))
        moments[-1].traces.append(trace)
    points: list[Point] = []
    for moment in moments:
        if points and _belong_together(points[-1], moment, log):
            points[-1].last_us = moment.last_us
            points[-1].traces.extend(moment.traces)
        else:
            points.append(moment)
    return points


def causes_of(point: Point, log: StoreLog, notes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What happened at a point, as JSON values.

    Args:
        point: of the log.
        log: that it was found in.
        notes: rows of `corrections` by correction_id.
    """
    of_kind: dict[str, list[Any]] = {}
    for trace in point.traces:
        of_kind.setdefault(trace.kind, []).append(trace.what)
    found: list[dict[str, Any]] = []
    for kind, what in of_kind.items():
        if kind == EVENTS:
            found.append(_events_cause(what))
        elif kind == RUNS:
            found.append(_runs_cause(what, log))
        elif kind == RULES:
            found.append(_rules_cause(what))
        elif kind == TRANSACTIONS:
            found.append({"kind": kind, "count": len(what)})
        elif kind == TILL_OFFSET:
            found.extend(_offset_cause(action, offset) for action, offset in what)
        else:
            found.extend(_said_causes(kind, what, notes))
    return found


def read_notes(connection: Connection, store_id: str, log: StoreLog) -> dict[str, Any]:
    """Who made the corrections of a log, and why: rows of `corrections` by id."""
    ids = sorted({each.correction_id for each in log.statements if each.correction_id is not None})
    table = corrections.c
    found: dict[str, Any] = {}
    for start in range(0, len(ids), 400):
        chunk = ids[start : start + 400]
        rows = connection.execute(
            select(corrections).where(table.store_id == store_id, table.correction_id.in_(chunk))
        )
        found.update({row.correction_id: row for row in rows})
    return found


def swept_us(connection: Connection, store_id: str, from_us: int) -> int | None:
    """When retention last took away something of a stretch of time; None: never.

    Args:
        connection: a reading transaction.
        store_id: whose.
        from_us: beginning of the stretch.
    """
    table = receipts.c
    last: int | None = connection.scalar(
        select(func.max(table.swept_us)).where(
            table.store_id == store_id,
            table.before_us > from_us,
            table.removed > 0,
            table.kind.in_((EVENTS, TRANSACTIONS)),
        )
    )
    return last


def _of_events(log: StoreLog) -> Iterator[Trace]:
    for row in log.rows:
        run = log.runs.get(row[-2])
        # An event that was there before its run came by itself.
        by_run = run is not None and row[-1] >= run.recorded_us
        yield Trace(row[-1], RUNS if by_run else EVENTS, row)
    for activation in log.activations:
        yield Trace(activation.activated_us, RUNS, activation)


def _of_statements(log: StoreLog) -> Iterator[Trace]:
    here = _spoken_of(log)
    for each in log.statements:
        if not each.named & here:
            continue  # of the day before or after
        by_person = each.resolution.reason.startswith(PERSON)
        if each.carried_from is not None:
            yield Trace(each.recorded_us, CARRIED, each)
        else:
            yield Trace(each.recorded_us, CORRECTION if by_person else RULES, each)
        if each.undone_us is not None and by_person:
            yield Trace(each.undone_us, UNDO, each)
        elif each.undone_us is not None:
            yield Trace(each.undone_us, RULES, (each,))  # in a tuple: taken back


def _spoken_of(log: StoreLog) -> set[str]:
    """Who was seen, and whom anybody ever linked with them."""
    here = {row[3] for row in log.rows}
    rest = [each.named for each in log.statements if len(each.named) > 1]
    while near := [named for named in rest if named & here]:
        here.update(*near)
        rest = [named for named in rest if not named & here]
    return here


def _belong_together(point: Point, moment: Point, log: StoreLog) -> bool:
    kinds = point.kinds
    if kinds & _ALONE or moment.kinds & _ALONE:
        return _is_same_correction(point, moment)
    if moment.first_us < log.to_us and kinds | moment.kinds <= _ARRIVALS:
        return (point.first_us - log.from_us) // HOUR_US == (moment.first_us - log.from_us) // HOUR_US
    return kinds == moment.kinds and moment.first_us - point.last_us <= _TOGETHER_US


def _is_same_correction(point: Point, moment: Point) -> bool:
    whose = {
        (trace.kind, getattr(trace.what, "correction_id", None)) for trace in (*point.traces, *moment.traces)
    }
    return len(whose) == 1 and None not in {correction_id for _, correction_id in whose}


def _events_cause(rows: Sequence[Any]) -> dict[str, Any]:
    return {
        "kind": EVENTS,
        "count": len(rows),
        "late": sum(row[-1] - row[0] > LATE_US for row in rows),
        "cameras": dict(sorted(Counter(row[2] for row in rows).items())),
        "from": format_utc(from_us(min(row[0] for row in rows))),
        "to": format_utc(from_us(max(row[0] for row in rows))),
    }


def _runs_cause(what: Iterable[Any], log: StoreLog) -> dict[str, Any]:
    events: Counter[str] = Counter()
    activated: dict[str, str | None] = {}
    order = {id(each): before_each for each, before_each in _predecessors(log)}
    for each in what:
        if hasattr(each, "activated_us"):
            activated[each.run_id] = order[id(each)]
        else:
            events[each[-2]] += 1
            activated.setdefault(each[-2], None)
    return {
        "kind": RUNS,
        "count": sum(events.values()),
        "runs": [
            {
                "run_id": run_id,
                "camera_id": log.runs[run_id].camera_id,
                "events": events[run_id],
                "supersedes": superseded,
            }
            for run_id, superseded in sorted(activated.items(), key=lambda item: log.runs[item[0]].camera_id)
        ],
    }


def _predecessors(log: StoreLog) -> Iterator[tuple[Any, str | None]]:
    """Each activation with the run that counted before it."""
    last: dict[str, str] = {}
    for each in log.activations:
        yield each, last.get(each.recording_id)
        last[each.recording_id] = each.run_id


def _rules_cause(what: Iterable[Statement | tuple[Statement]]) -> dict[str, Any]:
    said: Counter[tuple[str, str]] = Counter()
    taken_back: Counter[tuple[str, str]] = Counter()
    for each in what:
        statement, counter = (each[0], taken_back) if isinstance(each, tuple) else (each, said)
        counter[statement.resolution.reason, statement.resolution.attribute.value] += 1
    return {
        "kind": RULES,
        "count": sum(said.values()) + sum(taken_back.values()),
        "rules": [
            {"reason": key[0], "attribute": key[1], "said": said[key], "taken_back": taken_back[key]}
            for key in sorted(said | taken_back)
        ],
    }


def _offset_cause(action: str, offset: Any) -> dict[str, Any]:
    return {
        "kind": TILL_OFFSET,
        "action": action,
        "offset_s": offset.offset_us / 1e6,
        "by": (offset.applied_by or "").removeprefix(PERSON) if action == "applied" else None,
    }


def _said_causes(
    kind: str, statements: Iterable[Statement], notes: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str | None, str], list[Statement]] = {}
    for each in statements:
        by = (each.undone_by or "") if kind == UNDO else each.resolution.reason
        groups.setdefault((each.correction_id, by.removeprefix(PERSON)), []).append(each)
    for (correction_id, by), mine in groups.items():
        row = notes.get(correction_id or "")
        yield {
            "kind": kind,
            "correction_id": correction_id,
            "by": by,
            "note": row.note if row is not None else "",
            "count": len(mine),
            "said": [
                {
                    "visitor": each.resolution.subject,
                    "attribute": each.resolution.attribute.value,
                    "value": each.resolution.value,
                }
                for each in mine[:20]
            ],
        }
