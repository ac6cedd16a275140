"""Hard pairs: entries of a store's day of which a person should say whether they are one and the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import Status
from floorwalker.identity.matching.bucket_log import Matched
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.entry import Entry, Vectors
from floorwalker.identity.matching.vectors import VectorError, checked_vectors
from floorwalker.identity.review.implied import PairOf, ordered

MOST_PAIRS = 5000
_BLOCK = 512
_BEST = 20  # of an entry's most similar ones, among which the best two people are looked for
_LONGEST_NAME = 200


class Why(StrEnum):
    """Why a pair is asked about."""

    LISTED = "listed"
    REVIEW = "review"
    NEAR_TIE = "near tie"
    NEAR_THRESHOLD = "near threshold"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries to be compared by a person.

    Attributes:
        entries: the one that came later, and the one that it may be the same as.
        why: why it is asked about.
    """

    entries: PairOf
    why: Why


def read_pairs(content: bytes, name: str) -> list[Pair]:
    """Reads a list of hard pairs.

    Args:
        content: CSV with the columns `qid` and `aid`, others are passed over.
        name: of the file, for messages.

    Returns:
        The pairs in order of the file; one that comes again, either way round, once.

    Raises:
        InputError: no such columns, or a line without both ids.
    """
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        columns = {(column or "").strip().lower(): column for column in rows.fieldnames or ()}
        if not {"qid", "aid"} <= columns.keys():
            raise InputError(
                f"{name}: expected the columns qid and aid, got {', '.join(columns) or 'nothing'}"
            )
        found: dict[PairOf, Pair] = {}
        for row in rows:
            one, other = ((row[columns[which]] or "").strip() for which in ("qid", "aid"))
            if not one or not other or one == other or max(len(one), len(other)) > _LONGEST_NAME:
                raise InputError(
                    f"{name}, line {rows.line_num}: expected two different entry ids in qid and aid"
                )
            found.setdefault(ordered(one, other), Pair((one, other), Why.LISTED))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name} is no CSV in UTF-8: {error}") from error
    return list(found.values())


def why_apart(one: Entry, other: Entry, doors: Doors) -> str | None:
    """Why two entries cannot be one person; None: they can.

    Args:
        one: an entry.
        other: another one.
        doors: where the store's cameras are.
    """
    apart_s = abs((one.timestamp - other.timestamp).total_seconds())
    if not doors.is_two_places(one.camera, other.camera, apart_s):
        return None
    return (
        f"nobody is at two places at once: {one.entry_id} crossed at {one.camera} and {other.entry_id} at "
        f"{other.camera}, {apart_s:.1f} s apart"
    )


def unit_vectors(entries: Iterable[Entry], encoder: Encoder) -> dict[str, Vectors]:
    """One direction an entry, as an encoder gives it.

    Args:
        entries: those without vectors, or with vectors that are not what the encoder takes, are left out.
        encoder: makes an entry's vector.

    Returns:
        Entry → (E,) float32 of length 1.
    """
    found = {}
    for entry in entries:
        try:
            found[entry.entry_id] = encoder.encode(checked_vectors(entry.embeddings), entry.attrs)
        except VectorError:
            continue
    return found


def cosines(pairs: Sequence[PairOf], units: Mapping[str, Vectors]) -> dict[PairOf, float]:
    """The cosine of each pair of which both vectors are known and of one length."""
    found = {}
    for pair in pairs:
        one, other = units.get(pair[0]), units.get(pair[1])
        if one is not None and other is not None and one.shape == other.shape:
            found[pair] = float(one @ other)
    return found


