"""Parties: people who came together are one buyer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from floorwalker.insights.visits import Visit


def parties_of(visits: Sequence[Visit]) -> dict[str, str]:
    """The party of each visitor who came in a group.

    Two people are of one party where they share a group of one day; chains of groups are followed.

    Args:
        visits: of any days.

    Returns:
        visitor_id to the first visitor_id of the party by name; who came alone is left out.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    first: dict[tuple[date, str], str] = {}
    for visit in visits:
        for group in visit.groups:
            parent.setdefault(visit.visitor_id, visit.visitor_id)
            mine, theirs = (
                root(visit.visitor_id),
                root(first.setdefault((visit.day, group), visit.visitor_id)),
            )
            parent[max(mine, theirs)] = min(mine, theirs)
    return {name: root(name) for name in parent}


def buyers(visitors: Iterable[str], parties: Mapping[str, str]) -> set[str]:
    """Those who can buy: people alone and parties, each once.

    Args:
        visitors: visitor_ids.
        parties: as `parties_of` gives them.
    """
    return {parties.get(name, name) for name in visitors}
