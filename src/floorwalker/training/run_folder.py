"""The run folder: settings, epochs and weights of a training, to look at and to go on with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from floorwalker.errors import InputError
from floorwalker.files import whole_file
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.training.checkpoint import Checkpoint, read_weights, save_checkpoint
from floorwalker.training.entry_encoder import EMBEDDING_DIMENSION, EntryEncoder
from floorwalker.training.split import Split


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train.

    Attributes:
        people_a_batch: P.
        entries_a_person: K.
        emb_dim: numbers of the result.
        use_attention: attentive pooling, else the masked mean.
        dropout: share of the hidden numbers left out. Raised, it learns less by heart.
        margin: of the triplet loss, cosine distance.
        learning_rate: of AdamW. Raised, it leaves its beginning, the mean, sooner and farther.
        weight_decay: of AdamW.
        thin: chance of each picture of a burst to be left out in a turn.
        epochs: at most.
        patience: epochs without a better validation after which it stops.
        validation_share: share of the entries that judge.
        seed: of everything that is drawn.
    """

    people_a_batch: int = 16
    entries_a_person: int = 4
    emb_dim: int = EMBEDDING_DIMENSION
    use_attention: bool = True
    dropout: float = 0.1
    margin: float = 0.3
    learning_rate: float = 3e-4
    weight_decay: float = 1e-3
    thin: float = 0.3
    epochs: int = 200
    patience: int = 30
    validation_share: float = 0.25
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to.

    Attributes:
        number: from 0, the untrained beginning.
        loss: mean triplet loss; None at the beginning.
        validation: mAP on the entries that judge.
    """

    number: int
    loss: float | None
    validation: float


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of it.

    Attributes:
        checkpoint: the best encoder by validation.
        history: all epochs, the untrained beginning first.
        split: who taught and who judged.
        best: number of the best epoch.
    """

    checkpoint: Checkpoint
    history: tuple[Epoch, ...]
    split: Split
    best: int


def save_run(
    folder: Path, trained: Trained, settings: TrainingSettings, thresholds: Thresholds
) -> Checkpoint:
    """Write `best.pt` with the thresholds measured for it, and `run.json`: settings, epochs, split.

    Returns:
        The checkpoint as it was written.
    """
    checkpoint = Checkpoint(trained.checkpoint.encoder, trained.checkpoint.schema, thresholds)
    save_checkpoint(folder / "best.pt", checkpoint)
    told = {
        "settings": asdict(settings),
        "best_epoch": trained.best,
        "entries": {"train": len(trained.split.train), "validation": len(trained.split.validation)},
        "split_by_day": trained.split.by_day,
        "threshold": thresholds.threshold,
        "margin": thresholds.margin,
        "history": [asdict(epoch) for epoch in trained.history],
    }
    with whole_file(folder / "run.json") as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
    return checkpoint


def save_state(
    folder: Path,
    mark: str,
    encoder: EntryEncoder,
    optimiser: torch.optim.Optimizer,
    history: list[Epoch],
    best: dict[str, Tensor],
) -> None:
    """Write `last.pt`, from which `resume` goes on, and `history.json`.

    Args:
        folder: the run folder.
        mark: of the entries and settings, as `resume` compares it.
        encoder: as it is now.
        optimiser: likewise.
        history: all epochs so far.
        best: weights of the best one.

    Raises:
        WorkError: writing failed.
    """
    state = {
        "mark": mark,
        "weights": encoder.state_dict(),
        "optimiser": optimiser.state_dict(),
        "best": best,
        "history": [asdict(epoch) for epoch in history],
    }
    with whole_file(folder / "last.pt") as temporary:
        torch.save(state, temporary)
    with whole_file(folder / "history.json") as temporary:
        temporary.write_bytes(msgspec.json.encode(state["history"]) + b"\n")


def resume(
    folder: Path, mark: str, encoder: EntryEncoder, optimiser: torch.optim.Optimizer
) -> tuple[list[Epoch], dict[str, Tensor]]:
    """Put encoder and optimiser where a run stopped.

    Returns:
        All epochs so far and the best weights; none where the folder holds no run.

    Raises:
        InputError: the folder's run is one of other entries or settings.
    """
    path = folder / "last.pt"
    if not path.exists():
        return [], {}
    state = read_weights(path)
    if state.get("mark") != mark:
        raise InputError(
            f"{folder} holds a run with other entries or settings: name another folder, or remove it"
        )
    encoder.load_state_dict(state["weights"])
    optimiser.load_state_dict(state["optimiser"])
    return [Epoch(**epoch) for epoch in state["history"]], state["best"]
