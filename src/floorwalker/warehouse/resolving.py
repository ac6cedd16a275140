"""From what was observed to what is known: merges, staff and corrections, latest word last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from floorwalker.resolutions import Attribute, Resolution

PERSON = "person:"


def said_by_person(resolution: Resolution) -> bool:
    """Whether a person, not a rule, says so."""
    return resolution.reason.startswith(PERSON)


def in_force(resolutions: Iterable[Resolution]) -> dict[tuple[str, Attribute], Resolution]:
    """The statement that holds for each subject and attribute, the latest last.

    Args:
        resolutions: in order of their version, none undone. A later one replaces an earlier one, except
            that no rule replaces a person.
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


class Resolver:
    """What holds for the visitors of a store.

    Attributes:
        corrections: what people said of purchases and abandons, their subjects resolved.
    """

    def __init__(self, resolutions: Sequence[Resolution]) -> None:
        holding = in_force(resolutions)
        self._names = person_names(
            {
                subject: resolution.value
                for (subject, attribute), resolution in holding.items()
                if attribute is Attribute.SAME_AS
            }
        )
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
        return self._names.get(observed_id, observed_id)

    def staff(self, flagged: Iterable[str]) -> frozenset[str]:
        """Everybody who is staff, by resolved visitor_id.

        Args:
            flagged: resolved visitor_ids of those whom some event of the day calls staff.
        """
        seen = {name for name in flagged if self._staff.get(name, True)}
        return frozenset(seen | {name for name, is_staff in self._staff.items() if is_staff})


def _verdict(said: Sequence[Resolution]) -> bool:
    """One answer for a person whose merged names carry several: people first, then any who says staff."""
    by_people = [resolution for resolution in said if said_by_person(resolution)]
    if by_people:
        return by_people[-1].value == "true"
    return any(resolution.value == "true" for resolution in said)
