"""Being told to stop: whoever asks, what was begun is put away first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Have SIGTERM end the work like Ctrl-C, so that servers stop in order and no half file stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: _Handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
