"""One name for a store that several systems write differently."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"(?:store|st)[ _-]?([0-9]+)", re.IGNORECASE)


def canonical_store_id(name: str) -> str:
    """The name that all ways to write a numbered store have in common.

    Args:
        name: as some system writes it.

    Returns:
        `ST1076` for `store_1076`, `ST1076`, `st-1076` and the like; any other name as it is.
    """
    found = _NUMBERED.fullmatch(name.strip())
    return f"ST{found[1]}" if found else name
