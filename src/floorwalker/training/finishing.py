"""What a finished training leaves: the encoder as it is served, its thresholds and its curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from floorwalker.errors import InputError, WorkError
from floorwalker.identity.matching.calibrate import calibrate_entries
from floorwalker.identity.matching.calibration import Calibration
from floorwalker.identity.matching.encoder import TRAINED_THRESHOLDS, Thresholds
from floorwalker.identity.matching.entry import Vectors
from floorwalker.identity.matching.labelled import Labelled
from floorwalker.identity.matching.onnx_entry_encoder import OnnxEntryEncoder
from floorwalker.training.batches import pad
from floorwalker.training.checkpoint import Checkpoint
from floorwalker.training.curves import write_curves
from floorwalker.training.export import export_onnx
from floorwalker.training.run_folder import Trained, TrainingSettings, save_run

_AT_ONCE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What was written.

    Attributes:
        network: the encoder as it is served.
        calibration: measured on the entries that judged; None: they were too few.
        thresholds: τ and m that stand in the network.
    """

    network: Path
    calibration: Calibration | None
    thresholds: Thresholds


def finish(
    folder: Path,
    trained: Trained,
    labelled: Labelled,
    settings: TrainingSettings,
    false_match_rate: float,
    others: int | None = None,
) -> Finished:
    """Write `best.pt`, `encoder.onnx`, `calibration.json`, `run.json` and `curves.html`.

    Args:
        folder: the run folder.
        trained: what the training gave.
        labelled: all entries; thresholds come from those of them that judged.
        settings: how it was trained.
        false_match_rate: for τ and m, as in `calibrate_entries`.
        others: other persons of a real day, likewise; the judges are few, so τ rises with it.

    Raises:
        WorkError: writing failed.
    """
    judges = Labelled(tuple(labelled.entries[row] for row in trained.split.validation))
    vectors = encode_all(trained.checkpoint, judges)
    people = [f"{key.store_id}/{key.day_id}/{name}" for key, name in judges.people]
    days = [f"{entry.key.store_id}/{entry.key.day_id}" for entry in judges.entries]
    try:
        measured = calibrate_entries(vectors @ vectors.T, people, days, "", false_match_rate, others=others)
    except InputError:
        measured = None
    thresholds = TRAINED_THRESHOLDS if measured is None else measured.thresholds
    checkpoint = save_run(folder, trained, settings, thresholds)
    network = folder / "encoder.onnx"
    export_onnx(checkpoint, network)
    if measured is not None:
        fingerprint = OnnxEntryEncoder(network).fingerprint
        measured = measured.model_copy(update={"encoder": fingerprint})
        measured.save(folder / "calibration.json")
    write_curves(trained.history, trained.best, folder / "curves.html")
    return Finished(network, measured, thresholds)


def encode_all(checkpoint: Checkpoint, labelled: Labelled) -> Vectors:
    """(entries, E): the vectors that a checkpoint's encoder makes of entries."""
    schema = checkpoint.schema
    attributes = np.zeros((len(labelled.entries), checkpoint.encoder.attr_dim), np.float32)
    if schema is not None:
        attributes = np.stack([encoded.vector for encoded in labelled.attributes(schema)])
    bursts = [entry.embeddings for entry in labelled.entries]
    parts = []
    with torch.no_grad():
        for start in range(0, len(bursts), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            parts.append(checkpoint.encoder(*pad(bursts[some], attributes[some])).numpy())
    return np.concatenate(parts)


def log_to_mlflow(folder: Path, trained: Trained, settings: TrainingSettings) -> None:
    """Log settings, epochs and the run folder as a run of MLflow, where its environment says.

    Raises:
        InputError: MLflow is not installed.
        WorkError: MLflow did not take it; the run folder is whole all the same.
    """
    try:
        import mlflow
    except ModuleNotFoundError as error:
        raise InputError("--mlflow needs MLflow, which is not installed here: pip install mlflow") from error
    try:
        with mlflow.start_run(run_name=folder.name):
            mlflow.log_params(asdict(settings))
            for epoch in trained.history:
                figures = {"validation_map": epoch.validation}
                if epoch.loss is not None:
                    figures["triplet_loss"] = epoch.loss
                mlflow.log_metrics(figures, step=epoch.number)
            mlflow.log_artifacts(str(folder))
    except mlflow.exceptions.MlflowException as error:
        reason = " ".join(str(error).split())[:300]
        raise WorkError(f"the run is whole in {folder}, but MLflow did not take it: {reason}") from error
