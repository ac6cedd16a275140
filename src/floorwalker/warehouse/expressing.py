"""What a person asks for, expressed as statements about observed visitors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.log import FOR_EVER_US, StoreLog
from floorwalker.warehouse.records import StoreView, from_us
from floorwalker.warehouse.resolving import Resolver

_INBOUND = ("ENTRY", "REENTRY")

Judge = Callable[[StoreView, Sequence[str]], list[dict[str, Any]]]
Refusal = tuple[str, str, Any]  # code, message, details


class Kind(StrEnum):
    """What a person can say."""

    MERGE = "merge"
    SPLIT = "split"
    STAFF = "staff"
    PURCHASED = "purchased"
    ABANDONED = "abandoned"


_ATTRIBUTES = {
    Kind.STAFF: Attribute.IS_STAFF,
    Kind.PURCHASED: Attribute.PURCHASED,
    Kind.ABANDONED: Attribute.ABANDONED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a person says.

    Attributes:
        kind: what.
        visitors: of whom; of several for a merge only.
        value: `true` or `false`; of a purchase the transaction_id or `false`; empty for merge and split.
    """

    kind: Kind
    visitors: tuple[str, ...]
    value: str = ""


def asked_to(asked: Asked) -> dict[str, Any]:
    """As JSON values, in the form of the API."""
    if asked.kind is Kind.MERGE:
        return {"type": asked.kind.value, "visitors": list(asked.visitors)}
    said: dict[str, Any] = {"type": asked.kind.value, "visitor": asked.visitors[0]}
    if asked.kind is Kind.PURCHASED:
        said["transaction_id"] = asked.value if asked.value != "false" else False
    elif asked.kind is not Kind.SPLIT:
        said["value"] = asked.value == "true"
    return said


def asked_from(said: dict[str, Any]) -> Asked:
    """The reverse of `asked_to`."""
    kind = Kind(said["type"])
    if kind is Kind.MERGE:
        return Asked(kind, tuple(said["visitors"]))
    value = said.get("transaction_id", said.get("value", ""))
    text = value if isinstance(value, str) else "true" if value else "false"
    return Asked(kind, (said["visitor"],), text)


class Statements:
    """Collects the statements of one correction; each sees what those before it changed.

    Args:
        log: of the day that is spoken of.
        store_id: whose.
        reason: `person:…`.

    Attributes:
        new: what was collected.
    """

    def __init__(self, log: StoreLog, store_id: str, reason: str) -> None:
        self.new: list[Resolution] = []
        self._store_id = store_id
        self._reason = reason
        self._standing = log.standing(FOR_EVER_US)
        self._rows = log.counted(FOR_EVER_US)
        self._sales = log.transactions(FOR_EVER_US)
        self._observed = {row[3] for row in self._rows}
        self._resolver = Resolver(self._standing)

    def add(self, asked: Asked, judge: Judge | None) -> Refusal | None:
        """Express one thing that a person says.

        Args:
            asked: what.
            judge: says why visitors cannot be one person; None: nobody asks.

        Returns:
            Why it cannot be, else None.
        """
        known = self._observed | {self._name(each) for each in self._observed}
        missing = sorted(set(asked.visitors) - known)
        if missing:
            return "unknown_visitor", f"nobody is called {', '.join(missing)} that day", missing
        if asked.kind is Kind.MERGE:
            return self._merge(asked.visitors, judge)
        if asked.kind is Kind.SPLIT:
            return self._split(asked.visitors[0])
        if asked.kind is Kind.PURCHASED and asked.value != "false":
            sales = {sale.transaction_id for sale in self._sales if sale.kind == "sale"}
            if asked.value not in sales:
                return "unknown_transaction", f"no sale {asked.value} is known of that day", [asked.value]
        self._say(asked.visitors[0], _ATTRIBUTES[asked.kind], asked.value, asked.visitors)
        return None

    def _merge(self, visitors: Sequence[str], judge: Judge | None) -> Refusal | None:
        if judge is not None:
            view = StoreView(self._resolver.resolve(self._rows), self._sales, ())
            faults = judge(view, [self._name(each) for each in visitors])
            if faults:
                message = (
                    f"they cannot be one person: {faults[0]['message']}; repeat it with force if they are"
                )
                return "impossible_merge", message, faults
        groups = {self._name(each) for each in visitors}
        together = [each for each in sorted(self._observed | set(visitors)) if self._name(each) in groups]
        first = self._came_first(visitors)
        for each in visitors:
            if each != first:
                self._say(each, Attribute.SAME_AS, first, visitors)
        # Whoever stood for the same person as one of them comes along.
        for group in sorted(groups):
            if self._name(group) != self._name(first):
                self._say(group, Attribute.SAME_AS, first, visitors)
        for each in together:
            if self._name(each) != self._name(first):
                self._say(each, Attribute.SAME_AS, first, visitors)
        return None

    def _split(self, visitor: str) -> Refusal | None:
        name = self._name(visitor)
        others = [each for each in self._observed if each != visitor and self._name(each) == name]
        if not others:
            return "nothing_to_split", f"{visitor} is nobody but themselves already", [visitor]
        self._say(visitor, Attribute.SAME_AS, visitor, [visitor])
        return None

    def _name(self, visitor: str) -> str:
        return self._resolver.name(visitor)

    def _say(self, subject: str, attribute: Attribute, value: str, about: Collection[str]) -> None:
        names = {self._name(each) for each in about}
        decided_us = max(row[0] for row in self._rows if self._name(row[3]) in names)
        said = Resolution(self._store_id, subject, attribute, value, self._reason, 1.0, from_us(decided_us))
        self.new.append(said)
        self._resolver = Resolver([*self._standing, *self.new])

    def _came_first(self, visitors: Sequence[str]) -> str:
        """Whoever came in first, else who was seen first."""
        order: dict[str, tuple[bool, int, str]] = {}
        for row in self._rows:
            at = (row[4] not in _INBOUND, row[0], row[3])
            order[row[3]] = min(order.get(row[3], at), at)
        last = (True, FOR_EVER_US, "")
        return min(visitors, key=lambda each: (order.get(each, last), each))
