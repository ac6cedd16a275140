"""Calibration: what a cosine of one encoder is worth, as a probability and as thresholds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from floorwalker.errors import InputError, plain_reason
from floorwalker.files import whole_file
from floorwalker.identity.matching.encoder import Thresholds

Numbers = npt.NDArray[np.float64]
_FARTHEST = 30.0  # beyond it exp() says nothing more


class Logistic(BaseModel):
    """P(same) = 1 ÷ (1 + exp(-(bias + slope · cosine + weight · (agreement - neutral))))."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["logistic"] = "logistic"
    bias: float = Field(allow_inf_nan=False)
    slope: float = Field(
        gt=0, allow_inf_nan=False, description="By how much a cosine of 1 more speaks for it."
    )
    weight: float = Field(0.0, ge=0, allow_inf_nan=False, description="Likewise the attributes' agreement.")
    neutral: float = Field(0.5, ge=0, le=1, description="The agreement that speaks neither for nor against.")


class Steps(BaseModel):
    """P(same) between knots, rising."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["isotonic"] = "isotonic"
    cosines: tuple[float, ...] = Field(min_length=1)
    probabilities: tuple[float, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self) -> Steps:
        if len(self.cosines) != len(self.probabilities):
            raise ValueError("expected as many probabilities as cosines")
        if np.any(np.diff(self.cosines) <= 0) or np.any(np.diff(self.probabilities) < 0):
            raise ValueError("expected rising cosines and probabilities")
        if min(self.probabilities) < 0 or max(self.probabilities) > 1:
            raise ValueError("expected probabilities of 0 to 1")
        return self


class Calibration(BaseModel):
    """What the cosines of one encoder are worth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str = Field(description="Fingerprint of the encoder that it was measured with.")
    curve: Logistic | Steps = Field(discriminator="kind", description="From cosine to P(same).")
    threshold: float = Field(ge=-1, le=1, description="τ.")
    margin: float = Field(ge=0, le=2, description="m.")
    threshold_range: tuple[float, float] | None = Field(
        None, description="95 % interval of τ over other people of the same shop."
    )
    false_match_rate: float | None = Field(None, ge=0, le=1, description="What was asked for.")
    measured_rate: float | None = Field(None, ge=0, le=1, description="What these thresholds gave.")
    measured_range: tuple[float, float] | None = Field(None, description="Its 95 % interval.")
    found: float | None = Field(None, ge=0, le=1, description="Share of the returns that they found.")
    measured_others: float | None = Field(
        None, ge=0, description="Other persons that a decision was made against, on average."
    )
    others: int | None = Field(
        None, ge=1, description="Other persons of a real day that the rate was asked for; none: those."
    )
    pairs_same: int = Field(0, ge=0)
    pairs_different: int = Field(0, ge=0)
    people: int = Field(0, ge=0, description="How many people it was measured on.")

    @property
    def thresholds(self) -> Thresholds:
        """τ and m."""
        return Thresholds(self.threshold, self.margin)

    def probability(self, cosine: npt.ArrayLike, agreement: npt.ArrayLike = math.nan) -> Numbers:
        """P(same) where same and different are equally likely beforehand.

        Args:
            cosine: of two entries, -1 to 1, any shape.
            agreement: of their attributes, 0 to 1, nan where not known; same shape or one number.

        Returns:
            0 to 1, of the cosine's shape; it never falls where the cosine rises.
        """
        values = np.asarray(cosine, dtype=np.float64)
        if isinstance(self.curve, Steps):
            return np.interp(values, self.curve.cosines, self.curve.probabilities)
        extra = np.asarray(agreement, dtype=np.float64) - self.curve.neutral
        evidence = self.curve.bias + self.curve.slope * values + self.curve.weight * np.nan_to_num(extra)
        probability: Numbers = 1.0 / (1.0 + np.exp(-np.clip(evidence, -_FARTHEST, _FARTHEST)))
        return probability

    def check_encoder(self, fingerprint: str, path: Path) -> None:
        """Refuse a calibration of another encoder.

        Raises:
            InputError: it was measured with another one.
        """
        if self.encoder != fingerprint:
            raise InputError(
                f"{path} was calibrated with the encoder {self.encoder}, but {fingerprint} is in use: "
                "calibrate anew with floorwalker reid calibrate"
            )

    def save(self, path: Path) -> None:
        """Write it as JSON; the file appears whole or not at all."""
        with whole_file(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_calibration(path: Path) -> Calibration:
    """A calibration from a file that `Calibration.save` wrote.

    Raises:
        InputError: no such file, or it is none.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the calibration {path}: {error.strerror}") from error
    try:
        return Calibration.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{path}: {place}: {plain_reason(first['msg'])}") from error


def uncalibrated(fingerprint: str, thresholds: Thresholds) -> Calibration:
    """What is assumed of an encoder on which nothing was measured.

    τ is chosen so that hardly anybody of a whole day is taken for another; of two entries alone, as likely
    one person as two, it says far more. With three networks on 42 people the log-odds at it were 4 to 5, and
    the slope 18 to 25.

    Args:
        fingerprint: the encoder's.
        thresholds: τ and m as they hold.
    """
    curve = Logistic(
        bias=_ASSUMED_LOG_ODDS - _ASSUMED_SLOPE * thresholds.threshold,
        slope=_ASSUMED_SLOPE,
        weight=_ASSUMED_WEIGHT,
    )
    return Calibration(
        encoder=fingerprint, curve=curve, threshold=thresholds.threshold, margin=thresholds.margin
    )


_ASSUMED_LOG_ODDS, _ASSUMED_SLOPE, _ASSUMED_WEIGHT = 4.0, 20.0, 0.0
