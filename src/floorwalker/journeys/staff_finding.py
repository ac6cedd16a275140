"""Finding staff among the persons of a camera or a day: who is sure to be, then who dresses like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from floorwalker.identity.uniform import uniform_log_odds
from floorwalker.journeys.staff import Presence, StaffSettings, StaffVerdict, judge_staff
from floorwalker.runs import Recording
from floorwalker.site import Store
from floorwalker.tracking.track import Track

_CLOSED_STEP_S = 10.0


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
    joined to a cashier's by mistake must not.

    Args:
        presence: the evidence beside the clothes, by person.
        looks: the persons' tracks.
        settings: thresholds and weights.
    """
    known = [(person, look) for person, mine in sorted(looks.items()) for look in mine if look.proof]
    found = {}
    for person, evidence in presence.items():
        others = [theirs for owner, theirs in known if owner != person]
        odds = []
        for look in looks.get(person, ()):
            value = uniform_log_odds(look.looks, seen_beside(look, others), settings.uniform)
            if value is not None:
                odds.append((value, look.seconds))
        weight = sum(seconds for _, seconds in odds)
        uniform = sum(value * seconds for value, seconds in odds) / weight if weight > 0 else None
        found[person] = judge_staff(replace(evidence, uniform=uniform), settings)
    return found


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
