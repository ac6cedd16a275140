"""What people send when they correct something."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

_MOST_VISITORS = 50
_MOST_STATEMENTS = 100


def _plain(text: str) -> str:
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise ValueError("holds a control character or half a surrogate pair")
    return text


Visitor = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Person = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class MergeStatement(_Body):
    """These visitors are one person."""

    type: Literal["merge"]
    visitors: list[Visitor] = Field(min_length=2, max_length=_MOST_VISITORS)


class SplitStatement(_Body):
    """This visitor is nobody but themselves."""

    type: Literal["split"]
    visitor: Visitor


class StaffStatement(_Body):
    """This visitor is staff, or is not."""

    type: Literal["staff"]
    visitor: Visitor
    value: StrictBool


class PurchasedStatement(_Body):
    """This visitor's purchase was this transaction, or they bought nothing."""

    type: Literal["purchased"]
    visitor: Visitor
    transaction_id: Visitor | Literal[False]


class AbandonedStatement(_Body):
    """This visitor gave up queueing, or did not."""

    type: Literal["abandoned"]
    visitor: Visitor
    value: StrictBool


SaidStatement = Annotated[
    MergeStatement | SplitStatement | StaffStatement | PurchasedStatement | AbandonedStatement,
    Field(discriminator="type"),
]


class CorrectionBody(_Body):
    """What a person says of a day's visitors."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "day": "2026-03-03",
                "by": "asha",
                "note": "the cleaner, and a woman who came back without her jacket",
                "statements": [
                    {"type": "staff", "visitor": "VIS_c8a2f1", "value": True},
                    {"type": "merge", "visitors": ["VIS_0d41aa", "VIS_77b0c2"]},
                ],
            }
        }
    )

    day: str = Field(description="The store's local day.")
    by: Person | None = Field(None, description="Who says so; default: the key's name.")
    note: Annotated[str, Field(max_length=2000), AfterValidator(lambda text: text.replace("\0", ""))] = ""
    statements: list[SaidStatement] = Field(min_length=1, max_length=_MOST_STATEMENTS)
    force: StrictBool = Field(False, description="Merge although it seems impossible.")
    correction_id: UUID | None = Field(None, description="Chosen by the client: sent twice, it is one.")


class UndoBody(_Body):
    """Who takes a correction back."""

    by: Person | None = Field(None, description="Default: the key's name.")
