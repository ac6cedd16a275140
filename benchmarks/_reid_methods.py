"""Ways to compare entries: the mean, or an encoder trained on tuning people; with attributes or without."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from _reid_data import SCHEMA, Fold, Material
from floorwalker.identity.matching.agreement import agreement_table
from floorwalker.identity.matching.calibrate import MARGINS, fit_curve, pairs_of, scaled_rate
from floorwalker.identity.matching.calibration import Calibration, Logistic
from floorwalker.identity.matching.encoder import Encoder, MeanEncoder, Thresholds
from floorwalker.identity.matching.labelled import Labelled
from floorwalker.identity.matching.replay import choose_thresholds, replay_orders

Table = npt.NDArray[np.float32]
RATE = 0.01
# Trained before thresholds are chosen: this share of the tuning people only judges, and its scores choose.
JUDGES = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The report people of a fold, compared in one way.

    Attributes:
        labelled: their entries.
        similarity: (n, n).
        tuned_on: whose entries thresholds are chosen by; of a trained encoder those that only judged.
        tuned_similarity: of these.
        chosen: thresholds by the tuning people alone.
        encoder: what made the vectors, for whole days; None: the comparison is not by vectors alone.
        calibration: of the tuning people's pairs, for the clustering of whole days.
    """

    labelled: Labelled
    similarity: Table
    tuned_on: Sequence[str]
    tuned_similarity: Table
    chosen: Thresholds
    encoder: Encoder | None = None
    calibration: Calibration | None = None

    @property
    def people(self) -> list[str]:
        """Whose the entries are."""
        return _people(self.labelled)

    def choose(self, *, by_entry: bool = False, margins: Sequence[float] = MARGINS) -> Thresholds:
        """Thresholds for the rate by the tuning people, where as many are there as report people."""
        return choose(self.tuned_similarity, self.tuned_on, self.labelled, by_entry=by_entry, margins=margins)


Method = Callable[[Material, Fold, int, int], Compared]


def methods() -> dict[str, Method]:
    """All that can be run here, the default first."""
    found: dict[str, Method] = {"mean": _mean, "mean + attributes": _mean_with_attributes}
    if find_spec("torch") is not None:
        for name, attention, attributes in (
            ("trained, mean pooling", False, False),
            ("trained, attentive", True, False),
            ("trained, attentive + attributes", True, True),
        ):
            found[name] = _trained(attention, attributes)
    return found


def choose(
    similarity: Table,
    people: Sequence[str],
    day: Labelled,
    *,
    by_entry: bool = False,
    margins: Sequence[float] = MARGINS,
) -> Thresholds:
    """Thresholds for the rate by some people, for a day with as many others as there are on another one."""
    decisions = replay_orders(
        similarity, people, [0] * len(people), 20, np.random.default_rng(0), by_entry=by_entry
    )
    rate = scaled_rate(RATE, len(set(people)) - 1, len(set(_people(day))) - 1)
    return choose_thresholds(decisions, rate, margins)


def _mean(material: Material, fold: Fold, burst: int, seed: int) -> Compared:
    tune, report = (material.entries(people, burst) for people in (fold.tune, fold.report))
    return _compared(MeanEncoder(), tune, report)


def _compared(encoder: Encoder, tune: Labelled, report: Labelled) -> Compared:
    one, other = (part.encode(encoder) for part in (tune, report))
    people = _people(tune)
    chosen = choose(one @ one.T, people, report)
    curve = fit_curve(pairs_of(one @ one.T, people, ["day"] * len(people)))
    calibration = Calibration(
        encoder=encoder.fingerprint, curve=curve, threshold=chosen.threshold, margin=chosen.margin
    )
    return Compared(report, other @ other.T, people, one @ one.T, chosen, encoder, calibration)


def _people(labelled: Labelled) -> list[str]:
    return [entry.person_id for entry in labelled.entries]


def _mean_with_attributes(material: Material, fold: Fold, burst: int, seed: int) -> Compared:
    """The cosine, raised or lowered by what agreement of attributes is worth among tuning people."""
    tune, report = (material.entries(people, burst) for people in (fold.tune, fold.report))
    one, other = (part.encode(MeanEncoder()) for part in (tune, report))
    agreed = [agreement_table(SCHEMA, part.attributes(SCHEMA)) for part in (tune, report)]
    people = _people(tune)
    curve = fit_curve(pairs_of(one @ one.T, people, ["day"] * len(people), agreed[0]))
    assert isinstance(curve, Logistic)
    worth = curve.weight / curve.slope
    scores = [
        (vectors @ vectors.T + worth * (table - curve.neutral)).astype(np.float32)
        for vectors, table in zip((one, other), agreed, strict=True)
    ]
    return Compared(report, scores[1], people, scores[0], choose(scores[0], people, report))


def _trained(attention: bool, attributes: bool) -> Method:
    def method(material: Material, fold: Fold, burst: int, seed: int) -> Compared:
        from floorwalker.identity.matching.choose_encoder import choose_encoder
        from floorwalker.training.export import export_onnx
        from floorwalker.training.reid_training import train
        from floorwalker.training.run_folder import TrainingSettings

        tune, report = (material.entries(people, burst) for people in (fold.tune, fold.report))
        settings = replace(TrainingSettings(), use_attention=attention, seed=seed, validation_share=JUDGES)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            trained = train(tune, SCHEMA if attributes else None, settings, folder)
            export_onnx(trained.checkpoint, folder / "encoder.onnx")
            encoder = choose_encoder(folder / "encoder.onnx")
        judges = Labelled(tuple(tune.entries[row] for row in trained.split.validation))
        return _compared(encoder, judges, report)

    return method
