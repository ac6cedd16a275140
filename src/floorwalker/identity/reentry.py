"""First re-entry rule: an inbound person at the door may be one of those who left earlier that day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
        least_likeness: probability of being one person from which a match is made. Raising it misses
            more re-entries and confuses fewer strangers.
        least_margin: by how much the best must surpass the best of another person.
    """

    least_likeness: float = 0.7
    least_margin: float = 0.1


@dataclass(frozen=True, slots=True)
class Reentry:
    """A match of someone coming in with someone who left.

    Attributes:
        track_id: the inbound track.
        earlier_id: the track with the earlier EXIT.
        likeness: of the two, 0 to 1.
        margin: to the best of another person.
    """

    track_id: int
    earlier_id: int
    likeness: float
    margin: float


def match_reentries(
    tracks: Sequence[DoorTrack],
    likeness: Callable[[int, int], float | None],
    settings: ReentrySettings,
) -> list[Reentry]:
    """Match inbound tracks with those who left, in order of time.

    Whoever has been matched is inside again and can be matched anew only after the next EXIT.

    Args:
        tracks: that crossed the door's line.
        likeness: of two tracks by track_id, 0 to 1; None where nothing can be said.
        settings: when a match is made.

    Returns:
        The matches, in order of the inbound crossing.
    """
    moments = sorted(
        (time_s, track.track_id, inward) for track in tracks for time_s, inward in track.crossings
    )
    person: dict[int, int] = {track.track_id: track.track_id for track in tracks}
    seen_as: dict[int, list[int]] = {track.track_id: [track.track_id] for track in tracks}
    outside: dict[int, float] = {}
    matches = []
    for time_s, track_id, inward in moments:
        who = person[track_id]
        if not inward:
            outside[who] = time_s
            continue
        if who in outside:  # one track went out and came back: no question who it is
            del outside[who]
            continue
        found = _best(track_id, outside, seen_as, likeness)
        if found is None:
            continue
        best, first, second = found
        if first >= settings.least_likeness and first - second >= settings.least_margin:
            matches.append(Reentry(track_id, best, first, first - second))
            person[track_id] = best
            seen_as[best].append(track_id)
            del outside[best]
    return matches


def _best(
    track_id: int,
    outside: dict[int, float],
    seen_as: dict[int, list[int]],
    likeness: Callable[[int, int], float | None],
) -> tuple[int, float, float] | None:
    """The likeliest person outside, their likeness, and that of the next best person."""
    scores = []
    for who in outside:
        known = [value for member in seen_as[who] if (value := likeness(track_id, member)) is not None]
        if known:
            scores.append((-max(known), who))
    if not scores:
        return None
    scores.sort()
    second = -scores[1][0] if len(scores) > 1 else 0.0
    return scores[0][1], -scores[0][0], second
