"""Who may ask what: every route declares it, and one that does not is closed.

A router says `APIRouter(dependencies=[VIEWER])`, a single route `dependencies=[ADMIN]`; both together mean
both. The store in a route's path is checked against the key's stores with it. A handler that learns of
stores elsewhere (a list, a body) asks `allowed_stores` or `require_store`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request, params

from floorwalker.server.errors import ApiError
from floorwalker.warehouse.keys import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: of the key; None where no key is needed.
        name: the key's, for people.
        role: what they may do.
        stores: for which stores; None: all.
        by_cookie: whether a browser sent the key's session by itself.
    """

    key_id: str | None
    name: str
    role: Role
    stores: frozenset[str] | None = None
    by_cookie: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """A route's declaration, as a dependency.

    Args:
        role: the least role; None: anybody, even without a key.
        all_stores: whether a key of some stores only is refused.
    """

    role: Role | None
    all_stores: bool = False

    async def __call__(self, request: Request) -> None:
        """Refuse a caller who may not.

        Raises:
            ApiError: 403 `forbidden`.
        """
        if self.role is None:
            return
        caller = caller_of(request)
        if not caller.role.covers(self.role):
            raise _forbidden(f"this needs the role {self.role.value}, the key has {caller.role.value}")
        if self.all_stores and caller.stores is not None:
            raise _forbidden("this needs a key for all stores")
        store_id = request.path_params.get("store_id")
        if store_id is not None:
            require_store(request, store_id)


OPEN = Depends(Needs(None))
VIEWER = Depends(Needs(Role.VIEWER))
VIEWER_OF_ALL = Depends(Needs(Role.VIEWER, all_stores=True))
OPERATOR = Depends(Needs(Role.OPERATOR))
ADMIN = Depends(Needs(Role.ADMIN))


def caller_of(request: Request) -> Caller:
    """Who asks; only a route that is open to anybody can be without."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        raise ApiError(401, "unauthorized", "a key is needed", headers={"WWW-Authenticate": "Bearer"})
    return caller


def allowed_stores(request: Request) -> frozenset[str] | None:
    """The stores that the caller may know of; None: all."""
    return caller_of(request).stores


def may_see(request: Request, store_id: str) -> bool:
    """Whether the caller may know of a store."""
    stores = allowed_stores(request)
    return stores is None or store_id in stores


def require_store(request: Request, store_id: str) -> None:
    """Refuse a store that is not the caller's, whether it exists or not.

    Raises:
        ApiError: 403 `forbidden`.
    """
    if not may_see(request, store_id):
        raise _forbidden(f"the key is not for store {store_id!r}")


def declared(route: Any) -> tuple[Needs, ...]:
    """What a route declares; nothing means that it is closed."""
    return tuple(
        dependency.dependency
        for dependency in getattr(route, "dependencies", None) or ()
        if isinstance(dependency, params.Depends) and isinstance(dependency.dependency, Needs)
    )


class Declared:
    """Dependency of the whole application: closes every route that declares nothing."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}  # bounded by the routes there are

    async def __call__(self, request: Request) -> None:
        """Refuse where the route declares nothing.

        Raises:
            ApiError: 403 `undeclared`.
        """
        route = request.scope.get("route")
        known = self._known.get(id(route))
        if known is None:
            known = self._known[id(route)] = bool(declared(route))
        if not known:
            raise ApiError(403, "undeclared", "nobody has said yet who may ask this route")


def _forbidden(message: str) -> ApiError:
    return ApiError(403, "forbidden", message)
