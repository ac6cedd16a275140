"""The OpenAPI document: what the routes say of themselves, and what holds for all of them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from floorwalker import __version__
from floorwalker.server import (
    answers,
    answers_corrections,
    answers_figures,
    answers_manifest,
    answers_matching,
    answers_webhooks,
    examples,
)
from floorwalker.server.auth import OPEN, Needs, declared
from floorwalker.server.pages import html_page, pages_of

router = APIRouter(include_in_schema=False, dependencies=[OPEN])

_REFERENCE = "#/components/schemas/{model}"
_INTRODUCTION = """A store's events in, its numbers out.

Times are UTC in ISO-8601; a day is the store's local day. Every error has one body, `Error`. Every answer \
carries `X-Trace-Id`, which finds it in the log; a request may bring its own.

Once a key was made, every call needs one: `Authorization: Bearer fw_…` or `X-API-Key: fw_…`. A key has a \
role (viewer, operator, admin) and is for some stores or all."""

_OF_STORE = "/stores/{store_id}"
_SHAPES: dict[tuple[str, str], type[BaseModel]] = {
    ("POST", "/events/ingest"): answers.Ingested,
    ("POST", "/recordings"): answers.Stretch,
    ("GET", "/stores"): answers.Stores,
    ("GET", _OF_STORE): answers.StoreBrief,
    ("GET", f"{_OF_STORE}/layout"): answers.Layout,
    ("GET", f"{_OF_STORE}/metrics"): answers_figures.Metrics,
    ("GET", f"{_OF_STORE}/funnel"): answers_figures.Funnel,
    ("GET", f"{_OF_STORE}/heatmap"): answers_figures.Heatmap,
    ("GET", f"{_OF_STORE}/traffic"): answers_figures.Traffic,
    ("GET", f"{_OF_STORE}/dwell"): answers_figures.Dwell,
    ("GET", f"{_OF_STORE}/purchases"): answers_figures.Purchases,
    ("GET", f"{_OF_STORE}/days"): answers_figures.Days,
    ("GET", f"{_OF_STORE}/events"): answers_figures.LatestEvents,
    ("GET", f"{_OF_STORE}/anomalies"): answers_figures.Anomalies,
    ("GET", f"{_OF_STORE}/visitors"): answers_corrections.Visitors,
    ("GET", f"{_OF_STORE}/corrections"): answers_corrections.CorrectionList,
    ("POST", f"{_OF_STORE}/corrections"): answers_corrections.CorrectionMade,
    ("POST", f"{_OF_STORE}/corrections/{{correction_id}}/undo"): answers_corrections.CorrectionMade,
    ("GET", f"{_OF_STORE}/history"): answers_corrections.History,
    ("GET", "/webhooks"): answers_webhooks.WebhookList,
    ("POST", "/webhooks"): answers_webhooks.WebhookMade,
    ("DELETE", "/webhooks/{webhook_id}"): answers_webhooks.WebhookRemoved,
    ("GET", "/webhooks/{webhook_id}/deliveries"): answers_webhooks.DeliveryList,
    ("POST", "/webhooks/{webhook_id}/test"): answers_webhooks.WebhookTested,
    ("POST", "/match"): answers_matching.MatchTold,
    ("POST", "/rebuild"): answers_matching.RebuildTold,
    ("GET", "/compare"): answers_matching.CompareTold,
    ("GET", "/manifest"): answers_manifest.ManifestTold,
    ("POST", "/reid/edits"): answers_matching.EditMade,
    ("GET", "/reid/edits"): answers_matching.EditList,
    ("GET", "/catalogue"): answers_figures.Catalogue,
    ("GET", "/health"): answers.Health,
    ("GET", "/livez"): answers.Probe,
    ("GET", "/readyz"): answers.Probe,
}
_REQUESTS = {
    ("POST", "/recordings"): examples.stretch(),
    ("POST", f"{_OF_STORE}/corrections/{{correction_id}}/undo"): {"by": "asha"},
    ("POST", "/webhooks"): {"url": "https://example.org/floorwalker", "stores": None},
}
# Calls that name in the query or the body what may not be there.
_LOOKING_UP = frozenset({"/compare", "/reid/edits"})
# What is not JSON, by path.
_MEDIA = {
    "/stores/{store_id}/floor-plan": ("image/*", {"type": "string", "format": "binary"}),
    "/stores/{store_id}/stream": ("text/event-stream", {"type": "string"}),
    "/metrics": ("text/plain", {"type": "string"}),
}
_ERRORS = {
    "400": ("bad_request", "What was sent cannot be read, or a parameter cannot be."),
    "401": ("unauthorized", "A key is needed, or the one shown is unknown, expired or revoked."),
    "403": ("forbidden", "The key's role does not reach so far, or the store is not the key's."),
    "404": ("unknown_store", "There is no such store, or no such thing of it."),
    "408": ("request_timeout", "The request was not sent in time."),
    "409": ("conflict", "It contradicts what is known."),
    "413": ("too_large", "The body, or the number of events in it, is beyond the limit."),
    "415": ("unsupported_media_type", "The body is of a kind that is not read here."),
    "422": ("invalid", "A parameter or the body breaks a rule; `details` says which."),
    "429": ("too_many_requests", "More requests than the rate limit allows; see `Retry-After`."),
    "500": ("internal", "The program failed; the trace id finds it in the log."),
    "503": ("database_away", "The database is away, or too much is asked at once; try again."),
    "504": ("timeout", "There was no answer in time; the same request again does no harm."),
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application.

    Args:
        app: its routes are all there already.
    """
    document = get_openapi(
        title="Floorwalker", version=__version__, description=_INTRODUCTION, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(_schemas())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key, fw_…"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key, fw_…"},
        "browser": {
            "type": "apiKey",
            "in": "cookie",
            "name": "floorwalker_session",
            "description": "Set by the log-in page; changes need the page's own Origin beside it.",
        },
    }
    examples_of = examples.answers()
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        for method in route.methods or ():
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                _complete(operation, method, path, declared(route.original_route), examples_of)
    return document


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(msgspec.json.encode(_document(request)), media_type="application/json")


