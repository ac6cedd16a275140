"""Dwell: a mark at 30 s of continuous presence and every 30 s after."""

from __future__ import annotations

DWELL_STEP_S = 30.0


def dwell_marks(start_s: float, end_s: float, step_s: float = DWELL_STEP_S) -> list[tuple[float, int]]:
    """The moments at which a stay is worth an event.

    Args:
        start_s: beginning of the stay.
        end_s: its end, or the last moment known.
        step_s: between marks.

    Returns:
        Times with the milliseconds stayed by then.
    """
    count = int((end_s - start_s + 1e-6) // step_s)
    return [(start_s + k * step_s, round(k * step_s * 1000)) for k in range(1, count + 1)]
