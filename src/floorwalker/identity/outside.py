"""Who is outside: the people who left by a stream's door and may come back, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.height import Height
from floorwalker.identity.likeness import LikenessScale, likeness
from floorwalker.identity.reentry import DoorTrack, ReentrySettings, match_reentries
from floorwalker.tracking.track import TOGETHER_S


@dataclass(frozen=True, slots=True)
class Person:
    """What is kept of someone to know them again.

    Attributes:
        visitor_id: their public name.
        appearance: (k, d) descriptors of norm 1; k may be 0.
        height: where it is known.
        since_s: from when on they have been in view without a break.
        track_id: the track that shows them.
    """

    visitor_id: str
    appearance: npt.NDArray[np.float32]
    height: Height | None
    since_s: float = np.inf
    track_id: int = 0


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody who was outside and came back.

    Attributes:
        person: as they left.
        probability: that it is they, 0 to 1.
        returning: that it is anyone who left.
        margin: to the likeliest other person who left.
        away_s: since they left.
    """

    person: Person
    probability: float
    returning: float
    margin: float
    away_s: float


class Outside:
    """The people who left, newest last.

    Args:
        scale: from similarity to probability.
        settings: when a match is made.
        most: people kept; the one who left first goes first.
        longest_s: nobody is kept for longer.
    """

    def __init__(
        self,
        scale: LikenessScale | None = None,
        settings: ReentrySettings | None = None,
        *,
        most: int = 200,
        longest_s: float = 3600.0,
    ) -> None:
        self._scale = scale or LikenessScale()
        self._settings = settings or ReentrySettings()
        self._most = most
        self._longest_s = longest_s
        self._left: dict[str, tuple[float, Person]] = {}
        self._arrivals: list[float] = []

    def __len__(self) -> int:
        """People kept."""
        return len(self._left)

    def leave(self, person: Person, time_s: float) -> None:
        """Someone went out; what was kept of them before is replaced."""
        self._left.pop(person.visitor_id, None)
        self._left[person.visitor_id] = (time_s, person)
        while len(self._left) > self._most:
            del self._left[next(iter(self._left))]

    def arrive(self, person: Person, time_s: float) -> Return | None:
        """Someone comes in: who of those outside it is, if anybody.

        Args:
            person: under the name that they bear so far.
            time_s: when.

        Returns:
            Who came back, under the name of the earlier visit; None: somebody new. Whoever is matched is
            inside from now on.
        """
        self._forget(time_s)
        own = self._left.get(person.visitor_id)
        back = self._match(person, time_s) if own is None else Return(own[1], 1.0, 1.0, 1.0, time_s - own[0])
        self._arrivals.append(time_s)
        if back is not None:
            del self._left[back.person.visitor_id]
        return back

    def _match(self, person: Person, time_s: float) -> Return | None:
        # Who was in view already when somebody left is not that one, however alike.
        names = [name for name, (left_s, _) in self._left.items() if left_s <= person.since_s + TOGETHER_S]
        if not names or len(person.appearance) == 0:
            return None

        def alike(a: int, b: int) -> float | None:
            if a != newcomer or not 0 <= b < len(names):
                return None
            other = self._left[names[b]][1]
            return likeness(person.appearance, other.appearance, self._scale, (person.height, other.height))

        # Earlier arrivals only tell how many strangers come in; nothing is known of their looks here.
        newcomer = len(names) + len(self._arrivals)
        door = [DoorTrack(i, ((self._left[name][0], False),)) for i, name in enumerate(names)]
        door += [DoorTrack(len(names) + i, ((at, True),)) for i, at in enumerate(self._arrivals)]
        door.append(DoorTrack(newcomer, ((time_s, True),)))
        for match in match_reentries(door, alike, self._settings):
            if match.track_id == newcomer:
                left = self._left[names[match.earlier_id]][1]
                return Return(left, match.probability, match.returning, match.margin, match.away_s)
        return None

    def _forget(self, time_s: float) -> None:
        window_s = time_s - self._settings.window_s
        self._arrivals = [at for at in self._arrivals if at >= window_s][-self._most :]
        gone = [name for name, (at, _) in self._left.items() if at < time_s - self._longest_s]
        for name in gone:
            del self._left[name]
