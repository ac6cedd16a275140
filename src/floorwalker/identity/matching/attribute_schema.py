"""The schema of clothing attributes: which fields there are, and what each may say."""

from __future__ import annotations

import hashlib
from collections import Counter
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from floorwalker.errors import InputError, plain_reason

_MOST_FIELDS, _MOST_LABELS = 500, 2000


class Kind(StrEnum):
    """What a field says."""

    ENUM = "enum"
    MULTILABEL = "multilabel"
    DISTRIBUTION = "distribution"
    FLOAT = "float"
    BOOL = "bool"


class AttributeField(BaseModel):
    """One attribute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200, description="As it stands in `attrs`.")
    kind: Kind = Field(
        description="enum: one label; multilabel: any; distribution: shares that sum to 1; float; bool."
    )
    labels: tuple[str, ...] = Field(
        (), max_length=_MOST_LABELS, description="The labels of an enum, a multilabel or a distribution."
    )
    low: float | None = Field(None, allow_inf_nan=False, description="Least value of a float.")
    high: float | None = Field(None, allow_inf_nan=False, description="Greatest value of a float.")

    @model_validator(mode="after")
    def _whole(self) -> AttributeField:
        labelled = self.kind in (Kind.ENUM, Kind.MULTILABEL, Kind.DISTRIBUTION)
        if labelled and not self.labels:
            raise ValueError(f"{self.name}: a field of kind {self.kind} needs labels")
        if self.labels and not labelled:
            raise ValueError(f"{self.name}: a field of kind {self.kind} has no labels")
        twice = [label for label, count in Counter(self.labels).items() if count > 1]
        if twice:
            raise ValueError(f"{self.name}: the label {twice[0]!r} stands twice")
        if self.kind is Kind.FLOAT and (self.low is None or self.high is None or self.low >= self.high):
            raise ValueError(f"{self.name}: a float needs low and high, low less than high")
        if self.kind is not Kind.FLOAT and (self.low is not None or self.high is not None):
            raise ValueError(f"{self.name}: low and high belong to a float")
        return self

    @property
    def width(self) -> int:
        """How many numbers the field takes."""
        return len(self.labels) or 1


class AttributeSchema(BaseModel):
    """All attributes, in the order in which an encoder sees them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: tuple[AttributeField, ...] = Field((), max_length=_MOST_FIELDS, description="The attributes.")

    @model_validator(mode="after")
    def _apart(self) -> AttributeSchema:
        twice = [name for name, count in Counter(one.name for one in self.fields).items() if count > 1]
        if twice:
            raise ValueError(f"the field {twice[0]!r} stands twice")
        return self

    @property
    def dimension(self) -> int:
        """attr_dim: how many numbers all fields take together."""
        return sum(one.width for one in self.fields)

    @property
    def fingerprint(self) -> str:
        """Differs whenever the same attributes could become other numbers."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def read_schema(path: Path) -> AttributeSchema:
    """A schema from a JSON file: `{"fields": [{"name", "kind", "labels"?, "low"?, "high"?}]}`.

    Raises:
        InputError: no such file, no JSON, or not a schema; the message says where.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the attribute schema {path}: {error.strerror}") from error
    try:
        return AttributeSchema.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path}: {place + ': ' if place else ''}{plain_reason(first['msg'])}; expected "
            '{"fields": [{"name": …, "kind": "enum", "multilabel", "distribution", "float" or "bool", …}]}'
        ) from error
