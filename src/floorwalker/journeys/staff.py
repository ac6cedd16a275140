"""Staff: several signs together tell who works in the shop, each with its weight and its evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from floorwalker.identity.uniform import UniformSettings


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """What tells staff from customers; weights are log-likelihood ratios, added to the odds beforehand.

    Attributes:
        beforehand: log-odds of being staff of somebody of whom nothing else is known.
        behind_counter_s: time in staff-only zones that makes someone staff. Raising it forgives customers
            who stray, and misses staff who step in briefly.
        behind_counter_share: and the least share of the time in view, unless it is `behind_counter_sure_s`.
        behind_counter_sure_s: time in staff-only zones that no stray customer reaches.
        behind_counter: weight of that.
        stepped_behind: weight of `behind_counter_s` there that are a smaller share of the time in view.
        in_view_share: share of the recording in view that makes someone staff, and
        in_view_least_s: the least time in view for that sign; a short clip proves nothing.
        in_view: weight of that.
        outlasting: share of the staff that is in view for longer than customers stay, and
        outlasting_most: greatest weight of having been so; it counts in place of `in_view`, not beside it.
        closed_s: time in view outside opening hours from which it counts; who is last out is none yet.
        closed: weight of that.
        uniform: what being dressed like those who are sure to be staff says, and
        uniform_view_s: time in view from which it says all that; a customer in its colour who has only just
            come in has had no time yet to do what customers do.
        served: weight of having stood where customers are served.
        joined: weight of having joined a queue, not served.
        short_visit: weight of having come in and gone out within `short_visit_s`.
        short_visit_s: longer stays in the shop say nothing.
        least_probability: from which somebody is called staff.
        sure_probability: from which their clothes teach what the uniform is.
        sure_link: score of a link by place from which another camera's track of them teaches it as well.
    """

    beforehand: float = -3.0
    behind_counter_s: float = 8.0
    behind_counter_share: float = 0.2
    behind_counter_sure_s: float = 20.0
    behind_counter: float = 7.0
    stepped_behind: float = 2.5
    in_view_share: float = 0.6
    in_view_least_s: float = 240.0
    in_view: float = 5.0
    outlasting: float = 0.5
    outlasting_most: float = 2.9
    closed_s: float = 60.0
    closed: float = 4.5
    uniform: UniformSettings = field(default_factory=UniformSettings)
    uniform_view_s: float = 30.0
    served: float = -3.0
    joined: float = -1.5
    short_visit: float = -1.5
    short_visit_s: float = 900.0
    least_probability: float = 0.5
    sure_probability: float = 0.95
    sure_link: float = 4.0


@dataclass(frozen=True, slots=True)
class Presence:
    """How long and where one person was seen, and what else speaks for or against their being staff.

    Attributes:
        staff_only_s: time in staff-only zones.
        in_view_s: time from first to last sighting, without the gaps between tracks.
        watched_s: length of the recording.
        closed_s: time in view while the shop was closed.
        uniform: log-likelihood ratio of the clothes, None where nothing is known.
        served: stood at the counter as those do who are served.
        joined: joined a queue.
        inside_s: from coming in by the door to going out, None where one of both was not seen.
        outlasted: share of the customers' visits that were at least as long as the time in view, None where
            too few are known.
    """

    staff_only_s: float
    in_view_s: float
    watched_s: float
    closed_s: float = 0.0
    uniform: float | None = None
    served: bool = False
    joined: bool = False
    inside_s: float | None = None
    outlasted: float | None = None


BEHIND_COUNTER = "staff-only zone"
STEPPED_BEHIND = "stepped into a staff-only zone"
LONGEST_IN_VIEW = "longest in view"
OUTLASTING = "longer in view than customers"
CLOSED = "outside opening hours"
UNIFORM = "uniform"
SERVED = "served at the counter"
JOINED = "joined a queue"
SHORT_VISIT = "short visit"
SIGNS = (BEHIND_COUNTER, STEPPED_BEHIND, LONGEST_IN_VIEW, OUTLASTING, CLOSED, UNIFORM)


@dataclass(frozen=True, slots=True)
class StaffVerdict:
    """What the signs say together.

    Attributes:
        probability: of being staff, 0 to 1.
        signs: the weight of each sign that was there, by name.
        is_staff: whether that is enough.
    """

    probability: float
    signs: Mapping[str, float]
    is_staff: bool

    @property
    def rule(self) -> str:
        """The sign that speaks most for it."""
        return max(SIGNS, key=lambda sign: self.signs.get(sign, -math.inf))


def staff_signs(presence: Presence, settings: StaffSettings) -> dict[str, float]:
    """The signs that are there, each with its weight.

    Args:
        presence: the evidence.
        settings: thresholds and weights.
    """
    signs: dict[str, float] = {}
    behind = presence.staff_only_s
    share = behind / max(presence.in_view_s, 1e-9)
    if behind >= settings.behind_counter_sure_s or (
        behind >= settings.behind_counter_s and share >= settings.behind_counter_share
    ):
        signs[BEHIND_COUNTER] = settings.behind_counter
    elif behind >= settings.behind_counter_s:
        signs[STEPPED_BEHIND] = settings.stepped_behind
    if (
        presence.in_view_s >= settings.in_view_least_s
        and presence.in_view_s >= settings.in_view_share * presence.watched_s
    ):
        signs[LONGEST_IN_VIEW] = settings.in_view
    elif presence.outlasted is not None and presence.outlasted < settings.outlasting:
        weight = math.log(settings.outlasting / presence.outlasted)
        signs[OUTLASTING] = min(weight, settings.outlasting_most)
    if presence.closed_s >= settings.closed_s:
        signs[CLOSED] = settings.closed
    if presence.uniform is not None:
        signs[UNIFORM] = presence.uniform * min(1.0, presence.in_view_s / settings.uniform_view_s)
    if presence.served:
        signs[SERVED] = settings.served
    elif presence.joined:
        signs[JOINED] = settings.joined
    if presence.inside_s is not None and presence.inside_s <= settings.short_visit_s:
        signs[SHORT_VISIT] = settings.short_visit
    return signs


def judge_staff(presence: Presence, settings: StaffSettings) -> StaffVerdict:
    """Whether someone is staff, by all signs together.

    Args:
        presence: the evidence.
        settings: thresholds and weights.
    """
    signs = staff_signs(presence, settings)
    odds = settings.beforehand + sum(signs.values())
    probability = 1 / (1 + math.exp(-max(min(odds, 30.0), -30.0)))
    return StaffVerdict(probability, signs, probability >= settings.least_probability)


def together(presences: Iterable[Presence]) -> Presence:
    """The evidence of several tracks of one person."""
    parts = list(presences)
    uniforms = [(part.uniform, max(part.in_view_s, 1.0)) for part in parts if part.uniform is not None]
    weight = sum(seconds for _, seconds in uniforms)
    inside = [part.inside_s for part in parts if part.inside_s is not None]
    return Presence(
        sum(part.staff_only_s for part in parts),
        sum(part.in_view_s for part in parts),
        max((part.watched_s for part in parts), default=0.0),
        sum(part.closed_s for part in parts),
        sum(odds * seconds for odds, seconds in uniforms) / weight if uniforms else None,
        any(part.served for part in parts),
        any(part.joined for part in parts),
        max(inside, default=None),
    )
