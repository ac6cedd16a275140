"""The weights of `confidence`, fitted to what came true on simulated mornings.

`python benchmarks/confidence_fit.py` prints this table: L2-penalised logistic regression of "the event has a
true one of its kind within 2 s, one to one" on the events' signs. These weights come from mornings of six
minutes, difficulty normal: seeds 1, 2, 4 and 6 with true boxes and 1, 2 and 6 with the built-in detector.
`benchmarks/events.py` reports on other seeds how far the confidences hold.
"""

from __future__ import annotations

from floorwalker.events import EventType
from floorwalker.journeys.confidence import Weights

TABLE = {
    EventType.ENTRY: Weights(  # 180 events
        -4.78,
        {"detected": 1.16, "both_sides": 3.47, "depth": 0.96, "who": 3.95},
    ),
    EventType.REENTRY: Weights(  # 10 events
        -4.98,
        {"detected": 1.02, "both_sides": 3.52, "depth": 1.02, "who": 3.52},
    ),
    EventType.EXIT: Weights(  # 140 events
        -4.9,
        {"detected": 1.11, "both_sides": 3.92, "depth": 1.42, "who": 3.6},
    ),
    EventType.ZONE_ENTER: Weights(  # 705 events
        -3.8,
        {
            "detected": -0.34,
            "entered": 2.23,
            "left": 1.0,
            "long": 0.87,
            "deep": 1.35,
            "sighted": 0.18,
            "whole": 0.16,
            "followed": 0.13,
            "alone": 1.47,
        },
    ),
    EventType.ZONE_EXIT: Weights(  # 662 events
        -3.96,
        {
            "detected": -0.27,
            "entered": 0.65,
            "left": 2.34,
            "long": 0.76,
            "deep": 1.55,
            "sighted": 0.23,
            "whole": -0.38,
            "followed": 0.8,
            "alone": 1.67,
        },
    ),
    EventType.ZONE_DWELL: Weights(  # 254 events
        -2.55,
        {
            "detected": 0.12,
            "entered": 1.06,
            "left": 0.87,
            "long": 0.35,
            "deep": 0.27,
            "sighted": 0.33,
            "whole": 1.46,
            "followed": 0.35,
            "alone": 0.45,
        },
    ),
    EventType.BILLING_QUEUE_JOIN: Weights(  # 47 events
        -2.67,
        {
            "detected": 0.35,
            "entered": 1.96,
            "left": 0.32,
            "long": 0.57,
            "deep": 0.57,
            "sighted": 0.33,
            "whole": 0.22,
            "followed": 0.05,
            "alone": 0.72,
            "ahead": 0.41,
        },
    ),
    EventType.BILLING_QUEUE_ABANDON: Weights(  # 12 events
        -3.02,
        {
            "detected": 0.39,
            "entered": 0.33,
            "left": 0.41,
            "long": 0.43,
            "deep": 0.42,
            "sighted": 0.39,
            "whole": 0.38,
            "followed": 0.37,
            "alone": 0.46,
            "unserved": 0.48,
        },
    ),
}
