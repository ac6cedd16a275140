"""Who is who at one door: who came in together, who went out again, and who came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from floorwalker.identity.association import FloatArray, assignment_probabilities
from floorwalker.identity.height import height_of
from floorwalker.identity.likeness import SAME_SIDE, LikenessScale, likeness, odds_of
from floorwalker.identity.reentry import DoorTrack, Reentry, ReentrySettings, judge_arrivals
from floorwalker.journeys.line_crossing import Crossing
from floorwalker.journeys.parties import PartySettings, parties
from floorwalker.site import Calibration
from floorwalker.tracking.track import Track, in_view_at_once


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How people are known again at a door.

    Attributes:
        across: likeness of two tracks of opposite direction, seen from the front and from behind.
        along: likeness of two tracks of one direction.
        reentry: when someone who comes in is someone who left.
        party: when two who come in are together.
        came_share: how sure it must be whose way in belongs to a way out, for the way in to count as well.
        both_views: weight of the mean of both views; above 1, because two views err less than one.
    """

    across: LikenessScale = field(default_factory=LikenessScale)
    along: LikenessScale = field(default_factory=lambda: SAME_SIDE)
    reentry: ReentrySettings = field(default_factory=ReentrySettings)
    party: PartySettings = field(default_factory=PartySettings)
    came_share: float = 0.6
    both_views: float = 1.3


@dataclass(frozen=True, slots=True)
class DoorPeople:
    """What one door's tracks say of persons.

    Attributes:
        person: for each track the track that stands for its person; itself unless it came back.
        returns: the match behind each track that came back.
        returning: probability of being anyone who left, for each track that came in; 0 where it is not there.
        party: for each track that came in with others the first track of that party.
    """

    person: Mapping[int, int]
    returns: Mapping[int, Reentry]
    returning: Mapping[int, float]
    party: Mapping[int, int]


def people_at_door(
    tracks: Mapping[int, Track],
    crossings: Sequence[Crossing],
    calibration: Calibration | None,
    settings: DoorSettings,
) -> DoorPeople:
    """Tell who is who among those who crossed.

    Args:
        tracks: all of the camera, by track_id.
        crossings: of its entry lines, in order of time.
        calibration: the camera's.
        settings: thresholds.
    """
    crossed: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for crossing in crossings:
        crossed[crossing.track_id].append((crossing.time_s, crossing.inward))
    party = parties(crossings, tracks, settings.party)
    company = party | parties(crossings, tracks, settings.party, inward=False)
    door = [
        DoorTrack(track_id, tuple(moments), company.get(track_id))
        for track_id, moments in sorted(crossed.items())
    ]
    looks = _Looks(tracks, crossed, calibration, settings)
    looks.learn_ways_in(door)
    person = {track_id: track_id for track_id in tracks}
    arrivals = judge_arrivals(door, looks.alike, settings.reentry, looks.at_once)
    for match in arrivals.matches:
        person[match.track_id] = match.earlier_id
    returns = {match.track_id: match for match in arrivals.matches}
    return DoorPeople(person, returns, arrivals.returning, party)


class _Looks:
    """Likeness of a door's tracks; who goes out is seen from the front as well, where the way in is known."""

    def __init__(
        self,
        tracks: Mapping[int, Track],
        crossed: Mapping[int, Sequence[tuple[float, bool]]],
        calibration: Calibration | None,
        settings: DoorSettings,
    ) -> None:
        self._tracks = tracks
        self._settings = settings
        self._heights = {track_id: height_of(tracks[track_id], calibration) for track_id in crossed}
        self._inward = {track_id: moments[0][1] for track_id, moments in crossed.items()}
        self._way_in: dict[int, int] = {}

    def learn_ways_in(self, door: Sequence[DoorTrack]) -> None:
        """Find for each track that goes out the one by which that person had come in, where that is clear."""
        came = [track for track in door if len(track.crossings) == 1 and track.crossings[0][1]]
        left = [track for track in door if len(track.crossings) == 1 and not track.crossings[0][1]]
        odds: FloatArray = np.zeros((len(left), len(came)))
        for row, out in enumerate(left):
            for column, into in enumerate(came):
                if into.crossings[0][0] < out.crossings[0][0]:
                    known = self._pair(into.track_id, out.track_id)
                    odds[row, column] = 0.0 if known is None else odds_of(known)
        chance = assignment_probabilities(odds)
        for row, out in enumerate(left):
            best = int(np.argmax(chance[row])) if len(came) else 0
            if len(came) and chance[row, best] >= self._settings.came_share:
                self._way_in[out.track_id] = came[best].track_id

    def alike(self, a: int, b: int) -> float | None:
        """Probability that two tracks are one person, 0 to 1, or None where nothing can be said."""
        direct = self._pair(a, b)
        way_in = self._way_in.get(b)
        if direct is None or way_in is None or way_in == a:
            return direct
        other = self._pair(a, way_in)
        if other is None:
            return direct
        both = (np.log(odds_of(direct)) + np.log(odds_of(other))) / 2 * self._settings.both_views
        return float(1 / (1 + np.exp(-both)))

    def at_once(self, a: int, b: int) -> bool:
        """Whether both were in view at one time: they are two people, however alike."""
        return in_view_at_once(self._tracks[a], self._tracks[b])

    def _pair(self, a: int, b: int) -> float | None:
        scale = self._settings.along if self._inward[a] == self._inward[b] else self._settings.across
        heights = (self._heights[a], self._heights[b])
        return likeness(self._tracks[a].appearance, self._tracks[b].appearance, scale, heights)
