"""Clothing attributes as numbers, and what was wrong with them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.attribute_schema import AttributeField, AttributeSchema, Kind
from floorwalker.identity.matching.entry import AttributeValue, Vectors

_MOST_NAMES = 500
_NAME_LENGTH = 80
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class EncodedAttributes:
    """The attributes of one entry as numbers, and what was wrong with them.

    Attributes:
        vector: (attr_dim,) float32; where a field is not known its numbers are zero.
        known: (fields,) bool, which fields of the schema the entry has.
        unknown_fields: fields of the entry that the schema does not have.
        unknown_labels: field and label, where the schema's field does not have that label.
        bad_values: fields whose value is none of theirs: a text where a number belongs.
    """

    vector: Vectors
    known: npt.NDArray[np.bool_]
    unknown_fields: tuple[str, ...] = ()
    unknown_labels: tuple[tuple[str, str], ...] = ()
    bad_values: tuple[str, ...] = ()


@dataclass(slots=True)
class AttributeCounts:
    """How often attributes were missing or wrong, over many entries.

    Names come from outside, so some hundreds are kept apart and the rest counts as `…`.

    Attributes:
        entries: how many entries were counted.
        found: by what was wrong (`missing`, `unknown_field`, `unknown_label`, `bad_value`): name → how often.
    """

    entries: int = 0
    found: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, schema: AttributeSchema, encoded: EncodedAttributes) -> None:
        """Count one more entry."""
        self.entries += 1
        missing = (one.name for one, known in zip(schema.fields, encoded.known, strict=True) if not known)
        self._count("missing", tuple(missing))
        self._count("unknown_field", encoded.unknown_fields)
        self._count("unknown_label", tuple(f"{name}={label}" for name, label in encoded.unknown_labels))
        self._count("bad_value", encoded.bad_values)

    def _count(self, what: str, names: tuple[str, ...]) -> None:
        counter = self.found.setdefault(what, Counter())
        for name in names:
            short = name[:_NAME_LENGTH]
            counter[short if short in counter or len(counter) < _MOST_NAMES else "…"] += 1


def encode_attributes(schema: AttributeSchema, attrs: Mapping[str, AttributeValue]) -> EncodedAttributes:
    """The attributes of an entry as numbers; whatever comes, nothing is raised.

    An enum is one-hot, or its confidences where those are told; a multilabel is multi-hot; a distribution has
    its shares; a float goes from -1 to 1 over its range; a bool is -1 or 1, or between by its confidence.

    Args:
        schema: the fields.
        attrs: field: label, labels, number, truth value, or {label: confidence}.
    """
    vector = np.zeros(schema.dimension, np.float32)
    known = np.zeros(len(schema.fields), np.bool_)
    labels: list[tuple[str, str]] = []
    bad: list[str] = []
    start = 0
    for number, one in enumerate(schema.fields):
        place = slice(start, start + one.width)
        start += one.width
        raw = attrs.get(one.name)
        if raw is None:
            continue
        numbers: Vectors | float | None
        if one.labels:
            weights = _weights(raw)
            labels += [(one.name, label) for label in weights or () if label not in one.labels]
            numbers = None if weights is None else _shares(one, weights)
        else:
            numbers = _truth(raw) if one.kind is Kind.BOOL else _position(one, raw)
        if numbers is None:
            bad.append(one.name)
        else:
            vector[place] = numbers
            known[number] = bool(np.any(vector[place])) or one.kind in (Kind.FLOAT, Kind.MULTILABEL)
    names = {one.name for one in schema.fields}
    unknown = tuple(str(name) for name in attrs if name not in names)
    return EncodedAttributes(vector, known, unknown, tuple(labels), tuple(bad))


def _weights(raw: object) -> dict[str, float] | None:
    """Labels with their confidences; None where this is neither."""
    if isinstance(raw, str):
        return {raw: 1.0}
    if isinstance(raw, bool):
        return {str(raw).lower(): 1.0}
    if isinstance(raw, Mapping):
        numbers = {str(label): _number(value) for label, value in raw.items()}
        if any(value is None for value in numbers.values()):
            return None
        return {label: min(max(value or 0.0, 0.0), 1.0) for label, value in numbers.items()}
    if isinstance(raw, list | tuple) and all(isinstance(label, str) for label in raw):
        return dict.fromkeys(raw, 1.0)
    return None


def _shares(one: AttributeField, weights: Mapping[str, float]) -> Vectors:
    """Weights in the order of the schema's labels; what is unknown takes its part of the whole with it."""
    numbers = np.array([weights.get(label, 0.0) for label in one.labels], np.float32)
    total = sum(weights.values())
    if one.kind is Kind.DISTRIBUTION or (one.kind is Kind.ENUM and total > 1.0):
        numbers /= max(total, 1e-9)
    return numbers


def _truth(raw: object) -> float | None:
    if isinstance(raw, bool):
        return 1.0 if raw else -1.0
    if isinstance(raw, str):
        word = raw.strip().lower()
        return 1.0 if word in _TRUE else -1.0 if word in _FALSE else None
    if isinstance(raw, Mapping):
        weights = _weights(raw) or {}
        yes = sum(value for label, value in weights.items() if label.lower() in _TRUE)
        no = sum(value for label, value in weights.items() if label.lower() in _FALSE)
        return (yes - no) / (yes + no) if yes + no > 0 else None
    share = _number(raw)
    return None if share is None or not 0.0 <= share <= 1.0 else 2.0 * share - 1.0


def _position(one: AttributeField, raw: object) -> float | None:
    value = _number(raw)
    if value is None or one.low is None or one.high is None:
        return None
    share = (value - one.low) / (one.high - one.low)
    return 2.0 * min(max(share, 0.0), 1.0) - 1.0


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
