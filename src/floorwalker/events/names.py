"""Names in events: what a text must be to name something, and a store's to stand in an address."""

from __future__ import annotations

MAX_NAME_LENGTH = 200


def why_no_name(text: str) -> str | None:
    """Why a text can name nothing, or None where it can."""
    if not 0 < len(text) <= MAX_NAME_LENGTH:
        return f"must be 1 to {MAX_NAME_LENGTH} characters, got {len(text)}"
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        return "holds a control character or half a surrogate pair"
    return None


def why_no_store_id(text: str) -> str | None:
    """Why a text can be no store's id, or None where it can.

    A store is read under `/stores/{id}/…`: what cannot stand there, however it is escaped, would be written
    and never read.
    """
    if text in (".", "..") or "/" in text or "\\" in text:
        return "cannot stand in an address: expected an id without / and \\, and not . or .."
    return why_no_name(text)
