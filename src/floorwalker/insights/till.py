"""What the tills tell of visits: who bought, who gave up, and how far the till data reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from floorwalker.insights.stays import Stay
from floorwalker.insights.visits import Visit
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.sales.purchases import SALE_WINDOW_US, TillVisit, match_purchases
from floorwalker.warehouse import Transaction

FORGOTTEN_US = 5 * 60 * 1_000_000
_SAME_STAY_US = 60 * 1_000_000
_NO = ("", "false", "no", "none")


@dataclass(frozen=True, slots=True)
class TillOutcome:
    """What became of the visits at the till.

    Attributes:
        purchased: (day, visitor_id) of those who bought, with the time of their first purchase.
        joined: those who joined a queue, with the time of the first JOIN.
        abandoned: those among them who left the last queue they joined and did not buy from then on.
        near_sale: those who stood at the till within 5 minutes before a sale, with the times of the sales.
    """

    purchased: dict[tuple[date, str], int]
    joined: dict[tuple[date, str], int]
    abandoned: frozenset[tuple[date, str]]
    near_sale: dict[tuple[date, str], tuple[int, ...]]


def judge_till(
    visits: Sequence[Visit],
    sales: Sequence[Transaction],
    billing: frozenset[str],
    day_of: Callable[[int], date],
    as_of_us: int,
    corrections: Sequence[Resolution] = (),
) -> TillOutcome:
    """Judge purchases and abandons of whole days.

    Args:
        visits: all visits of the days; staff is left out here.
        sales: the days' transactions; returns are left out here.
        billing: names of the billing zones.
        day_of: the store's local day of a time in microseconds.
        as_of_us: the moment up to which the data reaches.
        corrections: what people said of purchases and abandons; it outlives every rule.

    Returns:
        The outcome; nobody whom no person's word concerns abandoned a queue and bought afterwards.
    """
    customers = [visit for visit in visits if not visit.is_staff]
    sale_us = sorted(sale.time_us for sale in sales if sale.kind == "sale")
    said = {(word.subject, word.attribute): word.value.lower() not in _NO for word in corrections}
    stays: list[TillVisit] = []
    owners: list[Visit] = []
    possible: list[int] = []
    queued_us: dict[tuple[date, str], int] = {}
    for visit in customers:
        spans = _at_till(visit.stays, billing, as_of_us)
        queued = _last_queue_us(visit.joins_us, spans)
        if queued is not None:
            queued_us[(visit.day, visit.visitor_id)] = queued
        for start_us, end_us in spans:
            if not (queued is not None and end_us >= queued and _said_to_give_up(visit.visitor_id, said)):
                possible.append(len(stays))
            gave_up = any(start_us <= at_us <= end_us for at_us in visit.abandons_us)
            stays.append(TillVisit(visit.visitor_id, start_us, end_us, gave_up))
            owners.append(visit)
    bought_at: dict[tuple[date, str], list[int]] = {}
    for match in match_purchases(sale_us, [stays[place] for place in possible]):
        owner = owners[possible[match.visit]]
        bought_at.setdefault((owner.day, owner.visitor_id), []).append(sale_us[match.transaction])
    for visit in customers:
        key = (visit.day, visit.visitor_id)
        word = said.get((visit.visitor_id, Attribute.PURCHASED))
        if word is False:
            bought_at.pop(key, None)
        elif word:
            bought_at.setdefault(key, [visit.last_us])
    # A day's till rows are taken to be complete up to its last sale, and to say nothing of what follows.
    last_sale_us = {day_of(time_us): time_us for time_us in sale_us}
    joined = {(v.day, v.visitor_id): v.joins_us[0] for v in customers if v.joins_us}
    return TillOutcome(
        purchased={key: min(times) for key, times in bought_at.items()},
        joined=joined,
        abandoned=_abandoned(customers, queued_us, bought_at, last_sale_us, billing, said),
        near_sale=_near_sale(stays, owners, sale_us),
    )


def stay_end_us(stay: Stay, as_of_us: int) -> int:
    """When a stay ended; one that nobody saw end lasts for 5 minutes after its last sign, or until now."""
    if stay.left:
        return stay.last_us
    return max(stay.last_us, min(stay.last_us + FORGOTTEN_US, as_of_us))


def _at_till(stays: Iterable[Stay], billing: frozenset[str], as_of_us: int) -> list[tuple[int, int]]:
    """Stays in billing zones; a step out of at most a minute does not end one."""
    spans: list[tuple[int, int]] = []
    for stay in stays:
        if stay.zone_id not in billing:
            continue
        if spans and stay.start_us - spans[-1][1] <= _SAME_STAY_US:
            spans[-1] = (spans[-1][0], max(spans[-1][1], stay_end_us(stay, as_of_us)))
        else:
            spans.append((stay.start_us, stay_end_us(stay, as_of_us)))
    return spans


def _last_queue_us(joins_us: Sequence[int], spans: Iterable[tuple[int, int]]) -> int | None:
    """The first JOIN of that time at the till to which the last JOIN belongs."""
    if not joins_us:
        return None
    start_us = max((start for start, end in spans if start <= joins_us[-1] <= end), default=joins_us[-1])
    return min(at_us for at_us in joins_us if at_us >= start_us)


def _said_to_give_up(visitor_id: str, said: dict[tuple[str, Attribute], bool]) -> bool:
    """Whether a person says so, and nobody says that they bought."""
    return bool(said.get((visitor_id, Attribute.ABANDONED))) and not said.get(
        (visitor_id, Attribute.PURCHASED)
    )


def _near_sale(
    stays: Sequence[TillVisit], owners: Sequence[Visit], sale_us: Sequence[int]
) -> dict[tuple[date, str], tuple[int, ...]]:
    near: dict[tuple[date, str], tuple[int, ...]] = {}
    for stay, owner in zip(stays, owners, strict=True):
        mine = tuple(t for t in sale_us if stay.start_us <= t <= stay.end_us + SALE_WINDOW_US)
        if mine:
            key = (owner.day, owner.visitor_id)
            near[key] = near.get(key, ()) + mine
    return near


def _abandoned(
    customers: Sequence[Visit],
    queued_us: dict[tuple[date, str], int],
    bought_at: dict[tuple[date, str], list[int]],
    last_sale_us: dict[date, int],
    billing: frozenset[str],
    said: dict[tuple[str, Attribute], bool],
) -> frozenset[tuple[date, str]]:
    paid_at: dict[tuple[date, str], list[int]] = {}
    for visit in customers:
        for group in visit.groups:
            paid_at.setdefault((visit.day, group), []).extend(
                bought_at.get((visit.day, visit.visitor_id), ())
            )
    abandoned = set()
    for visit in customers:
        key = (visit.day, visit.visitor_id)
        if key not in queued_us:
            continue
        at_till = [stay for stay in visit.stays if stay.zone_id in billing]
        has_left = bool(at_till) and at_till[-1].left
        covered = has_left and at_till[-1].last_us <= last_sale_us.get(visit.day, -1)
        paid = [*bought_at.get(key, ()), *(t for group in visit.groups for t in paid_at[visit.day, group])]
        word = said.get((visit.visitor_id, Attribute.ABANDONED))
        if word is not None:
            gave_up = word
        elif any(at_us >= queued_us[key] for at_us in paid):
            gave_up = False
        else:
            gave_up = bool(visit.abandons_us) or covered
        if gave_up:
            abandoned.add(key)
    return frozenset(abandoned)
