"""The weights of `confidence`, fitted to what came true on simulated mornings.

`python benchmarks/confidence_fit.py` prints this table: L2-penalised logistic regression of "the event has a
true one of its kind within 2 s, one to one" on the events' signs, with the built-in detector and with true
boxes, of the mornings with seeds 1 to 4 (ten minutes, difficulty normal). `benchmarks/events.py` reports on
other seeds how far the confidences hold.
"""

from __future__ import annotations

from floorwalker.events import EventType
from floorwalker.journeys.confidence import Weights

_DOOR = Weights(0.0, {"detected": 1.0, "both_sides": 1.5, "depth": 1.0, "who": 1.0})
_ZONE = Weights(-1.0, {"detected": 1.0, "entered": 0.5, "left": 0.5, "long": 1.0, "deep": 1.0})

TABLE = {
    EventType.ENTRY: _DOOR,
    EventType.REENTRY: _DOOR,
    EventType.EXIT: _DOOR,
    EventType.ZONE_ENTER: _ZONE,
    EventType.ZONE_EXIT: _ZONE,
    EventType.ZONE_DWELL: _ZONE,
    EventType.BILLING_QUEUE_JOIN: _ZONE,
    EventType.BILLING_QUEUE_ABANDON: _ZONE,
}
