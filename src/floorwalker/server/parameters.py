"""Query parameters: one that a call does not know is an error, not a figure of another day."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args, get_origin

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from floorwalker.server.errors import ApiError


async def only_known(request: Request) -> None:  # async: a plain one would cost a thread's turn
    """Refuse a query parameter that the route does not take, and one given twice that is no list.

    Raises:
        ApiError: 400 `unknown_parameter` or `repeated_parameter`, naming it and what the route takes.
    """
    route = request.scope.get("route")
    given = [name for name, _ in request.query_params.multi_items()]
    if not given or not isinstance(route, APIRoute):
        return
    fields = _taken(route.dependant)
    taken = sorted(fields)
    details = {"takes": taken}
    for name in given:
        if name not in taken:
            close = get_close_matches(name, taken, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            known = ", ".join(taken) or "none"
            message = f"this call does not take {name[:60]!r}{hint}; it takes: {known}"
            raise ApiError(400, "unknown_parameter", message, details)
        if given.count(name) > 1 and not fields[name]:
            raise ApiError(
                400, "repeated_parameter", f"{name} is given more than once; give it once", details
            )


def _taken(dependant: Dependant) -> dict[str, bool]:
    """The query parameters of a route and of all that it depends on, and which may be given several times."""
    taken = {field.alias: _is_list(field.field_info.annotation) for field in dependant.query_params}
    for dependency in dependant.dependencies:
        taken |= _taken(dependency)
    return taken


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


ONLY_KNOWN_PARAMETERS = Depends(only_known)
