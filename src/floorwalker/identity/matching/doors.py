"""Doors: how soon after one camera's crossing another one can be by the same person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import dist

import numpy as np

from floorwalker.site import Store

ELSEWHERE_S = 2.0


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the cameras of a store watch people cross.

    Attributes:
        places_m: camera → its door on the common floor in metres; absent: nobody knows.
        elsewhere_s: least seconds between crossings of one person at two cameras where the place of either
            is unknown. Raising it takes more pairs for two people; 0 takes none.
        fastest_m_per_s: nobody is faster.
        clock_s: by how much two cameras' clocks may differ. Raising it takes fewer pairs for two people.
        one_door_m: two cameras whose doors are no farther apart watch the same one.
        one_crossing_s: within this two such cameras tell of one crossing.
    """

    places_m: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    elsewhere_s: float = ELSEWHERE_S
    fastest_m_per_s: float = 4.0
    clock_s: float = 1.0
    one_door_m: float = 3.0
    one_crossing_s: float = 10.0

    def least_s(self, camera: str, other: str) -> float:
        """The least time between crossings of one person at two cameras; 0 at one and the same."""
        if camera == other:
            return 0.0
        here, there = self.places_m.get(camera), self.places_m.get(other)
        if here is None or there is None:
            return self.elsewhere_s
        return max(0.0, dist(here, there) / self.fastest_m_per_s - self.clock_s)

    def is_two_places(self, camera: str, other: str, apart_s: float) -> bool:
        """Whether nobody can have crossed at both cameras so shortly after another.

        Args:
            camera: of one crossing.
            other: of the other; the same camera in the very same moment sees two people.
            apart_s: time between them, not negative.
        """
        return apart_s < self.least_s(camera, other) or (camera == other and apart_s == 0.0)

    def is_one_crossing(self, camera: str, other: str, apart_s: float) -> bool:
        """Whether two cameras of one door may have told of one crossing."""
        here, there = self.places_m.get(camera), self.places_m.get(other)
        if camera == other or here is None or there is None:
            return False
        return apart_s <= self.one_crossing_s and dist(here, there) <= self.one_door_m

    @property
    def longest_s(self) -> float:
        """No two crossings farther apart in time are ever `is_two_places`."""
        places = list(self.places_m.values())
        widest = max((dist(here, there) for here in places for there in places), default=0.0)
        return max(self.elsewhere_s, widest / self.fastest_m_per_s - self.clock_s, 0.0)


def doors_of(store: Store, elsewhere_s: float = ELSEWHERE_S) -> Doors:
    """The doors of a store as its site file places them.

    Args:
        store: a camera without calibration or without an entry line has no known place.
        elsewhere_s: as in `Doors`.
    """
    places = {}
    for camera in store.cameras:
        calibration = camera.calibrated()
        if calibration is not None and camera.entry_lines:
            ends = [point for line in camera.entry_lines for point in line.points]
            x_m, y_m = np.mean(calibration.to_floor(ends), axis=0)
            places[camera.id] = (float(x_m), float(y_m))
    return Doors(places, elsewhere_s)
