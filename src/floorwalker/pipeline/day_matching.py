"""The matcher over a day's recordings: who crossed one door or another again, by the rules of `/match`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from floorwalker.identity.matching.answer import Status
from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.journeys.day_matches import SameVisitor
from floorwalker.pipeline.camera_run import CameraRun

_FARTHEST = 1e-9


def same_visitors(
    runs: Sequence[CameraRun],
    entries: Iterable[Entry],
    matcher: Matcher,
    probability: Callable[[float], float],
) -> list[SameVisitor]:
    """Ask the matcher of each crossing in order of time.

    What it would leave to a human is no match, nor is one with a doubt, such as that somebody would leave
    twice without having come in between: nobody is asked here.

    Args:
        runs: the day's recordings; entries are named after their events.
        entries: their crossings with vectors.
        matcher: over a store of its own, without entries.
        probability: P(same) of a cosine.

    Returns:
        Two visitors for each match of two.

    Raises:
        VectorError: vectors are not what the encoder takes.
    """
    visitor_of = {event.event_id: event.visitor_id for run in runs for event in run.events}
    found = []
    for entry in sorted(entries, key=lambda each: (each.timestamp, each.entry_id)):
        answer = matcher.match(entry).answer
        sure = answer.status is Status.MATCH and answer.reason is None
        if sure and answer.match_id is not None:
            earlier, later = visitor_of[answer.match_id], visitor_of[entry.entry_id]
            if earlier != later:
                found.append(SameVisitor(earlier, later, _log_odds(probability(answer.score))))
    return found


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _FARTHEST), 1 - _FARTHEST)
    return math.log(bounded / (1 - bounded))
