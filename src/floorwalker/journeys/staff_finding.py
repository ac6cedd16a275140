"""Finding staff among the persons of a camera or a day: who is sure to be, then who dresses like them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from floorwalker.identity.uniform import most_of_uniform, uniform_log_odds
from floorwalker.journeys.staff import Presence, StaffSettings, StaffVerdict, judge_staff
from floorwalker.runs import Recording
from floorwalker.site import Store
from floorwalker.tracking.track import Track

_CLOSED_STEP_S = 10.0
_LEAST_VISITS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """How one track shows a person.

    Attributes:
        looks: (k, d) descriptors.
        seconds: how long the track is.
        proof: whether this very track proves that they are staff.
        camera_id: whose it is; a uniform is compared within a camera where that is possible.
    """

    looks: npt.NDArray[np.float32]
    seconds: float
    proof: bool
    camera_id: str = ""


def find_staff(
    presence: Mapping[int, Presence], looks: Mapping[int, Sequence[Look]], settings: StaffSettings
) -> dict[int, StaffVerdict]:
    """Judge all persons.

    Only tracks that prove by themselves that somebody is staff teach the uniform: a customer whose track was
    joined to a cashier's by mistake must not. The others teach what is usual of customers: how many wear
    the uniform's colours, and how long a visit takes.

    Args:
        presence: the evidence beside the clothes, by person.
        looks: the persons' tracks.
        settings: thresholds and weights.
    """
    known = [(person, look) for person, mine in sorted(looks.items()) for look in mine if look.proof]
    clothes = {}
    for person in presence:
        others = [theirs for owner, theirs in known if owner != person]
        clothes[person] = _clothes(looks.get(person, ()), others, settings)
    proved = {person for person, _ in known}
    customers = [person for person in presence if person not in proved]
    most = most_of_uniform([v for p in customers if (v := clothes[p]) is not None], settings.uniform)
    stayed = [presence[p].inside_s for p in customers if presence[p].staff_only_s == 0]
    visits = sorted(seconds for seconds in stayed if seconds is not None)
    found = {}
    for person, evidence in presence.items():
        uniform = clothes[person]
        evidence = replace(
            evidence,
            uniform=None if uniform is None else min(uniform, most),
            outlasted=_outlasted(evidence.in_view_s, visits),
        )
        found[person] = judge_staff(evidence, settings)
    return found


def _clothes(looks: Sequence[Look], known: Sequence[Look], settings: StaffSettings) -> float | None:
    """What a person's tracks say of the uniform, the longer ones more; None where nothing can be compared."""
    odds = []
    for look in looks:
        value = uniform_log_odds(look.looks, seen_beside(look, known), settings.uniform)
        if value is not None:
            odds.append((value, look.seconds))
    weight = sum(seconds for _, seconds in odds)
    return sum(value * seconds for value, seconds in odds) / weight if weight > 0 else None


def _outlasted(in_view_s: float, visits: Sequence[float]) -> float | None:
    """Share of whole visits that took at least so long, or None where too few are known.

    One visit that did and one that did not are added, for what was not seen.
    """
    if len(visits) < _LEAST_VISITS:
        return None
    longer = len(visits) - bisect_left(visits, in_view_s)
    return (longer + 1) / (len(visits) + 2)


def seen_beside(look: Look, known: Sequence[Look]) -> list[npt.NDArray[np.float32]]:
    """The known staff's looks to compare with: of the same camera, where there are any.

    Behind a counter half a body is hidden, and every camera has its own light.
    """
    same = [other.looks for other in known if other.camera_id == look.camera_id]
    return same or [other.looks for other in known]


def proves_staff(presence: Presence, settings: StaffSettings) -> bool:
    """Whether one track's own evidence makes someone staff beyond doubt."""
    return judge_staff(presence, settings).probability >= settings.sure_probability


def seen_while_closed_s(track: Track, store: Store, recording: Recording) -> float:
    """How long a track was in view while the shop was closed; 0 where nobody says when it is open."""
    if not store.opening_hours:
        return 0.0
    moments = np.arange(track.start_s, track.end_s, _CLOSED_STEP_S)
    closed = [
        store.is_open(recording.start_utc + timedelta(seconds=float(moment))) is False for moment in moments
    ]
    return float(min(sum(closed) * _CLOSED_STEP_S, track.end_s - track.start_s))
