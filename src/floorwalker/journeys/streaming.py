"""Journeys while the stream runs: the rules of whole recordings, asked again and again of what is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt

from floorwalker.events import Event, EventType, pipeline_event_id
from floorwalker.identity.height import height_of
from floorwalker.identity.outside import Outside, Person, Return
from floorwalker.journeys.context import CameraContext
from floorwalker.journeys.doorstep import part_on_doorstep
from floorwalker.journeys.events_of_camera import JourneySettings, camera_events
from floorwalker.journeys.stream_settings import StreamSettings, live_rules
from floorwalker.journeys.told_return import told_as
from floorwalker.journeys.told_stay import ToldStay
from floorwalker.journeys.writing import visitor_id
from floorwalker.journeys.zones import zone_index
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.tracking.holding import TrackHolder
from floorwalker.tracking.stitch import fragment_chains, join_tracks
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

__all__ = ["LiveJourneys", "StreamSettings", "Told", "live_rules"]

SAME_PERSON = "rule:reentry"
_PROVED_S = 2.5
_CONFIDENCE = 0.8
_INWARD = frozenset({EventType.ENTRY, EventType.REENTRY})


@dataclass(frozen=True, slots=True)
class Told:
    """What one look brought.

    Attributes:
        events: new ones, each told once for ever, in order of time.
        resolutions: what became known of visitors of whom events were told before.
    """

    events: tuple[Event, ...] = ()
    resolutions: tuple[Resolution, ...] = ()


@dataclass(slots=True)
class _Name:
    """What has been told of one track."""

    visitor: str
    kinds: Counter[EventType] = field(default_factory=Counter)
    said: list[tuple[str, str, float]] = field(default_factory=list)
    sequence: int = 0
    as_customer: bool = False
    stay: ToldStay = field(default_factory=ToldStay)
    left_s: float | None = None


class LiveJourneys:
    """Turns one camera's stream into events that come out with a short delay, in bounded memory.

    It takes frames as a `TrackCollector` does (`due`, `add`), and is asked for events with `look`. Every
    few seconds the rules of `camera_events` are applied to the tracks held; what they say of the time
    before `settle_s` and was not told yet is told, under ids that depend on the run, the track, the kind
    and the ordinal alone. Who left by the door is remembered by looks, so that a re-entry is known.

    Args:
        context: where and by which run; its recording's start is time 0, its duration is not used.
        rules: the thresholds of journeys; default: `live_rules()`.
        settings: when events are told.
    """

    def __init__(
        self,
        context: CameraContext,
        rules: JourneySettings | None = None,
        settings: StreamSettings | None = None,
    ) -> None:
        self._context = context
        self._rules = rules or live_rules()
        self._settings = settings or StreamSettings()
        self._calibration = context.camera.calibrated()
        self._holder = TrackHolder(self._calibration, self._settings.holding, self._zones_of)
        self._outside = Outside(self._rules.door.across, self._rules.door.reentry)
        self._names: dict[int, _Name] = {}
        self._known: list[Resolution] = []
        self._looked_s = -np.inf
        self._settled_s = -np.inf

    @property
    def held(self) -> int:
        """Tracks held."""
        return len(self._holder)

    @property
    def moments(self) -> int:
        """Sightings held of them."""
        return self._holder.moments

    @property
    def names_held(self) -> int:
        """Tracks of which it is known what was told."""
        return len(self._names)

    def due(self, ids: npt.NDArray[np.int64], time_s: float) -> npt.NDArray[np.bool_]:
        """Which detections are worth describing now (see `TrackCollector.due`)."""
        return self._holder.due(ids, time_s)

    def add(
        self,
        ids: npt.NDArray[np.int64],
        detections: Detections,
        time_s: float,
        is_confirmed: Callable[[int], bool],
        appearance: npt.NDArray[np.float32] | None = None,
        quality: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Take in one frame (see `TrackCollector.add`)."""
        self._holder.add(ids, detections, time_s, is_confirmed, appearance, quality)

    def look(self, now_s: float) -> Told:
        """What is new by a time; nothing where the last look was less than `look_s` ago.

        Args:
            now_s: the stream's time, also while no frame comes: what was seen before settles.
        """
        if now_s - self._looked_s < self._settings.look_s:
            return Told()
        told = self._tell(now_s, now_s - self._settings.settle_s)
        self._holder.tidy(now_s)
        self._forget(now_s)
        return told

    def finish(self, now_s: float) -> Told:
        """The stream ends here: all that is left to tell; nothing is held afterwards."""
        told = self._tell(now_s, now_s)
        self._holder.drop([track.track_id for track in self._holder.tracks()])
        self._holder.tidy(np.inf)
        self._names = {}
        return told

    def _tell(self, now_s: float, settled_s: float) -> Told:
        tracks = self._stitched(now_s)
        context = replace(self._context, recording=replace(self._context.recording, duration_s=now_s))
        found = camera_events(tracks, context, self._rules) if tracks else []
        by_id = {track.track_id: track for track in tracks}
        earliest_s = self._settled_s - self._settings.late_s
        events: list[Event] = []
        for event in found:
            at_s = (event.timestamp - context.recording.start_utc).total_seconds()
            if earliest_s < at_s <= settled_s:
                said = self._say(event, by_id[int(event.metadata["track_id"])], at_s)
                events += [] if said is None else [said]
        self._note_staff(found, settled_s)
        self._looked_s, self._settled_s = now_s, max(settled_s, self._settled_s)
        known, self._known = tuple(self._known), []
        return Told(tuple(events), known)

    def _say(self, event: Event, track: Track, at_s: float) -> Event | None:
        """The event as it is told, or None where it has been."""
        name = self._names.get(track.track_id)
        if name is None:
            name = self._names[track.track_id] = _Name(visitor_id(self._context, track.track_id))
        inward = event.event_type in _INWARD
        what = (
            "in" if inward else event.event_type.value,
            event.zone_id or str(event.metadata.get("line_id")),
        )
        if not name.stay.follows(event.event_type, event.zone_id, at_s):
            return None
        # Who came back into a zone within seconds of leaving it came in anew.
        again = name.stay.left_s if event.event_type is EventType.ZONE_ENTER else -np.inf
        if any(
            said[:2] == what and abs(said[2] - at_s) <= self._settings.same_s and not said[2] < again <= at_s
            for said in name.said
        ):
            return None
        name.said.append((*what, at_s))
        name.stay.take(event.event_type, event.zone_id, at_s)
        if inward:
            event = told_as(event, self._come_in(name, track, at_s))
        kind = event.event_type
        if kind is EventType.EXIT:
            self._outside.leave(self._person(name, track), at_s)
            name.left_s = at_s
        ordinal = name.kinds[kind]
        name.kinds[kind] += 1
        name.sequence += 1
        name.as_customer |= not event.is_staff
        context = self._context
        return msgspec.structs.replace(
            event,
            event_id=pipeline_event_id(
                context.store.id,
                context.camera.id,
                context.recording.content_hash,
                context.run.config_hash,
                track.track_id,
                kind,
                ordinal,
            ),
            visitor_id=name.visitor,
            metadata={**event.metadata, "session_seq": name.sequence},
        )

    def _come_in(self, name: _Name, track: Track, at_s: float) -> Return | None:
        person = self._somebody_else(name, track, at_s)
        if person is not None:
            name.visitor, name.sequence = person.visitor_id, 0
        back = self._outside.arrive(person or self._person(name, track), at_s)
        if back is not None:
            if back.person.visitor_id != name.visitor and name.sequence:
                self._know(name.visitor, Attribute.SAME_AS, back.person.visitor_id, SAME_PERSON, at_s)
            name.visitor = back.person.visitor_id
        return back

    def _somebody_else(self, name: _Name, track: Track, at_s: float) -> Person | None:
        """Who comes in on the track of somebody who left, where it was lost on the doorstep in between."""
        if name.left_s is None:
            return None
        recent = track.time_s >= at_s - self._settings.holding.detail_s / 2  # before, gaps may be thinning
        parts = part_on_doorstep([_rows_of(track, recent)], self._context.camera)
        part = next(each for each in reversed(parts) if each.start_s <= at_s or each is parts[0])
        if part.start_s <= name.left_s or len(parts) == 1:
            return None
        # Negative, so that it is no other track's name.
        fresh = visitor_id(self._context, -(track.track_id * 1000 + name.kinds[EventType.EXIT]))
        return Person(
            fresh, part.appearance, height_of(part, self._calibration), part.start_s, track.track_id
        )

    def _person(self, name: _Name, track: Track) -> Person:
        height = height_of(track, self._calibration)
        return Person(name.visitor, track.appearance, height, track.start_s, track.track_id)

    def _note_staff(self, found: Iterable[Event], at_s: float) -> None:
        """Of whom events were told as of a customer, and who now turns out to be staff."""
        for event in found:
            name = self._names.get(int(event.metadata["track_id"]))
            if event.is_staff and name is not None and name.as_customer:
                name.as_customer = False
                rule = str(event.metadata.get("staff_rule", "seen")).replace(" ", "-")
                self._know(name.visitor, Attribute.IS_STAFF, "true", f"rule:{rule}", at_s)

    def _know(self, visitor: str, attribute: Attribute, value: str, reason: str, at_s: float) -> None:
        store, moment = self._context.store.id, self._context.moment(at_s)
        self._known.append(Resolution(store, visitor, attribute, value, reason, _CONFIDENCE, moment))

    def _stitched(self, now_s: float) -> list[Track]:
        """The tracks held, fragments joined; what has proved to be one person stays joined."""
        rules = self._settings
        whole = []
        for chain in fragment_chains(self._holder.tracks(), rules.stitch):
            first = chain[0]
            for before, after in pairwise(chain):
                proved = after.end_s - after.start_s >= _PROVED_S or after.end_s < now_s - _PROVED_S
                if not proved or before.end_s > now_s - _PROVED_S:
                    break
                self._holder.join(first.track_id, after.track_id)
            whole.append(join_tracks(chain, first.track_id, rules.holding.samples))
        return whole

    def _forget(self, now_s: float) -> None:
        rules = self._settings
        gone = self._holder.ended(now_s - rules.settle_s - rules.horizon_s)
        self._holder.drop(gone)
        for track_id in gone:
            self._names.pop(track_id, None)
        memory_s = now_s - rules.settle_s - rules.late_s - 2 * rules.same_s - rules.look_s
        for name in self._names.values():
            name.said = [said for said in name.said if said[2] >= memory_s]

    def _zones_of(self, foot_px: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        zones = self._context.camera.zones
        return zone_index(foot_px, zones) if zones else np.zeros(len(foot_px), dtype=np.intp)


def _rows_of(track: Track, rows: npt.NDArray[np.bool_]) -> Track:
    return replace(
        track,
        time_s=track.time_s[rows],
        xyxy=track.xyxy[rows],
        foot_px=track.foot_px[rows],
        floor_m=track.floor_m[rows],
        confidence=track.confidence[rows],
    )
