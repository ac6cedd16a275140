"""An entry of the catalogue: what one field of an answer means."""

from __future__ import annotations

from dataclasses import dataclass

DOOR, ZONES, TILL_ZONE = "door", "zones", "till zone"
TILL, SITE, CLOCK = "till", "site file", "clock"
WINDOW = ("day", "from", "to", "known_at")

SOURCES = {
    DOOR: "cameras that watch a door: ENTRY, REENTRY and EXIT events",
    ZONES: "cameras that watch zones: ZONE_ENTER, ZONE_DWELL and ZONE_EXIT events",
    TILL_ZONE: "cameras that watch billing zones: their zone events and BILLING_QUEUE_JOIN and _ABANDON",
    TILL: "the till's rows: sales and returns",
    SITE: "the site file: zones, cameras, opening hours, currency, time zone",
    CLOCK: "the window asked for and the server's clock",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One field of an answer, or several of one meaning.

    Attributes:
        id: the answer and the path in it, for example `metrics.zones.*.avg_dwell_ms`; `*` stands for any
            name, `[]` for any place in a list.
        name: for people.
        formula: what it is, in words.
        source: what it rests on, keys of `SOURCES`.
        unit: of the value.
        range: what values it can have.
        filters: parameters that change it, keys of `catalogue.PARAMETERS`.
        caveats: what to mind; empty where there is nothing.
    """

    id: str
    name: str
    formula: str
    source: tuple[str, ...]
    unit: str
    range: str
    filters: tuple[str, ...] = WINDOW
    caveats: str = ""

    @property
    def answer(self) -> str:
        """Name of the answer it is in."""
        return self.id.split(".", 1)[0]

    @property
    def path(self) -> str:
        """Its place in the answer."""
        return self.id.split(".", 1)[1]

    @property
    def cameras(self) -> tuple[str, ...]:
        """Those of its sources that are cameras."""
        return tuple(source for source in self.source if source in (DOOR, ZONES, TILL_ZONE))
