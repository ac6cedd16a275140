"""`POST /recordings`: how far a live camera watched, and where it did not."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from floorwalker.events import format_utc, parse_utc
from floorwalker.events.names import why_no_name, why_no_store_id
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording, Run
from floorwalker.server import examples
from floorwalker.server.auth import OPERATOR, require_store
from floorwalker.server.errors import ApiError
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import Warehouse

router = APIRouter(dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS])

_AHEAD = timedelta(minutes=5)
_LONGEST_S = 31 * 86_400.0


def _named(text: str) -> str:
    reason = why_no_name(text)
    if reason is not None:
        raise ValueError(reason)
    return text


def _stored(text: str) -> str:
    reason = why_no_store_id(text)
    if reason is not None:
        raise ValueError(reason)
    return text


def _timed(text: str) -> str:
    parse_utc(text)
    return text


Name = Annotated[str, AfterValidator(_named)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_timed)]
Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class GapBody(_Body):
    """A stretch in which nothing usable was filmed."""

    start_s: Seconds = Field(description="Seconds from the recording's start.")
    end_s: Seconds = Field(description="Seconds from the recording's start.")
    reason: Name = Field(description="down, dark, covered, blurred, frozen, moved, nothing to see, …")


class RecordingBody(_Body):
    """A stretch of one camera."""

    store_id: Annotated[str, AfterValidator(_stored)]
    camera_id: Name
    start_utc: Moment = Field(description="Moment of second 0.")
    duration_s: Seconds = Field(description="How far it goes by now; told again, it may have grown.")
    content_hash: str = Field(
        pattern="^[0-9a-f]{64}$", description="What tells it from the camera's other recordings."
    )
    gaps: list[GapBody] = Field(default=[], max_length=1000)


class RunBody(_Body):
    """What looks at it."""

    code_version: str = Field(pattern="^[ -~]{1,40}$")
    detector: Name
    config_hash: str = Field(pattern="^[0-9a-f]{32,64}$")


class ResolutionBody(_Body):
    """What became known of a visitor of whom events told before."""

    subject: Name = Field(description="A visitor_id.")
    attribute: Attribute
    value: Name
    reason: str = Field(pattern="^rule:[ -~]{1,100}$", description="The rule that says so.")
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    decided_utc: Moment


class StretchBody(_Body):
    """How far a camera watched, and what that told."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [examples.stretch()]})

    recording: RecordingBody
    run: RunBody
    resolutions: list[ResolutionBody] = Field(default=[], max_length=500)


@router.post("/recordings", summary="Say how far a camera watched")
def add_stretch(
    asked: StretchBody, request: Request, warehouse: Annotated[Warehouse, Depends(warehouse_of)]
) -> dict[str, Any]:
    """Note a recording of a live camera, its gaps and the run that looks at it.

    Told again with the same `content_hash` it takes the place of what was known of it: a stretch that
    grows. Its events go to `POST /events/ingest`. The record of a run that `floorwalker process` writes
    (`*.run.json`) is such a body too.
    """
    require_store(request, asked.recording.store_id)
    request.state.store_id = asked.recording.store_id
    recording = _recording(asked.recording)
    latest = warehouse.now() + _AHEAD
    left_s = (latest - recording.start_utc).total_seconds()  # a start in year 9999 has no time after it
    if recording.duration_s > left_s:
        raise ApiError(422, "future", "the recording ends more than 5 minutes ahead of this server's clock")
    run = Run(recording.recording_id, asked.run.code_version, asked.run.detector, asked.run.config_hash)
    said = [_resolution(recording.store_id, one) for one in asked.resolutions]
    return {
        "recording_id": recording.recording_id,
        "run_id": run.run_id,
        "until": format_utc(recording.start_utc + timedelta(seconds=recording.duration_s)),
        "resolutions": warehouse.record_stretch(recording, run, said),
    }


def _recording(body: RecordingBody) -> Recording:
    start = parse_utc(body.start_utc)
    gaps = tuple(Gap(gap.start_s, gap.end_s, gap.reason) for gap in body.gaps if gap.end_s >= gap.start_s)
    return Recording(body.store_id, body.camera_id, start, body.duration_s, body.content_hash, gaps)


def _resolution(store_id: str, body: ResolutionBody) -> Resolution:
    return Resolution(
        store_id,
        body.subject,
        body.attribute,
        body.value,
        body.reason,
        body.confidence,
        parse_utc(body.decided_utc),
    )
