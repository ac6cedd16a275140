"""Carrying people's words over to a run that names its visitors anew."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from floorwalker.resolutions import Attribute
from floorwalker.runs import Recording
from floorwalker.warehouse.loading import append_statements
from floorwalker.warehouse.log import FOR_EVER_US, REACH_US, Statement
from floorwalker.warehouse.log_reading import read_log, statement_of, statements_near
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.resolving import PERSON
from floorwalker.warehouse.schema import resolutions, runs

_TOLERANCE_US = 2_000_000
_ALIKE = 0.5  # share of the events of both that must coincide
_CLEAR = 0.5  # nobody else may coincide by more than this part of the best

# When and as what somebody was seen by one camera: (event type, zone) to times in order.
Appearance = Mapping[tuple[str, str | None], Sequence[int]]


def carry_over(connection: Connection, recording: Recording, run_id: str, now_us: int) -> list[Statement]:
    """Say again of a recording's new run what people said of visitors of its earlier runs.

    A visitor of an earlier run is taken for one of the new run only where both were seen doing the same at
    the same time, and nobody else comes near; all else stays open for a person to look at.

    Args:
        connection: a writing transaction that holds the store and has recorded the new run's events.
        recording: what was filmed.
        run_id: the run that counts now.
        now_us: the clock's time.

    Returns:
        The statements that were added, each part of the correction that it repeats.
    """
    start_us = to_us(recording.start_utc)
    end_us = start_us + round(recording.duration_s * 1e6) + 1
    table = resolutions.c
    said = statements_near(recording.store_id, start_us, end_us).where(
        table.reason.startswith(PERSON, autoescape=True), table.undone_us.is_(None)
    )
    families: dict[int, list[Statement]] = defaultdict(list)
    for row in connection.execute(said):
        statement = statement_of(row)
        families[statement.carried_from or statement.version].append(statement)
    if not families:
        return []
    mine = frozenset(
        connection.scalars(
            select(runs.c.run_id).where(
                runs.c.store_id == recording.store_id, runs.c.recording_id == recording.recording_id
            )
        )
    )
    # What is said may be of a start that was corrected since.
    log = read_log(connection, recording.store_id, start_us - REACH_US, end_us + REACH_US)
    here: dict[date, set[str]] = defaultdict(set)  # by local day: the same name on another day is no heir
    for day, rows in log.days.split(log.counted(FOR_EVER_US)):
        here[day].update(row[3] for row in rows)
    new = _appearances(row for row in log.rows if row[-2] == run_id)
    earlier = _appearances(
        row
        for day, rows in log.days.split(log.rows)
        for row in rows
        if row[-2] in mine - {run_id} and row[3] not in here[day]
    )
    heirs = match_appearances(earlier, new)
    repeated: list[tuple[Statement, Statement]] = []
    for root in sorted(families):
        family = families[root]
        day = log.days.day(to_us(family[0].resolution.decided_utc))
        if not any(each.named <= here[day] for each in family):
            found = (_repeat(each, heirs, here[day]) for each in reversed(family))
            heir = next((each for each in found if each is not None), None)
            if heir is not None:
                repeated.append((family[0], heir))
    return append_statements(
        connection,
        recording.store_id,
        [heir.resolution for _, heir in repeated],
        now_us,
        [heir.correction_id for _, heir in repeated],
        [original.carried_from or original.version for original, _ in repeated],
    )


def match_appearances(
    earlier: Mapping[str, Appearance], new: Mapping[str, Appearance]
) -> dict[str, tuple[str, float]]:
    """Who of a new run is who of an earlier run of the same recording, as far as that is clear.

    Args:
        earlier: what each visitor of the earlier run was seen doing.
        new: the same of the new run.

    Returns:
        By earlier visitor the new one, and the share of both one's events that coincide (0.5 to 1): same
        type, same zone, at most 2 seconds apart. Left out is who has no such partner, or whose partner is
        not clearly theirs: another one, on either side, coincides more than half as well.
    """
    at: dict[tuple[str, str | None], list[tuple[int, str]]] = defaultdict(list)
    for name, seen in new.items():
        for key, times in seen.items():
            at[key].extend((time_us, name) for time_us in times)
    for moments in at.values():
        moments.sort()
    scores: dict[tuple[str, str], float] = {}
    for name, seen in earlier.items():
        met: dict[str, int] = defaultdict(int)
        for key, times in seen.items():
            for time_us in times:
                for other in _near(at.get(key, []), time_us):
                    met[other] += 1
        size = sum(map(len, seen.values()))
        for other, count in met.items():
            other_size = sum(map(len, new[other].values()))
            scores[name, other] = 2 * min(count, size, other_size) / (size + other_size)
    of_earlier: dict[str, list[float]] = defaultdict(list)
    of_new: dict[str, list[float]] = defaultdict(list)
    for (name, other), score in scores.items():
        of_earlier[name].append(score)
        of_new[other].append(score)
    return {
        name: (other, score)
        for (name, other), score in scores.items()
        if score >= _ALIKE and all(_stands_out(score, rivals) for rivals in (of_earlier[name], of_new[other]))
    }


def _appearances(rows: Iterable[Any]) -> dict[str, Appearance]:
    """What each visitor was seen doing, from rows of the log in order of time."""
    found: dict[str, dict[tuple[str, str | None], list[int]]] = {}
    for row in rows:
        found.setdefault(row[3], defaultdict(list))[row[4], row[5]].append(row[0])
    return dict(found)


def _stands_out(score: float, all_scores: Sequence[float]) -> bool:
    """Whether it is the best of them, itself among them, and the next one is far behind."""
    best, *others = sorted(all_scores, reverse=True)
    return score == best and (not others or others[0] <= _CLEAR * best)


def _near(moments: Sequence[tuple[int, str]], time_us: int) -> set[str]:
    first = bisect_left(moments, (time_us - _TOLERANCE_US, ""))
    found = set()
    for other_us, name in moments[first:]:
        if other_us > time_us + _TOLERANCE_US:
            break
        found.add(name)
    return found


def _repeat(statement: Statement, heirs: Mapping[str, tuple[str, float]], here: set[str]) -> Statement | None:
    """The statement of those who count now; None where one whom it names has no heir."""
    heir_of: dict[str, tuple[str, float]] = {}
    for name in statement.named:
        heir = (name, 1.0) if name in here else heirs.get(name)
        if heir is None:
            return None
        heir_of[name] = heir
    said = statement.resolution
    sure = min(score for _, score in heir_of.values())
    value = heir_of[said.value][0] if said.attribute is Attribute.SAME_AS else said.value
    repeated = replace(
        said, subject=heir_of[said.subject][0], value=value, confidence=round(said.confidence * sure, 4)
    )
    return replace(statement, resolution=repeated)