def find_hard_pairs(
    matched: Sequence[Matched],
    units: Mapping[str, Vectors],
    *,
    threshold: float,
    margin: float,
    doors: Doors,
    most: int = MOST_PAIRS,
) -> list[Pair]:
    """Pairs that no rule should decide alone.

    Answers that said `review`, near ties between two earlier entries of different people, and cosines near
    the threshold. What cannot be (two places at once) is not asked.

    Args:
        matched: a bucket's entries with their answers, in order.
        units: entry → its direction, as `unit_vectors` gives them.
        threshold: τ of the encoder, -1 to 1.
        margin: m of the encoder; how near the threshold, and each other, is near. Raising it asks more.
        doors: where the store's cameras are.
        most: pairs at most; those nearest the threshold stay.

    Returns:
        The pairs; each once, for the first reason that there is.
    """
    entries = {each.entry.entry_id: each.entry for each in matched}
    found: dict[PairOf, Pair] = {}

    def ask(one: str, other: str, why: Why) -> None:
        if one in entries and other in entries and why_apart(entries[one], entries[other], doors) is None:
            found.setdefault(ordered(one, other), Pair((one, other), why))

    for each in matched:
        if each.answer.status is Status.REVIEW:
            for candidate in each.answer.candidates[:2]:
                ask(each.entry.entry_id, candidate.entry_id, Why.REVIEW)
    for one, other, why in _near(matched, units, threshold, margin, most):
        if len(found) >= most:
            break
        ask(one, other, why)
    return list(found.values())


def _near(
    matched: Sequence[Matched],
    units: Mapping[str, Vectors],
    threshold: float,
    margin: float,
    most: int,
) -> list[tuple[str, str, Why]]:
    """Near ties and cosines near the threshold, those nearest to it first; a block of entries at a time."""
    known = [each for each in matched if each.entry.entry_id in units]
    if len(known) < 2:
        return []
    names = [each.entry.entry_id for each in known]
    widths = [units[name].shape[0] for name in names]
    width = max(set(widths), key=widths.count)
    names = [name for name, each in zip(names, widths, strict=True) if each == width]
    persons = {each.entry.entry_id: each.answer.person_id for each in known}
    matrix = np.stack([units[name] for name in names])
    near: list[tuple[float, str, str, Why]] = []
    for begin in range(0, len(names), _BLOCK):
        scores = matrix[begin : begin + _BLOCK] @ matrix.T
        rows, columns = np.nonzero(np.abs(scores - threshold) <= margin)
        earlier = columns < rows + begin  # each pair once: an entry with those before it
        rows, columns = rows[earlier], columns[earlier]
        distance = np.abs(scores[rows, columns] - threshold)
        for place in np.argsort(distance, kind="stable")[:most]:
            one, other = names[begin + int(rows[place])], names[int(columns[place])]
            near.append((float(distance[place]), one, other, Why.NEAR_THRESHOLD))
        near += _ties(scores, begin, names, persons, threshold, margin)
    near.sort(key=lambda each: each[:3])
    return [(one, other, why) for _, one, other, why in near]


def _largest(scores: Vectors, most: int) -> NDArray[np.intp]:
    """Places of the largest scores, largest first."""
    places = np.arange(scores.size)
    if scores.size > most:
        places = np.argpartition(-scores, most)[:most]
    found: NDArray[np.intp] = places[np.argsort(-scores[places], kind="stable")]
    return found


def _ties(
    scores: Vectors,
    begin: int,
    names: Sequence[str],
    persons: Mapping[str, str],
    threshold: float,
    margin: float,
) -> list[tuple[float, str, str, Why]]:
    """An entry's best two people, where both would do and neither leads."""
    ties = []
    for row, line in enumerate(scores):
        before = line[: begin + row]
        best: dict[str, int] = {}
        for column in _largest(before, _BEST):
            best.setdefault(persons[names[int(column)]], int(column))
            if len(best) == 2:
                break
        if len(best) < 2:
            continue
        first, second = best.values()
        if before[first] >= threshold and before[first] - before[second] < margin:
            one = names[begin + row]
            distance = float(before[first] - before[second])
            ties += [(distance, one, names[column], Why.NEAR_TIE) for column in (first, second)]
    return ties
