"""What the review pages send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from floorwalker.identity.matching.editing import MOST_ENTRIES


def _plain(text: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise ValueError("holds a control character or half a surrogate pair")
    return text


def _paragraphs(text: str) -> str:
    _plain(text.replace("\n", " ").replace("\t", " "))
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OpenBody(_Body):
    """A manifest to be opened: where it lies, or the manifest itself with the name of its file."""

    address: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] | None = None
    name: Name | None = None
    manifest: dict[str, Any] | None = None


class ForgetBody(_Body):
    """The manifest of which nothing shall be kept."""

    file: Name


class EditBody(_Body):
    """What a person does with entries and persons; the fields are those of a log's edit.

    `seen` is the number of the last record that the page knows.
    """

    kind: Literal["move", "split", "merge", "alias", "note", "exclude", "include", "undo"]
    entries: list[Name] = Field(default_factory=list, max_length=MOST_ENTRIES)
    person: Name | None = None
    other: Name | None = None
    text: Annotated[str, Field(max_length=2000), AfterValidator(_paragraphs)] | None = None
    undoes: int | None = Field(None, ge=1, le=10**12)
    by: Name | None = None
    seen: int | None = Field(None, ge=-(10**12), le=10**12)


class PairBody(_Body):
    """What a person says of a pair, or that they take back what was said."""

    kind: Literal["same", "different", "unsure", "keep", "remove", "unreviewed", "undo"]
    entries: list[Name] = Field(default_factory=list, max_length=2)
    undoes: int | None = Field(None, ge=1, le=10**12)
    by: Name | None = None


class TruthBody(_Body):
    """A `multicluster_gt.json` whose persons are to be taken over."""

    truth: dict[str, Any]
    by: Name | None = None
