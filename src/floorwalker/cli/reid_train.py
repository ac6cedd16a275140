"""`floorwalker reid train`: an entry encoder from a shop's own entries."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.errors import InputError, WorkError
from floorwalker.identity.matching.attribute_schema import AttributeSchema, read_schema
from floorwalker.identity.matching.labelled import read_labelled

Entries = Annotated[
    list[Path],
    typer.Argument(
        help="Entry manifests with vectors, or folders of them; cluster truths beside them say who is who."
    ),
]


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid train`."""
    app.command("train")(train)


def need_torch(command: str) -> None:
    """Refuse where PyTorch is not installed.

    Raises:
        InputError: it is not.
    """
    try:
        import_module("torch")
    except ModuleNotFoundError as error:
        raise InputError(
            f"floorwalker reid {command} needs PyTorch, which is not installed here: "
            "pip install 'floorwalker[train]'"
        ) from error


def train(
    entries: Entries,
    out: Annotated[Path, typer.Option("--out", help="The run folder; a run in it is gone on with.")],
    schema: Annotated[
        Path | None, typer.Option("--schema", help="Schema of the attributes (JSON); default: none are used.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="At most so many.", min=0, max=100_000)] = 200,
    patience: Annotated[
        int, typer.Option(help="Stop after so many epochs without a better validation.", min=1)
    ] = 30,
    people: Annotated[int, typer.Option(help="P, people a batch.", min=2, max=1024)] = 16,
    entries_a_person: Annotated[
        int, typer.Option("--entries", help="K, entries of each of them.", min=2, max=64)
    ] = 4,
    attention: Annotated[
        bool, typer.Option("--attention/--mean", help="Attentive pooling, or the masked mean.")
    ] = True,
    margin: Annotated[float, typer.Option(help="Of the triplet loss, cosine distance.", min=0, max=2)] = 0.3,
    learning_rate: Annotated[float, typer.Option(help="Of AdamW.", min=1e-7, max=1)] = 3e-4,
    dropout: Annotated[float, typer.Option(help="Share of hidden numbers left out.", min=0, max=0.9)] = 0.1,
    validation: Annotated[
        float, typer.Option(help="Share of the entries that judge, by store-day.", min=0.05, max=0.8)
    ] = 0.25,
    false_match_rate: Annotated[
        float, typer.Option(help="For the thresholds: greatest share of wrong joins.", min=0, max=0.5)
    ] = 0.01,
    others: Annotated[
        int | None,
        typer.Option(
            help="For the thresholds: other persons of a real day; default: as many as judge.", min=1
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.", min=0)] = 0,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="Log the run to MLflow too.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train an entry encoder on entries whose persons are known; write it as it is served."""
    need_torch("train")
    from floorwalker.training.finishing import finish, log_to_mlflow
    from floorwalker.training.reid_training import train as run
    from floorwalker.training.run_folder import TrainingSettings

    if mlflow and find_spec("mlflow") is None:
        raise InputError("--mlflow needs MLflow, which is not installed here: pip install mlflow")
    settings = TrainingSettings(
        people_a_batch=people,
        entries_a_person=entries_a_person,
        use_attention=attention,
        dropout=dropout,
        margin=margin,
        learning_rate=learning_rate,
        epochs=epochs,
        patience=patience,
        validation_share=validation,
        seed=seed,
    )
    fields = None if schema is None else read_schema(schema)
    labelled = read_labelled(entries)
    _make_folder(out)
    with progress_bar("epochs", quiet=quiet or as_json) as bar:
        task = bar.add_task("training", total=epochs + 1)
        trained = run(labelled, _used(fields), settings, out, lambda epoch: bar.advance(task))
        bar.update(task, total=len(trained.history), completed=len(trained.history))
    finished = finish(out, trained, labelled, settings, false_match_rate, others)
    if mlflow:
        log_to_mlflow(out, trained, settings)
    told: dict[str, Any] = {
        "out": str(out),
        "network": str(finished.network),
        "entries": len(labelled.entries),
        "left_out": labelled.left_out,
        "split_by_day": trained.split.by_day,
        "epochs": len(trained.history) - 1,
        "best_epoch": trained.best,
        "validation_map": trained.history[trained.best].validation,
        "untrained_map": trained.history[0].validation,
        "threshold": finished.thresholds.threshold,
        "margin": finished.thresholds.margin,
        "calibrated": finished.calibration is not None,
    }
    if as_json:
        print_json(told)
        return
    _tell(told)


def _tell(told: dict[str, Any]) -> None:
    console.print(
        f"{told['entries']} entries, {told['left_out']} left out; best of {told['epochs']} epochs: "
        f"{told['best_epoch']}, validation mAP {told['validation_map']:.3f} "
        f"(untrained {told['untrained_map']:.3f})",
        markup=False,
        soft_wrap=True,
    )
    console.print(
        f"{told['network']}: threshold {told['threshold']:.3f}, margin {told['margin']:.2f}; "
        f"serve it with MODEL_CKPT={told['network']}",
        markup=False,
        soft_wrap=True,
    )
    if not told["split_by_day"]:
        messages.print("one store-day only: people were set apart to judge, but no day was", markup=False)
    if not told["calibrated"]:
        messages.print(
            "too few entries to measure thresholds: those of the contract stand in it", markup=False
        )


def _used(fields: AttributeSchema | None) -> AttributeSchema | None:
    return fields if fields is not None and fields.dimension else None


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"--out names a run folder; {out} is a file") from error
    except OSError as error:
        raise WorkError(f"the run folder {out} cannot be made: {error.strerror or error}") from error
