"""Filling in the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from floorwalker.web.assets import Assets


class NamedStore(Protocol):
    """What a page needs to know of a store."""

    @property
    def store_id(self) -> str:
        """Its id in addresses."""

    @property
    def name(self) -> str:
        """Its name for people."""

    @property
    def timezone(self) -> str:
        """Its IANA time zone."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one figure means, for the catalogue's page."""

    id: str
    path: str
    name: str
    formula: str
    source: tuple[str, ...]
    unit: str
    range: str
    filters: tuple[str, ...]
    caveats: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The figures of one answer, with its address."""

    name: str
    address: str
    meanings: tuple[Meaning, ...]


class Pages:
    """The pages as HTML; every value is escaped."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("floorwalker.web"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["urlsegment"] = _url_segment
        self._environment.globals.update(assets=assets, version=version("floorwalker"))

    def stores(self, stores: Sequence[NamedStore]) -> str:
        """The list of stores."""
        return self._render("stores.html", stores=stores)

    def overview(self, store: NamedStore) -> str:
        """A store's overview, which fetches its figures itself."""
        return self._render("overview.html", store=store)

    def catalogue(self, chapters: Sequence[Chapter]) -> str:
        """What each figure means."""
        return self._render("catalogue.html", chapters=chapters)

    def login(self, wanted: str, problem: str | None = None, *, has_session: bool = False) -> str:
        """The form that asks for a key.

        Args:
            wanted: the page to go to afterwards.
            problem: what was wrong with the key shown last.
            has_session: whether there is a session that can be ended.
        """
        return self._render("login.html", wanted=wanted, problem=problem, has_session=has_session)

    def api(self, calls: Sequence[Mapping[str, object]]) -> str:
        """Every call of the API, as its description tells it."""
        return self._render("api.html", calls=calls)

    def corrections(self, store: NamedStore) -> str:
        """A store's days to be corrected, which fetches what it shows itself."""
        return self._render("corrections.html", store=store)

    def review(self, name: str, **more: object) -> str:
        """A page of the review, which fetches what it shows itself.

        Args:
            name: `home`, `manifest`, `clusters` or `pairs`.
            more: what its template takes.
        """
        return self._render(f"review_{name}.html", **more)

    def problem(
        self,
        status: int,
        code: str,
        title: str,
        message: str,
        *,
        trace_id: str | None = None,
        stores: Sequence[NamedStore] = (),
    ) -> str:
        """A page that says what is wrong.

        Args:
            status: of the answer.
            code: short reason for programs, as in the API's error body.
            title: what is wrong in a few words.
            message: what happened and what to do.
            trace_id: of the request, to find it in the log.
            stores: where the reader may go instead.
        """
        level = "critical" if status >= 500 else "warn"
        return self._render(
            "problem.html",
            status=status,
            code=code,
            title=title,
            message=message,
            trace_id=trace_id,
            stores=stores,
            level=level,
        )

    def _render(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(**values)


def _url_segment(text: str) -> str:
    return quote(text, safe="")
