"""`floorwalker reid calibrate`: what an encoder's cosines are worth in one shop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from floorwalker.cli.options import AsJson
from floorwalker.cli.output import console, print_json
from floorwalker.cli.reid_train import Entries
from floorwalker.errors import InputError
from floorwalker.files import check_writable
from floorwalker.identity.matching.agreement import agreement, agreement_table
from floorwalker.identity.matching.attribute_schema import AttributeSchema, read_schema
from floorwalker.identity.matching.calibrate import LabelledPairs, calibrate_entries, calibrate_pairs
from floorwalker.identity.matching.calibration import Calibration
from floorwalker.identity.matching.choose_encoder import choose_encoder
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.labelled import Labelled, read_labelled, thinned_days
from floorwalker.identity.matching.verdicts import read_verdicts

_MOST_ENTRIES = 5000  # all are compared with all


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid calibrate`."""
    app.command("calibrate")(calibrate)


def calibrate(
    entries: Entries,
    out: Annotated[Path, typer.Option("--out", help="The calibration to write (.json).")],
    verdicts: Annotated[
        Path | None,
        typer.Option(
            help="Verdicts of the pair reviewer (JSON lines of entry_a, entry_b, verdict); then the entries' "
            "own persons are not believed."
        ),
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option("--encoder", help="A trained encoder (.onnx); default: the mean.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", help="Schema of the attributes; their agreement counts then.")
    ] = None,
    false_match_rate: Annotated[
        float, typer.Option(help="Greatest share of decisions that may join wrongly.", min=0, max=0.5)
    ] = 0.01,
    others: Annotated[
        int | None,
        typer.Option(
            help="Other persons of a real day that a decision is made against, each a chance to be wrong; "
            "default: as many as in the entries, with verdicts 100.",
            min=1,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of orders of arrival and of resampling.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure P(same), threshold and margin on labelled entries or on pairs with verdicts."""
    check_writable(out)
    fields = None if schema is None else read_schema(schema)
    chosen = choose_encoder(encoder, fields)
    labelled = read_labelled(entries)
    if verdicts is not None:
        said = read_verdicts(verdicts)
        pairs = _pairs(said, labelled, chosen, fields)
        made = calibrate_pairs(
            pairs, chosen.fingerprint, false_match_rate, chosen.thresholds.margin, others or 100, seed
        )
    else:
        labelled = thinned_days(labelled, _MOST_ENTRIES, np.random.default_rng(seed))
        vectors = labelled.encode(chosen)
        people = [f"{key.store_id}/{key.day_id}/{name}" for key, name in labelled.people]
        days = [f"{entry.key.store_id}/{entry.key.day_id}" for entry in labelled.entries]
        table = None if fields is None else agreement_table(fields, labelled.attributes(fields))
        made = calibrate_entries(
            vectors @ vectors.T, people, days, chosen.fingerprint, false_match_rate, table, others, seed
        )
    made.save(out)
    if as_json:
        print_json({"out": str(out), **made.model_dump(mode="json", exclude={"curve"})})
    else:
        _tell(out, made)


def _pairs(
    said: Mapping[tuple[str, str], bool],
    labelled: Labelled,
    encoder: Encoder,
    fields: AttributeSchema | None,
) -> LabelledPairs:
    """The pairs with verdicts whose entries are both there."""
    entry_of = {entry.event.entry_id: entry for entry in labelled.entries}
    there = [pair for pair in said if pair[0] in entry_of and pair[1] in entry_of]
    if not there:
        raise InputError("none of the pairs with verdicts has both its entries in the manifests")
    named = dict.fromkeys(name for pair in there for name in pair)
    some = Labelled(tuple(entry_of[name] for name in named))
    row = {name: number for number, name in enumerate(named)}
    first = np.array([row[one] for one, _ in there])
    second = np.array([row[other] for _, other in there])
    vectors = some.encode(encoder)
    cosine = np.einsum("ne,ne->n", vectors[first], vectors[second]).astype(np.float64)
    known = np.full(len(there), np.nan)
    if fields is not None:
        encoded = some.attributes(fields)
        known = np.array(
            [agreement(fields, encoded[a], encoded[b]) for a, b in zip(first, second, strict=True)]
        )
    return LabelledPairs(cosine, np.array([said[pair] for pair in there]), known)


def _tell(out: Path, made: Calibration) -> None:
    low, high = made.threshold_range or (made.threshold, made.threshold)
    lines = [
        f"{out}: threshold {made.threshold:.3f} (95 %: {low:.3f} to {high:.3f}), margin {made.margin:.2f}, "
        f"for at most {made.false_match_rate or 0:.2%} false matches"
    ]
    if made.measured_rate is not None and made.measured_range is not None and made.found is not None:
        least, most = made.measured_range
        lines.append(
            f"measured on {made.people} people: {made.measured_rate:.2%} false matches (95 %: {least:.2%} to "
            f"{most:.2%}), {made.found:.1%} of the returns found, against {made.measured_others or 0:.0f} "
            "other persons on average"
        )
    lines.append(f"{made.pairs_same} pairs of one person, {made.pairs_different} of two")
    console.print("\n".join(lines), markup=False, soft_wrap=True)
