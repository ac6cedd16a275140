"""Corrections by people: made, listed, undone; and the visitors of a day whom they can name."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from floorwalker.events import format_utc
from floorwalker.insights.history import changes_between, figures_of
from floorwalker.insights.one_person import why_not_one
from floorwalker.insights.picture import picture_of, read_surroundings, take_picture
from floorwalker.insights.windows import Window, choose_window, parse_day, window_of_day
from floorwalker.server.auth import OPERATOR, VIEWER, caller_of
from floorwalker.server.correction_bodies import CorrectionBody, SaidStatement, UndoBody
from floorwalker.server.errors import ApiError
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.corrections import (
    Changed,
    Correction,
    CorrectionRefused,
    Corrections,
    Listed,
    Stretch,
    Wish,
)
from floorwalker.warehouse.expressing import Asked, asked_from, asked_to
from floorwalker.warehouse.log import Statement
from floorwalker.warehouse.records import from_us, to_us

router = APIRouter(dependencies=[ONLY_KNOWN_PARAMETERS], tags=["corrections"])
Stores = Annotated[Warehouse, Depends(warehouse_of)]
Day = Annotated[
    str | None,
    Query(description="The store's local day, 2026-03-03; default: today there, or the last with events."),
]
_STATUS = {"nothing_to_split": 422, "impossible_merge": 409, "conflict": 409}  # others: 404


@router.get("/stores/{store_id}/visitors", summary="The visitors of a day", dependencies=[VIEWER])
def get_visitors(store_id: str, warehouse: Stores, day: Day = None) -> dict[str, Any]:
    """Everybody who was seen that day, staff too, by first sighting: names, times, zones, what they did."""
    store = warehouse.store(store_id)
    window = choose_window(warehouse, store, day)
    picture = take_picture(warehouse, store, window)
    names: dict[str, set[str]] = defaultdict(set)
    cameras: dict[str, set[str]] = defaultdict(set)
    for event in picture.events:
        names[event.visitor_id].add(event.observed_id)
        cameras[event.visitor_id].add(event.camera_id)
    outcome = picture.outcome
    return {
        **_frame(store, window),
        "visitors": [
            {
                "visitor_id": visit.visitor_id,
                "observed_ids": sorted(names[visit.visitor_id]),
                "first_seen": format_utc(from_us(visit.first_us)),
                "last_seen": format_utc(from_us(visit.last_us)),
                "is_staff": visit.is_staff,
                "entries": len(visit.entries_us),
                "reentries": len(visit.reentries_us),
                "exits": len(visit.exits_us),
                "zones": list(dict.fromkeys(stay.zone_id for stay in visit.stays)),
                "cameras": sorted(cameras[visit.visitor_id]),
                "purchased": (visit.day, visit.visitor_id) in outcome.purchased,
                "abandoned": (visit.day, visit.visitor_id) in outcome.abandoned,
            }
            for visit in picture.visits
        ],
    }


@router.get("/stores/{store_id}/corrections", summary="What people corrected", dependencies=[VIEWER])
def get_corrections(store_id: str, warehouse: Stores, day: Day = None) -> dict[str, Any]:
    """The corrections of a day in the order in which they were made, undone ones too; those whose words
    reach nobody since a recording was processed anew are `open`."""
    store = warehouse.store(store_id)
    window = choose_window(warehouse, store, day)
    listed = Corrections(warehouse).of_day(_stretch(store, window))
    return {
        **_frame(store, window),
        "corrections": [_listed(each) for each in listed],
        "open": sum(bool(each.open) and each.correction.undone_us is None for each in listed),
    }


@router.post(
    "/stores/{store_id}/corrections", summary="Correct a day", dependencies=[OPERATOR], status_code=201
)
async def make_correction(
    store_id: str, body: CorrectionBody, request: Request, response: Response, warehouse: Stores
) -> dict[str, Any]:
    """Say who is one person, who is not, who is staff, who bought, who gave up; all of it or nothing.

    Answers the day's figures before and after. 404 where a visitor or transaction is not there that day,
    409 `impossible_merge` with the reasons where somebody would be at two places at once.
    """
    by = _person(body.by, request)
    answer = await to_thread.run_sync(_make, warehouse, store_id, body, by, _key_name(request))
    if answer["repeated"]:
        response.status_code = 200
    return answer


@router.post(
    "/stores/{store_id}/corrections/{correction_id}/undo",
    summary="Take a correction back",
    dependencies=[OPERATOR],
)
async def undo_correction(
    store_id: str, correction_id: str, request: Request, warehouse: Stores, body: UndoBody | None = None
) -> dict[str, Any]:
    """What held before the correction holds again, other people's words too; again it changes nothing."""
    by = _person(body.by if body else None, request)
    return await to_thread.run_sync(_undo, warehouse, store_id, correction_id, by, _key_name(request))


