"""Training of the entry encoder on labelled entries: epochs, early stopping, resuming."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.entry import Vectors
from floorwalker.identity.matching.labelled import Labelled
from floorwalker.identity.matching.retrieval import retrieval
from floorwalker.training.batches import Batch, pad, thinned
from floorwalker.training.checkpoint import Checkpoint
from floorwalker.training.entry_encoder import EntryEncoder
from floorwalker.training.run_folder import Epoch, Trained, TrainingSettings, resume, save_state
from floorwalker.training.sampling import pk_batches
from floorwalker.training.split import Split, split_entries
from floorwalker.training.triplet import batch_hard_triplet


@dataclass(slots=True, eq=False)
class _Data:
    """What is trained on, as arrays."""

    bursts: list[Vectors]
    attributes: Vectors
    people: list[str]
    days: list[str]
    stores: list[str]
    split: Split
    validation: Batch = field(init=False)

    def __post_init__(self) -> None:
        rows = self.split.validation
        self.validation = pad([self.bursts[row] for row in rows], self.attributes[rows])


def train(
    labelled: Labelled,
    schema: AttributeSchema | None,
    settings: TrainingSettings,
    folder: Path,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Train, or go on with what a run folder holds, to what one go would have given.

    Args:
        labelled: entries and whose they are.
        schema: the attributes to use; None: none.
        settings: how.
        folder: the run folder; `best.pt`, `last.pt` and `history.json` are written after each epoch.
        on_epoch: called after each epoch.

    Raises:
        InputError: too few people, or the folder holds a run of other entries or settings.
    """
    data = _data(labelled, schema, settings)
    mark = _mark(data, schema, settings)
    encoder = EntryEncoder(
        labelled.dimension,
        data.attributes.shape[1],
        settings.emb_dim,
        settings.use_attention,
        settings.dropout,
    )
    optimiser = torch.optim.AdamW(
        encoder.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    history, best_weights = resume(folder, mark, encoder, optimiser)
    if not history:
        _begin(encoder, data, settings)
        history = [Epoch(0, None, _validate(encoder, data))]
        best_weights = _copy(encoder)
        on_epoch(history[0])
    best = max(range(len(history)), key=lambda number: history[number].validation)
    while len(history) <= settings.epochs and len(history) - 1 - best < settings.patience:
        number = len(history)
        loss = _epoch(encoder, optimiser, data, settings, number)
        history.append(Epoch(number, loss, _validate(encoder, data)))
        if history[-1].validation > history[best].validation:
            best, best_weights = number, _copy(encoder)
        save_state(folder, mark, encoder, optimiser, history, best_weights)
        on_epoch(history[-1])
    encoder.load_state_dict(best_weights)
    return Trained(Checkpoint(encoder.eval(), schema), tuple(history), data.split, best)


def _data(labelled: Labelled, schema: AttributeSchema | None, settings: TrainingSettings) -> _Data:
    people = [f"{key.store_id}/{key.day_id}/{name}" for key, name in labelled.people]
    days = [f"{entry.key.store_id}/{entry.key.day_id}" for entry in labelled.entries]
    attributes = np.zeros((len(people), 0), np.float32)
    if schema is not None:
        attributes = np.stack([encoded.vector for encoded in labelled.attributes(schema)])
    bursts = [entry.embeddings for entry in labelled.entries]
    rng = np.random.default_rng([settings.seed, 0])
    split = split_entries(people, days, settings.validation_share, rng)
    stores = [entry.key.store_id for entry in labelled.entries]
    return _Data(bursts, attributes, people, days, stores, split)


def _begin(encoder: EntryEncoder, data: _Data, settings: TrainingSettings) -> None:
    torch.manual_seed(settings.seed)
    fresh = EntryEncoder(
        encoder.vis_dim, encoder.attr_dim, encoder.emb_dim, encoder.use_attention, encoder.dropout
    )
    fresh.start_from(torch.from_numpy(np.concatenate([data.bursts[row] for row in data.split.train])))
    encoder.load_state_dict(fresh.state_dict())


def _epoch(
    encoder: EntryEncoder,
    optimiser: torch.optim.Optimizer,
    data: _Data,
    settings: TrainingSettings,
    number: int,
) -> float:
    """One epoch; all that is drawn follows from the seed and its number, so a run can be gone on with."""
    rng = np.random.default_rng([settings.seed, number])
    torch.manual_seed(int(rng.integers(1 << 31)))
    encoder.train()
    losses = []
    people = [data.people[row] for row in data.split.train]
    days = [data.days[row] for row in data.split.train]
    for places in pk_batches(people, days, settings.people_a_batch, settings.entries_a_person, rng):
        rows = data.split.train[places]
        bursts = [thinned(data.bursts[row], settings.thin, rng) for row in rows]
        owners = np.unique([data.people[row] for row in rows], return_inverse=True)[1]
        vectors = encoder(*pad(bursts, data.attributes[rows]))
        apart = torch.from_numpy(_known_apart(data, rows))
        loss = batch_hard_triplet(vectors, torch.from_numpy(owners), apart, settings.margin)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _known_apart(data: _Data, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(B, B), who is surely not the same: of one day, or of two stores; names are of one day only."""
    people, days, stores = (
        np.array([column[row] for row in rows]) for column in (data.people, data.days, data.stores)
    )
    comparable = (days[:, None] == days[None, :]) | (stores[:, None] != stores[None, :])
    apart: npt.NDArray[np.bool_] = comparable & (people[:, None] != people[None, :])
    return apart


def _validate(encoder: EntryEncoder, data: _Data) -> float:
    encoder.eval()
    with torch.no_grad():
        vectors = encoder(*data.validation).numpy()
    people = np.array([data.people[row] for row in data.split.validation])
    days = np.array([data.days[row] for row in data.split.validation])
    allowed = (days[:, None] == days[None, :]) & ~np.eye(len(people), dtype=bool)
    return retrieval(vectors @ vectors.T, people[:, None] == people[None, :], allowed).mean_ap


def _copy(encoder: EntryEncoder) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in encoder.state_dict().items()}


def _mark(data: _Data, schema: AttributeSchema | None, settings: TrainingSettings) -> str:
    """Differs where going on would mix two runs: other entries, attributes or settings but the length."""
    said = {**asdict(settings), "epochs": 0, "patience": 0}
    digest = hashlib.sha256(msgspec.json.encode([said, data.people, schema and schema.fingerprint]))
    for burst in data.bursts:
        digest.update(np.ascontiguousarray(burst).tobytes())
    digest.update(data.attributes.tobytes())
    return digest.hexdigest()
