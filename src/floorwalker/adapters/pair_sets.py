"""A list of hard pairs with what it needs: its manifests, its truth, and the file of what was said."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.files import check_writable, content_of
from floorwalker.identity.matching.bucket_log import Matched
from floorwalker.identity.matching.cluster_truth import read_truth
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.entry import Vectors
from floorwalker.identity.matching.manifest_json import read_manifest
from floorwalker.identity.matching.rules import Rules
from floorwalker.identity.review.desk import records_of
from floorwalker.identity.review.hard_pairs import Pair, cosines, find_hard_pairs, read_pairs, unit_vectors
from floorwalker.identity.review.line_log import LineLog
from floorwalker.identity.review.pair_bench import SetBench, bare_entries

DEFAULT_STATE = "pairs_state.jsonl"


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Where a list of pairs and what belongs to it lie.

    Attributes:
        manifests: entry manifests; at least one.
        csv: the list, with columns qid and aid; None: hard pairs are found.
        truths: cluster truths.
        state: the file of what was said; made when the first thing is.
        page_size: pairs on one page of the list.
        image_base: in front of images' addresses that are relative.
    """

    manifests: tuple[Path, ...]
    csv: Path | None = None
    truths: tuple[Path, ...] = ()
    state: Path = Path(DEFAULT_STATE)
    page_size: int = 50
    image_base: str | None = None


def pair_files_from(environment: Mapping[str, str]) -> PairFiles | None:
    """What `PAIRS_…` variables name; None: no manifests.

    Args:
        environment: variables by name; several files of one have the system's path separator, or commas,
            between them.

    Raises:
        InputError: the page size is no number from 1 to 1,000, or there is a list without manifests.
    """
    manifests = _paths(environment.get("PAIRS_ENTRY_MANIFESTS", ""))
    csv = environment.get("PAIRS_CSV", "").strip()
    if not manifests:
        if csv:
            raise InputError("PAIRS_CSV names pairs of entries; PAIRS_ENTRY_MANIFESTS must say what they are")
        return None
    size = environment.get("PAIRS_PAGE_SIZE", "").strip() or "50"
    if not size.isdecimal() or not 1 <= int(size) <= 1000:
        raise InputError(f"PAIRS_PAGE_SIZE={size[:40]!r}: expected a number from 1 to 1000")
    return PairFiles(
        manifests,
        Path(csv) if csv else None,
        _paths(environment.get("PAIRS_MULTICLUSTER_GTS", "")),
        Path(environment.get("PAIRS_STATE_PATH", "").strip() or DEFAULT_STATE),
        int(size),
        environment.get("PAIRS_IMAGE_BASE", "").strip() or None,
    )


def open_pairs_set(files: PairFiles, encoder: Encoder, rules: Rules) -> SetBench:
    """Reads a list of pairs and what belongs to it.

    Args:
        files: where they lie.
        encoder: makes the entries' vectors.
        rules: τ and m, by which pairs count as hard where there is no list.

    Raises:
        InputError: a file is missing or of another form, an entry stands in two manifests, or the list names
            entries that none of them has.
    """
    check_writable(files.state)
    matched = _matched(files.manifests)
    entries = bare_entries(matched)
    units = unit_vectors((each.entry for each in matched), encoder)
    if files.csv is not None:
        pairs = read_pairs(content_of(files.csv), files.csv.name)
        _need_entries(pairs, entries.keys(), files.csv.name)
    else:
        pairs = _found(matched, units, rules)
    truth: dict[str, str] = {}
    for path in files.truths:
        read = read_truth(path)
        # Persons of two days are never one, whatever they are called.
        truth |= {entry: f"{read.key.day_id} {person}" for entry, person in read.groups().items()}
    scores = cosines([pair.entries for pair in pairs], units)
    return SetBench(entries, pairs, scores, truth if files.truths else None, LineLog(files.state))


def _matched(manifests: Sequence[Path]) -> list[Matched]:
    found: dict[str, Matched] = {}
    for path in manifests:
        for record in records_of(read_manifest(path)):
            if isinstance(record, Matched):
                name = record.entry.entry_id
                if name in found:
                    raise InputError(f"{path.name}: entry {name[:80]!r} stands in another manifest too")
                found[name] = record
    return list(found.values())


def _found(matched: Sequence[Matched], units: Mapping[str, Vectors], rules: Rules) -> list[Pair]:
    days = dict.fromkeys(each.entry.key for each in matched)
    return [
        pair
        for key in days
        for pair in find_hard_pairs(
            [each for each in matched if each.entry.key == key],
            units,
            threshold=rules.threshold,
            margin=rules.margin,
            doors=Doors(),
        )
    ]


def _need_entries(pairs: Sequence[Pair], known: Collection[str], name: str) -> None:
    missing = [entry for pair in pairs for entry in pair.entries if entry not in known]
    if missing:
        raise InputError(
            f"{name}: {len(missing)} of its entries are in no manifest, the first is {missing[0][:80]!r}"
        )


def _paths(text: str) -> tuple[Path, ...]:
    parts = (part for piece in text.split(os.pathsep) for part in piece.split(","))
    return tuple(Path(part.strip()) for part in parts if part.strip())
