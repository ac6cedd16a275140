"""Errors as HTTP answers: one body everywhere, and no stack trace ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from floorwalker.errors import InputError, plain_reason
from floorwalker.warehouse import DatabaseAway, UnknownStore

_CODES = {413: "too_large"}
ProblemPage = Callable[[Request, "ApiError"], Response]


class ApiError(Exception):
    """An answer that is not a success.

    Attributes:
        status: HTTP status.
        code: short reason for programs.
        message: the reason for people.
        details: more, as JSON values.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers


def error_body(code: str, message: str, trace_id: str, details: Any = None) -> dict[str, Any]:
    """The one error body."""
    return {"error": {"code": code, "message": message, "trace_id": trace_id, "details": details}}


def trace_id_of(request: Request) -> str:
    """The request's trace id."""
    return str(request.scope.get("state", {}).get("trace_id", ""))


def database_is_away(error: Exception, scope: Scope) -> ApiError:
    """The answer where the database is away; why, and where it lies, stands in the log alone."""
    scope.setdefault("state", {})["reason"] = str(error)
    message = "the database does not answer; try again"
    return ApiError(503, "database_away", message, headers={"Retry-After": "5"})


async def send_error(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the one body from outside the routes."""
    trace_id = str(scope.get("state", {}).get("trace_id", ""))
    body = error_body(error.code, error.message, trace_id, error.details)
    await JSONResponse(body, status_code=error.status, headers=error.headers)(scope, receive, send)


def install_error_handlers(app: FastAPI, problem_page: ProblemPage | None = None) -> None:
    """Answer every expected error with the one body.

    Args:
        app: the application.
        problem_page: makes the answer for a browser that asked for a page.
    """

    def answer(
        request: Request, status: int, code: str, message: str, details: Any = None, headers: Any = None
    ) -> JSONResponse:
        body = error_body(code, message, trace_id_of(request), details)
        return JSONResponse(body, status_code=status, headers=headers)

    async def api_error(request: Request, error: Exception) -> Response:
        known = error if isinstance(error, ApiError) else ApiError(500, "internal", "")
        if problem_page is not None and _wants_page(request):
            return problem_page(request, known)
        return answer(request, known.status, known.code, known.message, known.details, known.headers)

    async def unknown_store(request: Request, error: Exception) -> JSONResponse:
        return answer(request, 404, "unknown_store", str(error))

    async def wrong_input(request: Request, error: Exception) -> JSONResponse:
        return answer(request, 400, "bad_request", str(error))

    async def database_away(request: Request, error: Exception) -> JSONResponse:
        away = database_is_away(error, request.scope)
        return answer(request, away.status, away.code, away.message, headers=away.headers)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        detail = error.detail if isinstance(error, HTTPException) else ""
        phrase = HTTPStatus(status).phrase
        code = _CODES.get(status) or phrase.lower().replace(" ", "_").replace("-", "_")
        return answer(request, status, code, str(detail or phrase), headers=headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        problems = error.errors() if isinstance(error, RequestValidationError) else []
        if any(problem["type"] == "json_invalid" for problem in problems):
            return answer(request, 400, "not_json", "expected a JSON body")
        details = jsonable_encoder(
            [{"place": p["loc"], "message": plain_reason(p["msg"])} for p in problems],
            custom_encoder={float: str},
        )
        return answer(request, 422, "invalid", "a parameter or the body breaks a rule", details)

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(UnknownStore, unknown_store)
    app.add_exception_handler(InputError, wrong_input)
    app.add_exception_handler(DatabaseAway, database_away)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)


def _wants_page(request: Request) -> bool:
    shown = getattr(request.scope.get("route"), "include_in_schema", True)
    return not shown and "text/html" in request.headers.get("accept", "")
