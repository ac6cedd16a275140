"""`floorwalker evaluate manifest`: who the entries of a day were taken for, against who they were."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from floorwalker.cli.options import AsJson
from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.evaluation.partitions import Agreement, PartitionScore, score_partition
from floorwalker.identity.matching.cluster_truth import read_truth
from floorwalker.identity.matching.manifest_json import read_manifest


def manifest(
    found: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="A manifest, as GET /manifest answers it.")
    ],
    truth: Annotated[
        Path, typer.Option("--truth", help="Cluster truth (multicluster_gt.json) of the same store's day.")
    ],
    as_json: AsJson = False,
) -> None:
    """Score the persons of a manifest: pairs of entries, B-cubed, and the error in unique visitors."""
    measured, true = read_manifest(found), read_truth(truth)
    if measured.key != true.key:
        raise InputError(
            f"{found.name} is of {measured.key.store_id} on {measured.key.day_id}, "
            f"{truth.name} of {true.key.store_id} on {true.key.day_id}; expected the same store's day"
        )
    score = score_partition(measured.groups(), true.groups())
    if score.entries == score.missing:
        raise InputError(f"{found.name} holds no entry that {truth.name} knows")
    if as_json:
        print_json(as_values(score))
        return
    table = Table(title="persons of a store's day", title_justify="left", box=None, pad_edge=False)
    for heading in ("", "precision", "recall", "F1"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, one in (("pairs of entries", score.pairs), ("B-cubed", score.bcubed)):
        table.add_row(name, *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)))
    console.print(table)
    console.print(
        f"{score.found_people} persons, truly {score.true_people}: "
        f"unique visitors {score.visitors_error:+.1%}; "
        f"{score.entries} entries, {score.missing} of them missing, {score.unknown} more without truth"
    )


def as_values(score: PartitionScore) -> dict[str, object]:
    """A score as JSON values."""

    def values(one: Agreement) -> dict[str, float]:
        return {**asdict(one), "f1": one.f1}

    return {
        **asdict(score),
        "pairs": values(score.pairs),
        "bcubed": values(score.bcubed),
        "visitors_error": score.visitors_error,
    }
