"""What the matcher refuses, each with the code that clients are told."""

from __future__ import annotations

from typing import Literal

from floorwalker.errors import InputError

Refusal = Literal[
    "entry_conflict",
    "swept",
    "wrong_dimension",
    "other_encoder",
    "unknown_entry",
    "unknown_person",
    "unknown_edit",
    "person_exists",
    "bad_edit",
    "two_places",
    "already_undone",
    "too_large",
]


class MatchRefused(InputError):
    """Nothing was added; the same again will be refused again.

    Attributes:
        code: why, for programs.
    """

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code: Refusal = code