def _make(
    warehouse: Warehouse, store_id: str, body: CorrectionBody, by: str, key_name: str | None
) -> dict[str, Any]:
    store = warehouse.store(store_id)
    window = window_of_day(parse_day(body.day), store.zone_info)
    wish = Wish(
        by,
        body.note,
        tuple(_asked(said) for said in body.statements),
        body.force,
        None if body.correction_id is None else str(body.correction_id),
        key_name,
    )
    judge = partial(why_not_one, zones=warehouse.zones(store.store_id), zone=store.zone_info)
    try:
        changed = Corrections(warehouse).make(_stretch(store, window), wish, judge)
    except CorrectionRefused as refused:
        raise _refusal(refused) from refused
    return _answer(warehouse, store, window, changed)


def _undo(
    warehouse: Warehouse, store_id: str, correction_id: str, by: str, key_name: str | None
) -> dict[str, Any]:
    store = warehouse.store(store_id)

    def window_on(day: str) -> Window:
        return window_of_day(parse_day(day), store.zone_info)

    try:
        changed = Corrections(warehouse).undo(
            store.store_id,
            correction_id,
            by,
            lambda day: _stretch(store, window_on(day)),
            key_name=key_name,
        )
    except CorrectionRefused as refused:
        raise _refusal(refused) from refused
    return _answer(warehouse, store, window_on(changed.correction.day), changed)


def _answer(warehouse: Warehouse, store: StoreInfo, window: Window, changed: Changed) -> dict[str, Any]:
    around = read_surroundings(warehouse, store, window)
    before, after = (
        figures_of(picture_of(store, window, view, around)) for view in (changed.before, changed.after)
    )
    return {
        **_frame(store, window),
        "correction": _told(changed.correction),
        "repeated": changed.repeated,
        "figures": {"before": before, "after": after},
        "changed": changes_between(before, after),
    }


def _asked(said: SaidStatement) -> Asked:
    return asked_from(said.model_dump())


def _listed(listed: Listed) -> dict[str, Any]:
    if listed.correction.undone_us is not None:
        state = "undone"
    elif listed.open:
        state = "open"
    else:
        state = "holds" if listed.in_force else "replaced"
    return {
        **_told(listed.correction),
        "state": state,
        "resolutions": [
            _statement(each)
            | {
                "confidence": each.resolution.confidence,
                "carried": each.carried_from is not None,
                "holds": each.version in listed.in_force,
            }
            for each in listed.statements
        ],
        "open_statements": [_statement(each) for each in listed.open],
    }


def _statement(statement: Statement) -> dict[str, Any]:
    said = statement.resolution
    return {"visitor": said.subject, "attribute": said.attribute.value, "value": said.value}


def _told(correction: Correction) -> dict[str, Any]:
    undone_us = correction.undone_us
    return {
        "correction_id": correction.correction_id,
        "day": correction.day,
        "made_at": format_utc(from_us(correction.made_us)),
        "by": correction.by,
        "key_name": correction.key_name,
        "note": correction.note,
        "statements": [asked_to(asked) for asked in correction.asked],
        "forced": correction.forced,
        "undone_at": None if undone_us is None else format_utc(from_us(undone_us)),
        "undone_by": correction.undone_by,
        "undone_key_name": correction.undone_key_name,
    }


def _frame(store: StoreInfo, window: Window) -> dict[str, Any]:
    return {"store_id": store.store_id, "day": window.first_day.isoformat(), "timezone": store.timezone}


def _stretch(store: StoreInfo, window: Window) -> Stretch:
    return Stretch(
        store.store_id,
        window.first_day.isoformat(),
        to_us(window.whole_from_utc),
        to_us(window.whole_to_utc),
    )


def _person(by: str | None, request: Request) -> str:
    caller = caller_of(request)
    name = by or (caller.name if caller.key_id is not None else None)
    if name is None:
        raise ApiError(422, "nobody", "by: say who corrects; without a key nobody else can tell")
    return name


def _key_name(request: Request) -> str | None:
    caller = caller_of(request)
    return None if caller.key_id is None else caller.name


def _refusal(refused: CorrectionRefused) -> ApiError:
    return ApiError(_STATUS.get(refused.code, 404), refused.code, str(refused), refused.details)
