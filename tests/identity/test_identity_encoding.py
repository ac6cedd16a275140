"""Vectors and attributes of an entry: what is refused, what is counted, what an encoder makes of them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.identity.matching.agreement import agreement
from floorwalker.identity.matching.attribute_schema import AttributeSchema, read_schema
from floorwalker.identity.matching.attributes import AttributeCounts, encode_attributes
from floorwalker.identity.matching.calibration import Calibration, Steps, read_calibration, uncalibrated
from floorwalker.identity.matching.encoder import MeanEncoder, Thresholds
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.vectors import VectorError, checked_vectors

SCHEMA = AttributeSchema.model_validate(
    {
        "fields": [
            {"name": "upper", "kind": "enum", "labels": ["red", "blue", "green"]},
            {"name": "carries", "kind": "multilabel", "labels": ["bag", "umbrella"]},
            {"name": "colours", "kind": "distribution", "labels": ["dark", "light"]},
            {"name": "height_m", "kind": "float", "low": 1.0, "high": 2.0},
            {"name": "hat", "kind": "bool"},
        ]
    }
)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([], "empty_embeddings"),
        ([[], []], "empty_embeddings"),
        ([[1.0, float("nan")]], "not_finite"),
        ([[1.0, float("inf")]], "not_finite"),
        ([[1.0, 1e300]], "not_finite"),
        ([[1.0, 2.0], [0.0, 0.0]], "zero_vector"),
        ([[1.0, 2.0], [1.0]], "mixed_dimensions"),
        ([[1.0, 2.0], []], "mixed_dimensions"),
        ([1.0, 2.0], "mixed_dimensions"),
        ([[1.0, 2.0, 3.0]], "wrong_dimension"),
        (np.ones((2, 3)), "wrong_dimension"),
    ],
)
def test_vectors_that_say_nothing_are_refused_by_name(values, code):
    with pytest.raises(VectorError) as caught:
        checked_vectors(values, 2)
    assert caught.value.code == code


def test_the_mean_weighs_each_picture_alike_however_long_its_vector():
    vectors = checked_vectors([[1e30, 0.0], [0.0, 1e-3]])
    assert MeanEncoder().encode(vectors, {}) == pytest.approx([math.sqrt(0.5)] * 2)
    with pytest.raises(VectorError) as caught:
        MeanEncoder().encode(checked_vectors([[1.0, 0.0], [-2.0, 0.0]]), {})
    assert caught.value.code == "zero_vector"


def test_each_kind_of_attribute_has_its_numbers():
    encoded = encode_attributes(
        SCHEMA,
        {
            "upper": {"red": 0.5, "blue": 0.25},
            "carries": ["bag"],
            "colours": {"dark": 0.6, "light": 0.2},
            "height_m": 1.75,
            "hat": False,
        },
    )
    assert encoded.vector == pytest.approx([0.5, 0.25, 0, 1, 0, 0.75, 0.25, 0.5, -1])
    assert encoded.known.all()


def test_missing_unknown_and_senseless_attributes_are_counted_and_never_raised():
    counts = AttributeCounts()
    wrong = {
        "upper": "violet", "carries": 3.0, "height_m": "tall", "hat": {"perhaps": 1.0}, "shoes": "boots",
    }  # fmt: skip
    encoded = encode_attributes(SCHEMA, wrong)
    counts.add(SCHEMA, encoded)
    counts.add(SCHEMA, encode_attributes(SCHEMA, {}))
    assert not encoded.vector.any()
    assert encoded.unknown_labels == (("upper", "violet"),)
    assert set(encoded.bad_values) == {"carries", "height_m", "hat"}
    assert counts.found["missing"]["colours"] == 2
    assert counts.found["unknown_field"] == {"shoes": 1}
    assert counts.found["unknown_label"] == {"upper=violet": 1}


def test_names_that_come_from_outside_do_not_fill_the_memory():
    counts = AttributeCounts()
    for number in range(700):
        counts.add(SCHEMA, encode_attributes(SCHEMA, {f"field {number}": "x"}))
    assert len(counts.found["unknown_field"]) == 501
    assert counts.found["unknown_field"]["…"] == 200


def test_agreement_looks_only_at_what_both_entries_have():
    def told(**attrs):
        return encode_attributes(SCHEMA, attrs)

    assert math.isnan(agreement(SCHEMA, told(upper="red"), told(hat=True)))
    assert agreement(SCHEMA, told(upper="red", hat=True), told(upper="red")) == 1.0
    assert agreement(SCHEMA, told(upper="red", height_m=1.0), told(upper="blue", height_m=1.5)) == 0.25
    assert agreement(SCHEMA, told(carries=["bag", "umbrella"]), told(carries=["bag"])) == 0.5
    assert agreement(SCHEMA, told(colours={"dark": 1}), told(colours={"dark": 3, "light": 1})) == 0.5


def test_two_entries_are_compared_by_looks_and_apart_from_that_by_attributes():
    def entry(name, **attrs):
        vectors = np.array([[1.0, 0.5]], np.float32)
        moment = datetime(2026, 3, 3, 10, tzinfo=UTC)
        return Entry(BucketKey("2026-03-03", "S"), name, moment, Direction.ENTRY, "C", vectors, attrs)

    for schema, expected in ((SCHEMA, 0.5), (None, math.nan)):
        matcher = Matcher(MemoryStore(), MeanEncoder(schema=schema))
        matcher.match(entry("a", upper="red", hat=True))
        matcher.match(entry("b", upper="blue", hat=True))
        compared = matcher.compare("a", "b")
        assert compared.cosine == pytest.approx(1.0)
        assert compared.agreement == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([{"name": "a", "kind": "colour"}], "kind"),
        ([{"name": "a", "kind": "enum"}], "needs labels"),
        ([{"name": "a", "kind": "enum", "labels": ["x", "x"]}], "stands twice"),
        ([{"name": "a", "kind": "float", "low": 2, "high": 1}], "low less than high"),
        ([{"name": "a", "kind": "bool"}, {"name": "a", "kind": "bool"}], "stands twice"),
    ],
)
def test_a_schema_that_means_nothing_is_refused_with_its_place(tmp_path, fields, told):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"fields": fields}))
    with pytest.raises(InputError, match=told):
        read_schema(path)


def test_a_calibration_is_read_as_it_was_saved_and_serves_its_own_encoder_only(tmp_path):
    steps = Steps(cosines=(0.2, 0.6), probabilities=(0.1, 0.9))
    saved = Calibration(encoder="mean-1", curve=steps, threshold=0.5, margin=0.03, false_match_rate=0.01)
    path = tmp_path / "calibration.json"
    saved.save(path)
    loaded = read_calibration(path)
    assert loaded == saved
    assert loaded.probability([-1.0, 0.4, 1.0]) == pytest.approx([0.1, 0.5, 0.9])
    loaded.check_encoder("mean-1", path)
    with pytest.raises(InputError, match="calibrate anew"):
        loaded.check_encoder("other", path)
    path.write_text(path.read_text().replace('"margin": 0.03', '"margin": -1'))
    with pytest.raises(InputError, match="margin"):
        read_calibration(path)


def test_without_a_calibration_the_threshold_speaks_strongly_for_it():
    assumed = uncalibrated("mean-1", Thresholds(0.6, 0.02))
    far, below, at, above = assumed.probability([0.2, 0.4, 0.6, 0.7])
    assert far < 0.05
    assert below == pytest.approx(0.5)
    assert 0.95 < at < above
