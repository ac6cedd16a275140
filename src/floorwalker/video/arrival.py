"""The clock of a stream: when its pictures were taken, by when they arrive and what they say themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrivalRules:
    """How arrival and presentation time go together.

    Attributes:
        jump_s: a picture whose arrival and own time disagree by more than this tells that the stream's
            clock jumped; the two are then tied together anew.
        drift: seconds a second by which the stream's clock may run slow or fast; raising it follows a bad
            clock sooner and lets a slow network pull the times along.
        step_s: between two pictures of which the later one claims no later time.
    """

    jump_s: float = 3.0
    drift: float = 0.001
    step_s: float = 0.001


class ArrivalClock:
    """Turns arrivals and presentation times into the times at which pictures were taken.

    Pictures come late and in bursts, but never early: the least delay seen ties the stream's clock to the
    wall's, so that the spacing is the camera's and the time is the wall's.

    Args:
        rules: how they go together.
    """

    def __init__(self, rules: ArrivalRules | None = None) -> None:
        self._rules = rules or ArrivalRules()
        self._ahead_s: float | None = None  # arrival minus presentation, at the least delay
        self._arrived_s = 0.0
        self._last_s: float | None = None
        self.jumps = 0

    def restart(self) -> None:
        """The stream was opened anew: its clock begins somewhere else."""
        self._ahead_s = None

    def time_of(self, stamp_s: float | None, arrived_s: float) -> float:
        """When a picture was taken, growing from call to call.

        Args:
            stamp_s: its presentation time; None where it has none.
            arrived_s: when it arrived, on a clock that only goes forward.
        """
        time_s = arrived_s if stamp_s is None else self._tied(stamp_s, arrived_s)
        if self._last_s is not None:
            time_s = max(time_s, self._last_s + self._rules.step_s)
        self._last_s = time_s
        return time_s

    def _tied(self, stamp_s: float, arrived_s: float) -> float:
        ahead_s = arrived_s - stamp_s
        if self._ahead_s is None:
            self._ahead_s = ahead_s
        elif abs(ahead_s - self._ahead_s) > self._rules.jump_s:
            self._ahead_s = ahead_s
            self.jumps += 1
        else:
            slack_s = self._rules.drift * (arrived_s - self._arrived_s)
            self._ahead_s = min(self._ahead_s + slack_s, ahead_s)
        self._arrived_s = arrived_s
        return stamp_s + self._ahead_s
