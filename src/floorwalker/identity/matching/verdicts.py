"""Verdicts on pairs, as the pair reviewer gives them: what people said of two entries."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from floorwalker.errors import InputError
from floorwalker.files import content_of

Verdict = Literal["same", "different", "unsure"]


class _Line(msgspec.Struct):
    entry_a: str
    entry_b: str
    verdict: Verdict


def read_verdicts(path: Path) -> dict[tuple[str, str], bool]:
    """Pairs of entries and whether they are one person; of several verdicts on a pair the last one counts.

    Args:
        path: a file of JSON lines: `entry_a`, `entry_b`, `verdict`.

    Returns:
        Two entry ids, the smaller first → same; without the pairs of which people were unsure.

    Raises:
        InputError: no such file, or a line of another form; the message names the line.
        WorkError: the file cannot be read.
    """
    lines = content_of(path).splitlines()
    last: dict[tuple[str, str], Verdict] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}, line {number}: expected entry_a, entry_b and verdict: {error}"
            ) from error
        if read.entry_a == read.entry_b:
            raise InputError(f"{path}, line {number}: {read.entry_a!r} is compared with itself")
        first, second = sorted((read.entry_a, read.entry_b))
        last.pop((first, second), None)
        last[first, second] = read.verdict
    return {pair: said == "same" for pair, said in last.items() if said != "unsure"}
