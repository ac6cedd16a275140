"""What makes a morning easy, normal or hard."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from floorwalker.errors import InputError


class Difficulty(StrEnum):
    """How hard a morning is to see; `normal` is frozen."""

    EASY = "easy"
    NORMAL = "normal"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Conditions:
    """The knobs behind a difficulty.

    Attributes:
        arrivals_per_min: mean customers a minute.
        group_share: share of arrivals that are groups of two or three.
        lookalike_share: share of customers dressed like an earlier one.
        staff_coloured_share: share of customers in the uniform's colour.
        passers_per_min: people a minute who pass the door outside.
        door_turners_per_min: people a minute who step up to the door and turn round.
        sellers: sellers on the floor from the start.
        noise: standard deviation of the sensor's noise in grey levels.
        drift: amplitude of the slow drift of light, share of full brightness.
        light_steps: sudden small changes of light in ten minutes.
        flicker: amplitude of brightness flicker from frame to frame, share.
        shadow: darkness of cast shadows, 0 to 1.
        pattern_share: share of customers whose top has a pattern.
    """

    arrivals_per_min: float
    group_share: float
    lookalike_share: float
    staff_coloured_share: float
    passers_per_min: float
    door_turners_per_min: float
    sellers: int
    noise: float
    drift: float
    light_steps: float
    flicker: float
    shadow: float
    pattern_share: float


_CONDITIONS = {
    Difficulty.EASY: Conditions(2.0, 0.0, 0.0, 0.0, 1.0, 0.2, 1, 1.2, 0.01, 0.0, 0.0, 0.2, 0.3),
    Difficulty.NORMAL: Conditions(3.6, 0.25, 0.28, 0.10, 2.5, 0.5, 1, 2.0, 0.04, 0.0, 0.0, 0.35, 0.35),
    Difficulty.HARD: Conditions(6.5, 0.40, 0.45, 0.25, 5.0, 1.2, 2, 3.5, 0.09, 3.0, 0.012, 0.5, 0.35),
}


def conditions_of(difficulty: str) -> Conditions:
    """The knobs of a difficulty.

    Raises:
        InputError: no such difficulty.
    """
    try:
        return _CONDITIONS[Difficulty(difficulty)]
    except ValueError as error:
        known = ", ".join(item.value for item in Difficulty)
        raise InputError(f"no difficulty {difficulty!r}; expected one of: {known}") from error
