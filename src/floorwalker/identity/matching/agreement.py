"""Agreement: how far the attributes of two entries say the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.attribute_schema import AttributeField, AttributeSchema, Kind
from floorwalker.identity.matching.attributes import EncodedAttributes
from floorwalker.identity.matching.entry import Vectors

Table = npt.NDArray[np.float64]


def agreement(schema: AttributeSchema, one: EncodedAttributes, other: EncodedAttributes) -> float:
    """How far the attributes of two entries agree; as in `agreement_table`."""
    return float(agreement_table(schema, [one, other])[0, 1])


def agreement_table(schema: AttributeSchema, entries: Sequence[EncodedAttributes]) -> Table:
    """How far the attributes of entries agree, over the fields that both have.

    Labels count by what both share (the least of their weights; of a multilabel over the greatest), numbers
    by how near they are on their range; each field counts alike.

    Args:
        schema: the one that all were encoded by.
        entries: n of them.

    Returns:
        (n, n): 0 (nothing in common) to 1 (the same), nan where no field is known of both.
    """
    known = np.array([entry.known for entry in entries]).reshape(len(entries), len(schema.fields))
    vectors = np.array([entry.vector for entry in entries]).reshape(len(entries), schema.dimension)
    total, fields = np.zeros((2, len(entries), len(entries)))
    start = 0
    for number, one in enumerate(schema.fields):
        both = known[:, number][:, None] & known[:, number][None]
        score = _of_field(one, vectors[:, start : start + one.width])
        both &= ~np.isnan(score)
        total += np.where(both, score, 0.0)
        fields += both
        start += one.width
    mean: Table = np.divide(total, fields, out=np.full(total.shape, np.nan), where=fields > 0)
    return mean


def _of_field(one: AttributeField, numbers: Vectors) -> Table:
    shared, whole = np.zeros((2, len(numbers), len(numbers)))
    for column in numbers.T.astype(np.float64):
        left, right = column[:, None], column[None]
        if not one.labels:
            return np.asarray(1.0 - np.abs(left - right) / 2.0)
        shared += np.minimum(left, right)
        whole += np.maximum(left, right)
    if one.kind is not Kind.MULTILABEL:
        return np.minimum(shared, 1.0)
    # Where neither has any of the labels, that says nothing.
    score: Table = np.divide(shared, whole, out=np.full(shared.shape, np.nan), where=whole > 0)
    return score
