"""Traffic far from that of the same weekday and hour in the weeks before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from statistics import median

from floorwalker.events import format_utc
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.coverage import Status, coverage_of
from floorwalker.insights.opening import opening_spans
from floorwalker.insights.picture import Picture
from floorwalker.insights.spans import Span, common, length_us
from floorwalker.warehouse.records import from_us, to_us

WEEKS = 8
_ENOUGH_WEEKS = 4
_HOUR_US = 3_600_000_000
_INFO, _WARN = 4.0, 6.0  # in spreads; twelve hours a day are judged, so that two or three happen by chance
_LEAST_PEOPLE = 10
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class HourVerdict:
    """One hour against those of the weeks before.

    Attributes:
        start_us: when it begins.
        ways_in: people who came in.
        expected: median of the weeks before.
        spread: standard deviation that chance and the weeks' own spread allow.
    """

    start_us: int
    ways_in: int
    expected: float
    spread: float

    @property
    def score(self) -> float:
        """How many spreads it is away, with its sign."""
        return (self.ways_in - self.expected) / self.spread

    @property
    def direction(self) -> int:
        """-1 far too few, 1 far too many, 0 as usual."""
        apart = self.ways_in - self.expected
        if abs(self.score) < _INFO or abs(apart) < _LEAST_PEOPLE:
            return 0
        return 1 if apart > 0 else -1


def judge_hour(start_us: int, ways_in: int, weeks: Sequence[int]) -> HourVerdict:
    """Judge one hour.

    The spread is the larger of what the weeks themselves show and what chance makes of such a number, and
    wider the fewer weeks there are; one odd week moves neither median nor spread.

    Source: Rousseeuw and Croux, Alternatives to the median absolute deviation (1993), for its scale; the
    variance of a median of n is π/2n of one value's.
    """
    middle = median(weeks)
    own = _MAD_TO_SIGMA * median(abs(week - middle) for week in weeks)
    variance = max(own**2, middle, 1.0) * (1 + math.pi / (2 * len(weeks)))
    return HourVerdict(start_us, ways_in, float(middle), math.sqrt(variance))


def ways_in_by_hour(picture: Picture) -> dict[int, int]:
    """People who came in, by hour of the store's clock (0 to 23), over the window."""
    hours: dict[int, int] = {}
    quarters: dict[int, int] = {}
    by_sight = picture.basis == "sightings"
    for visit in picture.customers:
        for at_us in (visit.first_us,) if by_sight else visit.inbound_us:
            if picture.holds(at_us):
                quarter = at_us // 900_000_000
                hour = quarters.get(quarter)
                if hour is None:
                    hour = quarters[quarter] = from_us(at_us).astimezone(picture.window.zone).hour
                hours[hour] = hours.get(hour, 0) + 1
    return hours


def unusual_traffic(picture: Picture, weeks: Sequence[Mapping[int, int]]) -> list[Anomaly]:
    """One anomaly for each run of hours with far too few or far too many people.

    Args:
        picture: of one local day or a part of it; nothing is said of longer windows.
        weeks: people by hour of the same weekday in weeks before, those whose door was watched.
    """
    if len(weeks) < _ENOUGH_WEEKS or len(picture.window.days) > 1 or not picture.visits:
        return []
    verdicts = [
        judge_hour(start_us, count, [week.get(hour, 0) for week in weeks])
        for hour, start_us, count in _whole_hours(picture)
    ]
    if any(verdict.direction < 0 for verdict in verdicts):
        coverage = coverage_of(picture)
        verdicts = [
            verdict
            for verdict in verdicts
            if coverage.of_doors([(verdict.start_us, verdict.start_us + _HOUR_US)]).status
            not in (Status.PARTIAL, Status.UNWATCHED)
        ]
    found: list[Anomaly] = []
    run: list[HourVerdict] = []
    for verdict in verdicts:
        if run and (
            verdict.direction != run[-1].direction or verdict.start_us != run[-1].start_us + _HOUR_US
        ):
            found.append(_anomaly(picture, run, over=True, weeks=len(weeks)))
            run = []
        if verdict.direction:
            run.append(verdict)
    if run:
        found.append(_anomaly(picture, run, over=picture.as_of_us >= _end(picture), weeks=len(weeks)))
    return found


def _end(picture: Picture) -> int:
    """The end of the last whole hour that can be judged on this day."""
    open_spans = opening_spans(picture.store, picture.window)
    return open_spans[-1][1] if open_spans else picture.to_us


def _whole_hours(picture: Picture) -> list[tuple[int, int, int]]:
    """Hour of the clock, its beginning and the people in it, of whole open hours up to `as_of`."""
    counts = ways_in_by_hour(picture)
    hours = opening_spans(picture.store, picture.window)
    found = []
    for hour in range(24):
        local = datetime.combine(picture.window.first_day, time(hour), tzinfo=picture.window.zone)
        start_us = to_us(local.astimezone(UTC))
        if start_us != to_us(local.replace(fold=1).astimezone(UTC)):
            continue  # an hour that comes twice, or not at all, is not as usual
        span: Span = (start_us, start_us + _HOUR_US)
        within = picture.from_us <= span[0] and span[1] <= min(picture.to_us, picture.as_of_us)
        if within and (hours is None or length_us(common(hours, [span])) == _HOUR_US):
            found.append((hour, start_us, counts.get(hour, 0)))
    return found


def _anomaly(picture: Picture, run: Sequence[HourVerdict], *, over: bool, weeks: int) -> Anomaly:
    ways_in = sum(verdict.ways_in for verdict in run)
    expected = round(sum(verdict.expected for verdict in run), 1)
    strongest = max(abs(verdict.score) for verdict in run)
    begun_us, ended_us = run[0].start_us, run[-1].start_us + _HOUR_US
    fewer = run[0].direction < 0
    local = from_us(begun_us).astimezone(picture.window.zone)
    span = f"from {local:%H:%M} to {from_us(ended_us).astimezone(picture.window.zone):%H:%M}"
    return Anomaly(
        store_id=picture.store.store_id,
        kind="TRAFFIC_LOW" if fewer else "TRAFFIC_HIGH",
        severity="WARN" if strongest >= _WARN else "INFO",
        begun_us=begun_us,
        detected_us=begun_us + _HOUR_US,
        ended_us=ended_us if over else None,
        value=ways_in,
        expected=expected,
        message=f"{ways_in} people came in {span}, against {expected:g} on a usual {local:%A}",
        action="Look at the door, the street and the door's camera: is something closed or in the way?"
        if fewer
        else "Have enough people on the floor and at the till; find out what brings them.",
        evidence={
            "weeks": weeks,
            "hours": [
                {
                    "from": format_utc(from_us(verdict.start_us)),
                    "ways_in": verdict.ways_in,
                    "expected": verdict.expected,
                    "spreads": round(verdict.score, 1),
                }
                for verdict in run
            ],
        },
        as_of_us=picture.as_of_us,
    )