@router.get("/ui/api")
def page(request: Request) -> Response:
    """The same for people: every call with what it takes and what it answers."""
    return html_page(pages_of(request).api(calls_of(_document(request))))


def calls_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document's calls one by one, as the page shows them."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "description": list(enumerate(operation.get("description", "").split("`"))),
            "role": operation.get("x-role"),
            "parameters": [p for p in operation.get("parameters", ()) if p["in"] == "query"],
            "request": _shown_request(operation),
            "answer": _shown_answer(operation),
            "errors": [
                {"status": status, "meaning": answer["description"]}
                for status, answer in operation["responses"].items()
                if not status.startswith("2")
            ],
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _document(request: Request) -> dict[str, Any]:
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = describe(request.app)
    document: dict[str, Any] = state.document
    return document


def _shown_request(operation: dict[str, Any]) -> str | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for example in content.get("examples", {}).values():
        return _shown(example["value"])
    return _shown(content["example"]) if "example" in content else None


def _shown_answer(operation: dict[str, Any]) -> str | None:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    return _shown(content["example"]) if "example" in content else None


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [answers.Error, answers.Batch, answers.AnyObject, *_SHAPES.values()]
    models.append(answers_matching.MatchRequest)
    _, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template=_REFERENCE
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def _complete(
    operation: dict[str, Any],
    method: str,
    path: str,
    needs: tuple[Needs, ...],
    examples_of: dict[tuple[str, str], Any],
) -> None:
    """Say what every operation has in common with the others."""
    roles = [need.role for need in needs if need.role is not None]
    if roles:
        operation["security"] = [{"bearer": []}, {"header": []}, {"browser": []}]
        operation["x-role"] = max(roles, key=lambda role: sum(role.covers(other) for other in type(role)))
    if (method, path) == ("POST", "/events/ingest"):
        operation["requestBody"] = _ingest_body()
    elif (method, path) == ("POST", "/match"):
        operation["requestBody"] = _match_body()
    elif (method, path) in _REQUESTS:
        operation["requestBody"]["content"]["application/json"]["example"] = _REQUESTS[method, path]
    _describe_success(operation, method, path, examples_of)
    for status in _statuses(operation, method, path, is_open=not roles):
        code, meaning = _ERRORS[status]
        operation["responses"][status] = {
            "description": meaning,
            "content": {
                "application/json": {
                    "schema": {"$ref": _REFERENCE.format(model="Error")},
                    "example": examples.error(code, meaning),
                }
            },
        }


def _describe_success(
    operation: dict[str, Any], method: str, path: str, examples_of: dict[tuple[str, str], Any]
) -> None:
    status = next((code for code in operation["responses"] if code.startswith("2")), "200")
    success = operation["responses"].setdefault(status, {"description": "It worked."})
    success["description"] = "It worked."
    shape = _SHAPES.get((method, path))
    if path in _MEDIA:
        media_type, schema = _MEDIA[path]
        success["content"] = {media_type: {"schema": schema}}
    elif shape is not None:
        success.setdefault("content", {})["application/json"] = {
            "schema": {"$ref": _REFERENCE.format(model=shape.__name__)},
            "example": examples_of[method, path],
        }


def _statuses(operation: dict[str, Any], method: str, path: str, *, is_open: bool) -> list[str]:
    statuses = {"429", "500", "503", "504"}
    if not is_open:
        statuses |= {"401", "403"}
    if "{" in path or path in _LOOKING_UP:
        statuses |= {"404"}
    if path == "/compare":
        statuses |= {"409"}
    if operation.get("parameters"):
        statuses |= {"400", "422"}
    if method not in ("GET", "HEAD"):
        statuses |= {"400", "403", "408", "409", "413", "415", "422"}
    return sorted(statuses)


def _match_body() -> dict[str, Any]:
    example = {"summary": "Somebody leaves", "value": answers_matching.match_request()}
    content = {"schema": {"$ref": _REFERENCE.format(model="MatchRequest")}, "examples": {"one": example}}
    return {
        "required": True,
        "description": "One crossing; `Content-Encoding: gzip` is read.",
        "content": {"application/json": content},
    }


def _ingest_body() -> dict[str, Any]:
    event = examples.event()
    return {
        "required": True,
        "description": "Up to 500 events, in the contract's schema or in the one of the field, mixed as they "
        "come; `Content-Encoding: gzip` is read.",
        "content": {
            "application/json": {
                "schema": {"$ref": _REFERENCE.format(model="Batch")},
                "examples": {
                    "one": {"summary": "One event", "value": {"events": [event]}},
                    "again": {
                        "summary": "The same event twice counts once",
                        "value": {"events": [event, event]},
                    },
                },
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One event a line."},
            },
        },
    }
