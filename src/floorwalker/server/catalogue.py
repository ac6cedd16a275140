"""The catalogue of figures: as data for programs, as a page for people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from floorwalker.insights.catalogue import ANSWERS, CATALOGUE, SHARED, catalogue_answer
from floorwalker.insights.catalogue_entry import SOURCES, Metric
from floorwalker.server.auth import OPEN
from floorwalker.server.pages import html_page, pages_of
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.web.rendering import Chapter, Meaning

router = APIRouter(dependencies=[OPEN])


@router.get(
    "/catalogue",
    summary="What each figure means",
    dependencies=[ONLY_KNOWN_PARAMETERS],
    response_model=None,
    responses={200: {"content": {"text/html": {}}}},
)
async def get_catalogue(request: Request) -> Response:
    """Each field of each answer: formula, source, unit, range, filters, caveats.

    JSON, unless the caller prefers HTML, as browsers do: then a page.
    """
    if _prefers_html(request.headers.get("accept", "")):
        return await catalogue_page(request)
    body: dict[str, Any] = catalogue_answer()
    return JSONResponse(body, headers={"Vary": "Accept"})


@router.get("/ui/catalogue", include_in_schema=False)
async def catalogue_page(request: Request) -> Response:
    """The same as a page."""
    own = [(name, address, [m for m in CATALOGUE if m.answer == name]) for name, address in ANSWERS.items()]
    shared = [m for m in CATALOGUE if m.answer == "metrics" and m.path in SHARED]
    chapters = [
        Chapter(name, address, tuple(_meaning(m) for m in mine if m.path not in SHARED))
        for name, address, mine in own
    ]
    chapters.append(Chapter("every answer", "but the heatmap", tuple(map(_meaning, shared))))
    answer = html_page(pages_of(request).catalogue(chapters))
    answer.headers["Vary"] = "Accept"
    return answer


def _meaning(metric: Metric) -> Meaning:
    return Meaning(
        id=metric.id,
        path=metric.path,
        name=metric.name,
        formula=metric.formula,
        source=tuple(SOURCES[name] for name in metric.source),
        unit=metric.unit,
        range=metric.range,
        filters=metric.filters,
        caveats=metric.caveats,
    )


def _prefers_html(accept: str) -> bool:
    """Whether HTML is named with a higher quality than JSON; a bare `*/*` prefers neither."""
    quality = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if kind in quality:
            given = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            try:
                quality[kind] = float(given)
            except ValueError:
                quality[kind] = 0.0
    return quality["text/html"] > quality["application/json"]
