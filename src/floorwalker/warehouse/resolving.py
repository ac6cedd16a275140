"""From what was observed to what is known: merges, staff and corrections, latest word last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.records import ResolvedEvent
from floorwalker.warehouse.store_days import StoreDays

PERSON = "person:"
_PLACE = "\0"  # no visitor_id holds it


def said_by_person(resolution: Resolution) -> bool:
    """Whether a person, not a rule, says so."""
    return resolution.reason.startswith(PERSON)


def in_force(resolutions: Iterable[Resolution]) -> dict[tuple[str, Attribute], Resolution]:
    """The statement that holds for each subject and attribute, the latest last.

    Args:
        resolutions: of one local day, in order of their version, none undone. A later one replaces an
            earlier one, except that no rule replaces a person.
    """
    holding: dict[tuple[str, Attribute], Resolution] = {}
    for resolution in resolutions:
        key = (resolution.subject, resolution.attribute)
        earlier = holding.get(key)
        if earlier is None or said_by_person(resolution) or not said_by_person(earlier):
            # A key that is overwritten keeps its place: taken out first, the latest word stands last.
            holding.pop(key, None)
            holding[key] = resolution
    return holding


def person_names(same_as: Mapping[str, str]) -> dict[str, str]:
    """The visitor_id each merged visitor_id finally stands for.

    Args:
        same_as: subject to the visitor_id that it is the same as; chains are followed, and those who
            point at one another in a circle all become the first of them by name.
    """
    final: dict[str, str] = {}
    for subject in same_as:
        path: list[str] = []
        place: dict[str, int] = {}
        name = subject
        while name in same_as and name not in final and name not in place:
            place[name] = len(path)
            path.append(name)
            name = same_as[name]
        name = min(path[place[name] :]) if name in place else final.get(name, name)
        final.update(dict.fromkeys(path, name))
    return final


def merged_names(resolutions: Sequence[Resolution]) -> dict[str, str]:
    """Who stands for whom, with people's word that somebody is nobody but themselves.

    A person who says that a visitor is the same as itself takes that visitor out of its group: neither what
    rules say of it, before or later and in whichever direction, nor what people said before brings it back.
    Those who were one person through that visitor stay one person without it.

    Args:
        resolutions: in order of their version, none undone.
    """
    said = [each for each in resolutions if each.attribute is Attribute.SAME_AS]
    taken_out = {
        each.subject: turn
        for turn, each in enumerate(said)
        if each.subject == each.value and said_by_person(each)
    }
    if not taken_out:
        return person_names({subject: each.value for (subject, _), each in in_force(said).items()})
    # What else was said of such a visitor is said of the place that it held in its group.
    of_places: list[Resolution] = []
    of_visitors: list[Resolution] = []
    turns: dict[int, int] = {}
    for turn, each in enumerate(said):
        turns[id(each)] = turn
        is_after = said_by_person(each) and turn > taken_out.get(each.subject, -1)
        (of_visitors if is_after or each.subject not in taken_out else of_places).append(each)

    def target(each: Resolution) -> str:
        is_after = said_by_person(each) and turns[id(each)] > taken_out.get(each.value, -1)
        return each.value if is_after or each.value not in taken_out else _PLACE + each.value

    pointers = {subject: target(each) for (subject, _), each in in_force(of_visitors).items()}
    elsewhere = (each for each in of_places if each.value != each.subject)
    pointers |= {_PLACE + subject: target(each) for (subject, _), each in in_force(elsewhere).items()}
    return _without_places(person_names(pointers))


def _without_places(final: Mapping[str, str]) -> dict[str, str]:
    """The same groups; one that is called by a place gets the first of its visitors by name for a name."""
    names: dict[str, str] = {}
    for subject, name in final.items():
        if name.startswith(_PLACE) and not subject.startswith(_PLACE):
            names[name] = min(subject, names.get(name, subject))
    renamed = {
        subject: names.get(name, name) for subject, name in final.items() if not subject.startswith(_PLACE)
    }
    return {subject: name for subject, name in renamed.items() if name != subject}


class DayResolver:
    """What holds for the visitors of a store on each of its local days.

    A visitor_id is of one person and visit day: what is said of one day, and who is staff there, says
    nothing of the same visitor_id on another one.

    Args:
        resolutions: in order of their version, none undone; each is of the local day of its moment.
        days: the store's.

    Attributes:
        corrections: what people said of purchases and abandons, their subjects resolved.
    """

    def __init__(self, resolutions: Sequence[Resolution], days: StoreDays) -> None:
        self._days = days
        self._by_day = {day: Resolver(said) for day, said in days.said(resolutions).items()}
        self.corrections = tuple(said for each in self._by_day.values() for said in each.corrections)

    def resolve(self, rows: Sequence[Any]) -> tuple[ResolvedEvent, ...]:
        """Observed events with what is known of their visitors.

        Args:
            rows: of whole days, by time; as for `Resolver.resolve`.
        """
        nothing = Resolver(())
        found: list[ResolvedEvent] = []
        for day, mine in self._days.split(rows):
            found += self._by_day.get(day, nothing).resolve(mine)
        return tuple(found)


class Resolver:
    """What holds for the visitors of a store on one local day.

    Args:
        resolutions: of the day, in order of their version, none undone.

    Attributes:
        names: the visitor_id of the person, for those observed visitor_ids that stand for another one.
        corrections: what people said of purchases and abandons, their subjects resolved.
    """

    def __init__(self, resolutions: Sequence[Resolution]) -> None:
        holding = in_force(resolutions)
        self.names = merged_names(resolutions)
        flags: dict[str, list[Resolution]] = {}
        for (subject, attribute), resolution in holding.items():
            if attribute is Attribute.IS_STAFF:
                flags.setdefault(self.name(subject), []).append(resolution)
        self._staff = {name: _verdict(said) for name, said in flags.items()}
        self.corrections = tuple(
            Resolution(
                said.store_id,
                self.name(said.subject),
                said.attribute,
                said.value,
                said.reason,
                said.confidence,
                said.decided_utc,
            )
            for said in holding.values()
            if said.attribute in (Attribute.PURCHASED, Attribute.ABANDONED) and said_by_person(said)
        )

    def name(self, observed_id: str) -> str:
        """The visitor_id of the person whom an observed visitor_id stands for."""
        return self.names.get(observed_id, observed_id)

    def staff(self, flagged: Iterable[str]) -> frozenset[str]:
        """Everybody who is staff, by resolved visitor_id.

        Args:
            flagged: resolved visitor_ids of those whom some event of the day calls staff.
        """
        seen = {name for name in flagged if self._staff.get(name, True)}
        return frozenset(seen | {name for name, is_staff in self._staff.items() if is_staff})

    def resolve(self, rows: Sequence[Any]) -> tuple[ResolvedEvent, ...]:
        """Observed events with what is known of their visitors.

        Args:
            rows: of the whole day; each begins with time_us, event_id, camera_id, visitor_id, event_type,
                zone_id, dwell_ms, is_staff, queue_depth, group_id.
        """
        names = self.names
        staff = self.staff({names.get(row[3], row[3]) for row in rows if row[7]})
        return tuple(
            [
                ResolvedEvent(
                    row[0], row[1], row[2], row[3], (name := names.get(row[3], row[3])), row[4], row[5],
                    row[6], name in staff, row[8], row[9],
                )
                for row in rows
            ]
        )  # fmt: skip


def _verdict(said: Sequence[Resolution]) -> bool:
    """One answer for a person whose merged names carry several: people first, then any who says staff."""
    by_people = [resolution for resolution in said if said_by_person(resolution)]
    if by_people:
        return by_people[-1].value == "true"
    return any(resolution.value == "true" for resolution in said)
