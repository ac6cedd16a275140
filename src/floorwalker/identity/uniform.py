"""Uniform: how much somebody is dressed like those who are sure to be staff."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.likeness import resemblance

Looks = npt.NDArray[np.float32]
# What is usual weighs as much as so many visitors.
_USUAL_OF = 10


@dataclass(frozen=True, slots=True)
class UniformSettings:
    """From resemblance with known staff to a log-likelihood ratio.

    Attributes:
        middle: resemblance that says nothing. Customers in the uniform's colour come close to it.
        steepness: growth of the log-odds with resemblance.
        most: greatest weight for being staff. Below what speaks against it beforehand, so that clothes alone
            never decide.
        usual_share: share of customers in the uniform's colour where little is known of a shop.
        least: greatest weight against it; small, since many shops know no uniform.
        nearest: how many of the known staff's tracks are compared with, the most alike ones.
        least_views: fewer descriptors say nothing.
        dressed: resemblance from which somebody wears the uniform, and
        undressed: up to which somebody does not: one of each are two people.
    """

    middle: float = 0.948
    steepness: float = 300.0
    most: float = 2.5
    usual_share: float = 0.1
    least: float = -1.0
    nearest: int = 3
    least_views: int = 2
    dressed: float = 0.955
    undressed: float = 0.925


def uniform_resemblance(looks: Looks, known: Sequence[Looks], settings: UniformSettings) -> float | None:
    """How much a track resembles known staff, 0 to 1, or None where nothing can be compared.

    Args:
        looks: (k, d) descriptors of one track.
        known: descriptors of tracks that are staff for certain, the track's own left out.
        settings: how many of them count.
    """
    if len(looks) < settings.least_views:
        return None
    alike = sorted(
        (value for other in known if (value := resemblance(looks, other)) is not None), reverse=True
    )
    return float(np.mean(alike[: settings.nearest])) if alike else None


def uniform_log_odds(looks: Looks, known: Sequence[Looks], settings: UniformSettings) -> float | None:
    """What clothes say of being staff, or None where nothing can be compared.

    Args:
        looks: (k, d) descriptors of one track.
        known: descriptors of tracks that are staff for certain, the track's own left out.
        settings: the weights.
    """
    value = uniform_resemblance(looks, known, settings)
    if value is None:
        return None
    return min(max(settings.steepness * (value - settings.middle), settings.least), settings.most)


def most_of_uniform(log_odds: Sequence[float], settings: UniformSettings) -> float:
    """The greatest weight of the uniform in a shop: it tells as much as it is rare among its customers.

    Args:
        log_odds: what clothes say of those who are not sure to be staff.
        settings: what is usual where few are known.

    Returns:
        Log-likelihood ratio, `most` at most. Staff of whom nothing else is known count as customers here,
        which errs on the side of doubt.
    """
    dressed = sum(value > 0 for value in log_odds)
    share = (dressed + settings.usual_share * _USUAL_OF) / (len(log_odds) + _USUAL_OF)
    return min(settings.most, -math.log(share))


def dressed_apart(a: float | None, b: float | None, settings: UniformSettings) -> bool:
    """Whether one of two tracks shows the uniform and the other certainly does not.

    Args:
        a: resemblance of one with known staff, None where nothing is known.
        b: of the other.
        settings: what is certain.
    """
    if a is None or b is None:
        return False
    return max(a, b) >= settings.dressed and min(a, b) <= settings.undressed
