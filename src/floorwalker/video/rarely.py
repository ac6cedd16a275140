"""Saying the same thing rarely, so that a camera that is away for a night fills no disk."""

from __future__ import annotations

from collections.abc import Callable


class Rarely:
    """Passes on what is said of a kind at most once in a while, with how often it was held back.

    Args:
        say: takes a line.
        now: a clock in seconds that only goes forward.
        every_s: between two lines of a kind.
    """

    def __init__(self, say: Callable[[str], None], now: Callable[[], float], every_s: float = 60.0) -> None:
        self._say = say
        self._now = now
        self._every_s = every_s
        self._kinds: dict[str, tuple[float, int]] = {}  # bounded by the kinds the program knows

    def __call__(self, kind: str, text: str) -> None:
        """Say something of a kind."""
        now_s = self._now()
        said_s, held = self._kinds.get(kind, (-self._every_s, 0))
        if now_s - said_s < self._every_s:
            self._kinds[kind] = (said_s, held + 1)
            return
        self._kinds[kind] = (now_s, 0)
        self._say(f"{text} (and {held} times more since the last word)" if held else text)

    def forget(self, kind: str) -> None:
        """The next of this kind is news again."""
        self._kinds.pop(kind, None)
