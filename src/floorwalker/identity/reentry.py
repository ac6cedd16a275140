"""First re-entry rule: an inbound person at the door may be one of those who left earlier that day."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from floorwalker.identity.likeness import odds_of


@dataclass(frozen=True, slots=True)
class DoorTrack:
    """One track at a door that crossed its line.

    Attributes:
        track_id: who.
        crossings: (time_s, inward) in order of time.
    """

    track_id: int
    crossings: tuple[tuple[float, bool], ...]


@dataclass(frozen=True, slots=True)
class ReentrySettings:
    """When someone who comes in is someone who left.

    Attributes:
        return_share: share of those who leave that come back. Raising it finds more re-entries and calls
            more strangers so.
        return_s: typical time they stay away.
        least_returning: probability of being anyone who left, from which a match is made. Between two who
            look alike it is often certain that one of them came back, and open which: then the likelier one
            is taken, since calling them new would count a visitor too many.
        least_probability: of being the likeliest person themselves, below which no name is given.
        window_s: arrivals within this time before and after tell how many strangers come in meanwhile.
    """

    return_share: float = 0.2
    return_s: float = 150.0
    least_returning: float = 0.5
    least_probability: float = 0.3
    window_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Reentry:
    """A match of someone coming in with someone who left.

    Attributes:
        track_id: the inbound track.
        earlier_id: the track with the earlier EXIT.
        probability: that it is the same person, 0 to 1.
        margin: to the likeliest other person who left.
    """

    track_id: int
    earlier_id: int
    probability: float
    margin: float


def match_reentries(
    tracks: Sequence[DoorTrack],
    likeness: Callable[[int, int], float | None],
    settings: ReentrySettings,
    together: Callable[[int, int], bool] = lambda one, other: False,
) -> list[Reentry]:
    """Match inbound tracks with those who left, in order of time.

    Whoever has been matched is inside again and can be matched anew only after the next EXIT. The likeness
    of each person outside is weighed by how likely it is that they return just now, against the arrival of
    a stranger; a busy door so asks for more likeness than a quiet one.

    Args:
        tracks: that crossed the door's line.
        likeness: of two tracks by track_id, 0 to 1; None where nothing can be said.
        settings: when a match is made.
        together: whether two tracks were in one camera's view at once: they are two people, however alike.

    Returns:
        The matches, in order of the inbound crossing.
    """
    moments = sorted(
        (time_s, track.track_id, inward) for track in tracks for time_s, inward in track.crossings
    )
    person: dict[int, int] = {track.track_id: track.track_id for track in tracks}
    seen_as: dict[int, list[int]] = {track.track_id: [track.track_id] for track in tracks}
    outside: dict[int, float] = {}
    arrivals = [time_s for time_s, _, inward in moments if inward]
    matches = []
    for time_s, track_id, inward in moments:
        who = person[track_id]
        if not inward:
            outside[who] = time_s
            continue
        if who in outside:  # one track went out and came back: no question who it is
            del outside[who]
            continue
        strangers_per_s = _arrival_rate(arrivals, time_s, settings.window_s)
        others = {
            who: left_s
            for who, left_s in outside.items()
            if not any(together(track_id, member) for member in seen_as[who])
        }
        found = _best(track_id, time_s, others, seen_as, likeness, strangers_per_s, settings)
        if found is None:
            continue
        best, first, second, returning = found
        if returning >= settings.least_returning and first >= settings.least_probability:
            matches.append(Reentry(track_id, best, first, first - second))
            person[track_id] = best
            seen_as[best].append(track_id)
            del outside[best]
    return matches


def _arrival_rate(arrivals: Sequence[float], time_s: float, window_s: float) -> float:
    """Arrivals a second around a moment, of what was recorded of that time."""
    near = [moment for moment in arrivals if abs(moment - time_s) <= window_s]
    return len(near) / max(near[-1] - near[0], 60.0)


def _best(
    track_id: int,
    time_s: float,
    outside: Mapping[int, float],
    seen_as: Mapping[int, Sequence[int]],
    likeness: Callable[[int, int], float | None],
    strangers_per_s: float,
    settings: ReentrySettings,
) -> tuple[int, float, float, float] | None:
    """The likeliest person outside, the probability of them, of the next one, and of anyone at all."""
    weights = []
    for who, left_s in outside.items():
        known = [value for member in seen_as[who] if (value := likeness(track_id, member)) is not None]
        if known:
            away_s = max(time_s - left_s, 0.0)
            returns_per_s = settings.return_share / settings.return_s * math.exp(-away_s / settings.return_s)
            weights.append((-odds_of(max(known)) * returns_per_s, who))
    if not weights:
        return None
    weights.sort()
    total = strangers_per_s - sum(weight for weight, _ in weights)
    second = -weights[1][0] / total if len(weights) > 1 else 0.0
    return weights[0][1], -weights[0][0] / total, second, 1 - strangers_per_s / total
