"""Re-entry: who comes in may be one of those who left earlier that day; all are judged together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from floorwalker.identity.association import assignment_probabilities
from floorwalker.identity.likeness import odds_of
from floorwalker.tracking.overlap import assign


@dataclass(frozen=True, slots=True)
class DoorTrack:
    """One track, or one visit, that crossed the line of a door.

    Attributes:
        track_id: who.
        crossings: (time_s, inward) in order of time.
        party: who came in or went out with others; None for somebody alone.
    """

    track_id: int
    crossings: tuple[tuple[float, bool], ...]
    party: int | None = None


@dataclass(frozen=True, slots=True)
class ReentrySettings:
    """When someone who comes in is someone who left.

    Attributes:
        return_share: share of those who leave that come back. Raising it finds more re-entries and calls
            more strangers so.
        return_s: typical time they stay away, the median, and
        return_spread: how much it varies: the standard deviation of its logarithm.
        party_odds: odds factor where one of the two sightings is of somebody in company, the other of
            somebody alone: who left with friends seldom comes back without them.
        least_returning: probability of being anyone who left, from which a match is made. Between two who
            look alike it is often certain that one of them came back, and open which: then the likelier one
            is taken, since calling them new would count a visitor too many.
        least_probability: of being the likeliest person themselves, below which no name is given.
        window_s: arrivals within this time before and after tell how many strangers come in meanwhile.
    """

    return_share: float = 0.2
    return_s: float = 85.0
    return_spread: float = 0.5
    party_odds: float = 0.6
    least_returning: float = 0.75
    least_probability: float = 0.3
    window_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Reentry:
    """A match of someone coming in with someone who left.

    Attributes:
        track_id: the inbound track.
        earlier_id: the first track of the person who left.
        left_id: the track by which they left.
        probability: that it is the same person, 0 to 1.
        returning: that it is anyone who left.
        margin: to the likeliest other person who left.
        away_s: since they left.
    """

    track_id: int
    earlier_id: int
    left_id: int
    probability: float
    returning: float
    margin: float
    away_s: float


@dataclass(frozen=True, slots=True)
class _Crossing:
    track: DoorTrack
    time_s: float


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is known of those who came in.

    Attributes:
        matches: who is somebody who left, in order of the inbound crossing.
        returning: for each track that came in, the probability of being anyone who left.
    """

    matches: tuple[Reentry, ...]
    returning: Mapping[int, float]


def match_reentries(
    tracks: Sequence[DoorTrack],
    likeness: Callable[[int, int], float | None],
    settings: ReentrySettings,
    together: Callable[[int, int], bool] = lambda one, other: False,
) -> list[Reentry]:
    """The matches alone of `judge_arrivals`."""
    return list(judge_arrivals(tracks, likeness, settings, together).matches)


def judge_arrivals(
    tracks: Sequence[DoorTrack],
    likeness: Callable[[int, int], float | None],
    settings: ReentrySettings,
    together: Callable[[int, int], bool] = lambda one, other: False,
) -> Arrivals:
    """Match those who come in with those who left, all of a recording together.

    Nobody who left comes back twice and nobody is two who left: the probabilities are those of a
    one-to-one assignment, in which the likeness of each pair is weighed by how likely that person returns
    just then, against the arrival of a stranger; a busy door so asks for more likeness than a quiet one.
    Whoever is inside cannot enter: only a leaving makes a return possible.

    Args:
        tracks: that crossed the door's line.
        likeness: of two tracks by track_id, 0 to 1; None where nothing can be said.
        settings: when a match is made.
        together: whether two tracks were in one camera's view at once: they are two people, however alike.

    Returns:
        The matches and the doubts.
    """
    arrivals = _first_ways_in(tracks)
    leavings = _last_ways_out(tracks)
    if not arrivals or not leavings:
        return Arrivals((), {came.track.track_id: 0.0 for came in arrivals})
    inbound = sorted(time_s for track in tracks for time_s, inward in track.crossings if inward)
    odds = np.array(
        [
            [
                0.0
                if together(came.track.track_id, left.track.track_id)
                else _odds(came, left, likeness, inbound, settings)
                for left in leavings
            ]
            for came in arrivals
        ]
    )
    chance = assignment_probabilities(odds)
    returning = chance.sum(axis=1)
    likely = (returning[:, None] >= settings.least_returning) & (chance >= settings.least_probability)
    rows, columns = assign(np.where(likely, chance, 0.0), 1e-4)
    person = {track.track_id: track.track_id for track in tracks}
    matches = []
    for row, column in sorted(zip(rows.tolist(), columns.tolist(), strict=True)):
        came, left = arrivals[row], leavings[column]
        person[came.track.track_id] = person[left.track.track_id]
        others = np.delete(chance[row], column)
        matches.append(
            Reentry(
                came.track.track_id,
                person[left.track.track_id],
                left.track.track_id,
                float(chance[row, column]),
                float(returning[row]),
                float(chance[row, column] - others.max(initial=0.0)),
                came.time_s - left.time_s,
            )
        )
    doubts = {came.track.track_id: float(p) for came, p in zip(arrivals, returning, strict=True)}
    return Arrivals(tuple(matches), doubts)


def _first_ways_in(tracks: Sequence[DoorTrack]) -> list[_Crossing]:
    """Tracks that come in first, in order of time: one that goes out first tells itself who comes back."""
    found = [
        _Crossing(track, track.crossings[0][0])
        for track in tracks
        if track.crossings and track.crossings[0][1]
    ]
    return sorted(found, key=lambda crossing: (crossing.time_s, crossing.track.track_id))


def _last_ways_out(tracks: Sequence[DoorTrack]) -> list[_Crossing]:
    """Tracks that are outside at their end, in order of time."""
    found = [
        _Crossing(track, track.crossings[-1][0])
        for track in tracks
        if track.crossings and not track.crossings[-1][1]
    ]
    return sorted(found, key=lambda crossing: (crossing.time_s, crossing.track.track_id))


def _odds(
    came: _Crossing,
    left: _Crossing,
    likeness: Callable[[int, int], float | None],
    inbound: Sequence[float],
    settings: ReentrySettings,
) -> float:
    away_s = came.time_s - left.time_s
    if away_s <= 0 or came.track.track_id == left.track.track_id:
        return 0.0
    known = likeness(came.track.track_id, left.track.track_id)
    if known is None:
        return 0.0
    returns_per_s = settings.return_share * _density(away_s, settings)
    company = settings.party_odds if (came.track.party is None) != (left.track.party is None) else 1.0
    strangers_per_s = _arrival_rate(inbound, came.time_s, settings.window_s)
    return odds_of(known) * company * returns_per_s / strangers_per_s


def _density(away_s: float, settings: ReentrySettings) -> float:
    """How likely a return is just now, a second: log-normal."""
    spread = settings.return_spread
    far = math.log(away_s / settings.return_s) / spread
    return math.exp(-0.5 * far * far) / (away_s * spread * math.sqrt(2 * math.pi))


def _arrival_rate(arrivals: Sequence[float], time_s: float, window_s: float) -> float:
    """Arrivals a second around a moment, of what was recorded of that time."""
    near = [moment for moment in arrivals if abs(moment - time_s) <= window_s]
    return len(near) / max(near[-1] - near[0], 60.0)
