"""The pair reviewer: pairs side by side, a verdict a key, and where the verdicts go."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.review.hard_pairs import why_apart
from floorwalker.identity.review.line_log import Line
from floorwalker.identity.review.marks import Mark, Marked, verdict_lines
from floorwalker.identity.review.pair_bench import (
    PairBench,
    PairState,
    Saying,
    states_of,
    truth_said,
)
from floorwalker.server.auth import OPERATOR, VIEWER
from floorwalker.server.matching import refusals
from floorwalker.server.pages import html_page, pages_of
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.review_bodies import PairBody
from floorwalker.server.review_desks import (
    DayId,
    FileId,
    Reviews,
    StoreId,
    bench_at,
    entry_json,
    reviewer,
    reviews_of,
    zone_of,
)
from floorwalker.server.state import warehouse_of

router = APIRouter(include_in_schema=False)
_VERDICTS_NAME, _KEPT_NAME = "verdicts.jsonl", "pairs_kept.csv"


@router.get("/review/pairs", dependencies=[VIEWER])
async def page(request: Request) -> Response:
    """The reviewer, which fetches what it shows itself."""
    return html_page(pages_of(request).review("pairs", has_pairs=reviews_of(request).pairs is not None))


@router.get("/review/pairs/list", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def pairs(request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None) -> Response:
    """All pairs with their entries and where each stands; those come first whose verdict teaches most."""
    bench, lying = bench_at(request, file, day_id, store_id, anew=True)
    reviews = reviews_of(request)
    marked = bench.marked()
    named = {name for pair in bench.pairs for name in pair.entries}
    store = next((entry.key.store_id for entry in bench.entries.values()), store_id or "")
    told = {
        "name": "the list of pairs" if lying is None else lying.name,
        "address": "" if lying is None else lying.address,
        "timezone": zone_of(request, store),
        "page_size": 50 if reviews.pairs is None else reviews.pairs.page_size,
        "has_marks": bench.has_marks,
        "entry_count": len(bench.entries),
        "entries": {name: _entry_json(bench.entries[name]) for name in sorted(named)},
        "pairs": [_pair_json(bench, place) for place in range(len(bench.pairs))],
        **_standing(bench, marked, reviews),
    }
    content = msgspec.json.encode(told)
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/review/pairs/verdicts", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS], status_code=201)
async def say(
    body: PairBody, request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> dict[str, Any]:
    """Say something of a pair; answers where all pairs stand then."""

    def make() -> dict[str, Any]:
        bench, _ = bench_at(request, file, day_id, store_id)
        now = warehouse_of(request).now()
        said = Saying(body.kind, reviewer(body.by, request), now, tuple(body.entries), body.undoes)
        with refusals():
            bench.say(said)
        return _standing(bench, bench.marked(), reviews_of(request))

    return await to_thread.run_sync(make)


@router.get(f"/review/pairs/{_VERDICTS_NAME}", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def verdicts(
    request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> Response:
    """The verdicts as `floorwalker reid calibrate` takes them; what is only implied is left out."""
    bench, _ = bench_at(request, file, day_id, store_id)
    content = verdict_lines(bench.marked())
    return Response(content, media_type="application/x-ndjson", headers=_download(_VERDICTS_NAME))


@router.get(f"/review/pairs/{_KEPT_NAME}", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def kept(request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None) -> Response:
    """The list without the pairs that were removed."""
    bench, _ = bench_at(request, file, day_id, store_id)
    states, _ = states_of(bench, bench.marked(), reviews_of(request).calibration)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["qid", "aid"])
    for pair, state in zip(bench.pairs, states, strict=True):
        if state.mark is not Mark.REMOVE:
            writer.writerow(pair.entries)
    return Response(written.getvalue(), media_type="text/csv", headers=_download(_KEPT_NAME))


def _pair_json(bench: PairBench, place: int) -> dict[str, Any]:
    pair = bench.pairs[place]
    one, other = (bench.entries[name] for name in pair.entries)
    impossible = why_apart(one, other, bench.doors)
    truth = truth_said(bench, pair.entries)
    return {
        "entries": pair.entries,
        "why": pair.why.value,
        "score": bench.scores.get(pair.entries),
        "truth": None if truth is None else truth.value,
        "impossible": impossible,
    }


def _standing(bench: PairBench, marked: Marked, reviews: Reviews) -> dict[str, Any]:
    states, contradictions = states_of(bench, marked, reviews.calibration)
    worth = [0.0 if state.worth is None else state.worth.total for state in states]
    return {
        "states": [_state_json(state) for state in states],
        "order": sorted(range(len(states)), key=lambda place: (-worth[place], place)),
        "contradictions": contradictions[:50],
        "steps": {
            "undo": _line_json(marked.undo, None if marked.undo is None else marked.undo.number),
            "redo": _line_json(marked.redo, marked.redo_undoes),
        },
    }


def _state_json(state: PairState) -> dict[str, Any]:
    return {
        "mark": state.mark.value,
        "verdict": None if state.verdict is None else state.verdict.value,
        "implied": None if state.implied is None else state.implied.value,
        "p_same": None if state.p_same is None else round(state.p_same, 4),
        "settles": None if state.worth is None else round(state.worth.settles, 2),
    }


def _line_json(line: Line | None, undoes: int | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {"undoes": undoes, "kind": line.kind, "by": line.by, "entries": line.entries}


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {**entry_json(entry), "day_id": entry.key.day_id, "store_id": entry.key.store_id}


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
