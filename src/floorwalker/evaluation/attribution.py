"""Attribution: whom each measured track really shows, by its boxes and the true ones."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError
from floorwalker.evaluation.boxes import match_boxes
from floorwalker.evaluation.truth import BoxTable
from floorwalker.tracking.track import Track

LEAST_IOU = 0.3
_SAME_FRAME_S = 0.06


@dataclass(frozen=True, slots=True)
class TruePerson:
    """One person of a simulated morning.

    Attributes:
        person_id: name in the truth's tables.
        visitor_id: name in the truth's events.
        is_staff: cashier or seller.
        group_id: who came together, or None.
    """

    person_id: str
    visitor_id: str
    is_staff: bool
    group_id: str | None


def read_people(path: Path) -> dict[str, TruePerson]:
    """Read a simulated morning's `people.csv`.

    Args:
        path: the file.

    Returns:
        The people by person_id.

    Raises:
        InputError: no such file, or a column is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                row["person_id"]: TruePerson(
                    row["person_id"], row["visitor_id"], row["role"] != "customer", row["group_id"] or None
                )
                for row in csv.DictReader(file)
            }
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no table of people: {error}") from error


class Attribution:
    """Whom the tracks of one camera show, moment by moment."""

    def __init__(self, tracks: Sequence[Track], boxes: BoxTable, least_iou: float = LEAST_IOU) -> None:
        """Pair the tracks' boxes with the true ones of the frame, one to one.

        Args:
            tracks: of one recording, processed at the rate of the truth or at a part of it.
            boxes: that camera's truth.
            least_iou: overlap that a pair needs.
        """
        frames: dict[float, list[tuple[int, int]]] = {}
        for place, track in enumerate(tracks):
            for row, time_s in enumerate(track.time_s.tolist()):
                frames.setdefault(time_s, []).append((place, row))
        persons = [np.full(len(track.time_s), "", dtype=object) for track in tracks]
        for time_s, members in frames.items():
            low, high = np.searchsorted(boxes.time_s, [time_s - _SAME_FRAME_S, time_s + _SAME_FRAME_S])
            found = np.stack([tracks[place].xyxy[row] for place, row in members])
            for i, j in match_boxes(found, boxes.xyxy[low:high], least_iou):
                place, row = members[i]
                persons[place][row] = str(boxes.person_id[low + j])
        self._time_s = {track.track_id: track.time_s for track in tracks}
        self._persons = {track.track_id: who for track, who in zip(tracks, persons, strict=True)}

    def seconds(self, track_id: int) -> Mapping[str, float]:
        """How long a track shows each true person, in seconds; nobody's time is left out."""
        time_s = self._time_s[track_id]
        step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.1
        counts = Counter(who for who in self._persons[track_id].tolist() if who)
        return {who: count * step_s for who, count in counts.items()}

    def person(self, track_id: int, time_s: float | None = None, within_s: float = 1.5) -> str | None:
        """Whom a track mostly shows.

        Args:
            track_id: the track.
            time_s: where given, only what it shows around this moment counts.
            within_s: how far around.

        Returns:
            A person_id, or None where most of it shows nobody.
        """
        shown = self._persons[track_id]
        if time_s is not None:
            shown = shown[np.abs(self._time_s[track_id] - time_s) <= within_s]
        if len(shown) == 0:
            return None
        who, _ = Counter(shown.tolist()).most_common(1)[0]
        return who or None

    def tracks_of(self, person_id: str, start_s: float, end_s: float) -> dict[int, float]:
        """Which tracks show a person during some time, each with the share of its tenths of a second."""
        found: dict[int, float] = {}
        steps = max((end_s - start_s) / 0.1, 1.0)
        for track_id, shown in self._persons.items():
            time_s: npt.NDArray[np.float64] = self._time_s[track_id]
            first, last = np.searchsorted(time_s, [start_s, end_s])
            count = int(np.sum(shown[first:last] == person_id))
            if count:
                found[track_id] = min(count / steps, 1.0)
        return found
