"""Confidence: the probability that an event is right, from the signs that speak for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from floorwalker.events import EventType


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model of one kind of event.

    Attributes:
        constant: log-odds of being right where no sign is there.
        signs: what each sign adds at its full strength.
    """

    constant: float
    signs: Mapping[str, float]

    def confidence(self, signs: Mapping[str, float]) -> float:
        """Probability of being right, 0 to 1.

        Args:
            signs: 0 to 1 each, by name; those that the model does not know say nothing.
        """
        odds = self.constant + sum(self.signs.get(name, 0.0) * value for name, value in signs.items())
        return 1 / (1 + math.exp(-max(min(odds, 30.0), -30.0)))


def confidence_of(kind: EventType, signs: Mapping[str, float], table: Mapping[EventType, Weights]) -> float:
    """The confidence of one event.

    Args:
        kind: what happened.
        signs: what speaks for it, 0 to 1 each, by name.
        table: the models; see `confidence_table`.

    Source:
        Platt, "Probabilistic outputs for support vector machines", 1999: a logistic curve fitted to what
        came true.
    """
    return table[kind].confidence(signs)
