"""Errors as HTTP answers: one body everywhere, and no stack trace ever."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from floorwalker.errors import InputError
from floorwalker.warehouse import DatabaseAway, UnknownStore


class ApiError(Exception):
    """An answer that is not a success.

    Attributes:
        status: HTTP status.
        code: short reason for programs.
        message: the reason for people.
        details: more, as JSON values.
    """

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def error_body(code: str, message: str, trace_id: str, details: Any = None) -> dict[str, Any]:
    """The one error body."""
    return {"error": {"code": code, "message": message, "trace_id": trace_id, "details": details}}


def trace_id_of(request: Request) -> str:
    """The request's trace id."""
    return str(request.scope.get("state", {}).get("trace_id", ""))


def install_error_handlers(app: FastAPI) -> None:
    """Answer every expected error with the one body."""

    def answer(
        request: Request, status: int, code: str, message: str, details: Any = None, headers: Any = None
    ) -> JSONResponse:
        body = error_body(code, message, trace_id_of(request), details)
        return JSONResponse(body, status_code=status, headers=headers)

    async def api_error(request: Request, error: Exception) -> JSONResponse:
        assert_type = error if isinstance(error, ApiError) else ApiError(500, "internal", "")
        return answer(request, assert_type.status, assert_type.code, assert_type.message, assert_type.details)

    async def unknown_store(request: Request, error: Exception) -> JSONResponse:
        return answer(request, 404, "unknown_store", str(error))

    async def wrong_input(request: Request, error: Exception) -> JSONResponse:
        return answer(request, 400, "bad_request", str(error))

    async def database_away(request: Request, error: Exception) -> JSONResponse:
        return answer(request, 503, "database_away", str(error), headers={"Retry-After": "5"})

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        detail = error.detail if isinstance(error, HTTPException) else ""
        phrase = HTTPStatus(status).phrase
        code = phrase.lower().replace(" ", "_").replace("-", "_")
        return answer(request, status, code, str(detail or phrase), headers=headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        problems = error.errors() if isinstance(error, RequestValidationError) else []
        details = jsonable_encoder(
            [{"place": p["loc"], "message": p["msg"]} for p in problems], custom_encoder={float: str}
        )
        return answer(request, 422, "invalid", "a parameter or the body breaks a rule", details)

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(UnknownStore, unknown_store)
    app.add_exception_handler(InputError, wrong_input)
    app.add_exception_handler(DatabaseAway, database_away)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
