"""The weights of `confidence`, fitted to what came true on simulated mornings.

`python benchmarks/confidence_fit.py` prints this table: L2-penalised logistic regression of "the event has a
true one of its kind within 2 s, one to one" on the events' signs. These weights come from mornings of ten
minutes, difficulty normal: true boxes of seeds 1 to 4, and, of the built-in detector as it then was, seed 1
whole and two doors and a till of seeds 2 and 3. The detector has changed since, so that a fit anew is due;
`benchmarks/events.py` reports on other seeds how far the confidences hold.
"""

from __future__ import annotations

from floorwalker.events import EventType
from floorwalker.journeys.confidence import Weights

TABLE = {
    EventType.ENTRY: Weights(  # 265 events
        -4.75,
        {"detected": 1.14, "both_sides": 3.22, "depth": 0.71, "who": 4.15},
    ),
    EventType.REENTRY: Weights(  # 33 events
        -5.16,
        {"detected": 0.84, "both_sides": 3.34, "depth": 0.84, "who": 3.49},
    ),
    EventType.EXIT: Weights(  # 245 events
        -4.8,
        {"detected": 1.17, "both_sides": 3.7, "depth": 1.51, "who": 3.7},
    ),
    EventType.ZONE_ENTER: Weights(  # 767 events
        -3.37,
        {
            "detected": 1.77,
            "entered": 0.63,
            "left": -0.37,
            "long": 1.01,
            "deep": 3.3,
            "sighted": -0.09,
            "whole": 1.31,
        },
    ),
    EventType.ZONE_EXIT: Weights(  # 736 events
        -3.38,
        {
            "detected": 2.18,
            "entered": -0.38,
            "left": 0.62,
            "long": 1.18,
            "deep": 2.6,
            "sighted": 0.19,
            "whole": 0.72,
        },
    ),
    EventType.ZONE_DWELL: Weights(  # 365 events
        -2.64,
        {
            "detected": 0.71,
            "entered": 0.36,
            "left": 0.36,
            "long": 0.86,
            "deep": 1.41,
            "sighted": 0.37,
            "whole": 1.92,
        },
    ),
    EventType.BILLING_QUEUE_JOIN: Weights(  # 58 events
        -2.22,
        {
            "detected": 0.75,
            "entered": 1.78,
            "left": 0.78,
            "long": 1.27,
            "deep": 1.14,
            "sighted": 0.78,
            "whole": 0.77,
            "ahead": 0.63,
        },
    ),
    EventType.BILLING_QUEUE_ABANDON: Weights(  # 17 events
        -3.64,
        {
            "detected": 0.44,
            "entered": 0.36,
            "left": 0.86,
            "long": 1.15,
            "deep": 1.08,
            "sighted": 0.36,
            "whole": 0.36,
            "unserved": 1.36,
        },
    ),
}
