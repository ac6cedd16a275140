"""Visitors whom the matcher took for one person, as links between a day's tracks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from floorwalker.identity.handover import Link
from floorwalker.journeys.day_tracks import DayTrack
from floorwalker.tracking.track import in_view_at_once


@dataclass(frozen=True, slots=True)
class SameVisitor:
    """Two visitors who are one person.

    Attributes:
        earlier: the visitor_id that was there first.
        later: the other.
        log_odds: how sure it is.
    """

    earlier: str
    later: str
    log_odds: float


def links_of_matches(nodes: Sequence[DayTrack], matches: Sequence[SameVisitor]) -> list[Link]:
    """A link between the first tracks of both visitors each.

    Visitors of whom one camera saw two tracks side by side are two people, whatever the matcher said; those
    without a track are passed over.

    Args:
        nodes: the day's tracks.
        matches: what the matcher said.
    """
    tracks: dict[str, list[int]] = defaultdict(list)
    for index, node in enumerate(nodes):
        if node.visitor is not None:
            tracks[node.visitor].append(index)
    links = []
    for match in matches:
        one, other = tracks.get(match.earlier), tracks.get(match.later)
        if one and other and match.earlier != match.later and not _side_by_side(nodes, one, other):
            links.append(Link(one[0], other[0], match.log_odds))
    return links


def _side_by_side(nodes: Sequence[DayTrack], one: Sequence[int], other: Sequence[int]) -> bool:
    return any(
        nodes[i].day is nodes[j].day and in_view_at_once(nodes[i].track, nodes[j].track)
        for i in one
        for j in other
    )
