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
        abandoned: those among them who left without a purchase.
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
        The outcome; nobody both bought and abandoned.
    """
    customers = [visit for visit in visits if not visit.is_staff]
    sale_us = sorted(sale.time_us for sale in sales if sale.kind == "sale")
    stays: list[TillVisit] = []
    owners: list[Visit] = []
    for visit in customers:
        for start_us, end_us in _at_till(visit.stays, billing, as_of_us):
            gave_up = any(start_us <= at_us <= end_us for at_us in visit.abandons_us)
            stays.append(TillVisit(visit.visitor_id, start_us, end_us, gave_up))
            owners.append(visit)
    bought_at: dict[tuple[date, str], list[int]] = {}
    for match in match_purchases(sale_us, stays):
        owner = owners[match.visit]
        bought_at.setdefault((owner.day, owner.visitor_id), []).append(sale_us[match.transaction])
    said = {(word.subject, word.attribute): word.value.lower() not in _NO for word in corrections}
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
        abandoned=_abandoned(customers, bought_at, last_sale_us, billing, said),
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
    bought_at: dict[tuple[date, str], list[int]],
    last_sale_us: dict[date, int],
    billing: frozenset[str],
    said: dict[tuple[str, Attribute], bool],
) -> frozenset[tuple[date, str]]:
    paying_groups = {
        (visit.day, group)
        for visit in customers
        if (visit.day, visit.visitor_id) in bought_at
        for group in visit.groups
    }
    abandoned = set()
    for visit in customers:
        if not visit.joins_us:
            continue
        key = (visit.day, visit.visitor_id)
        at_till = [stay for stay in visit.stays if stay.zone_id in billing]
        has_left = bool(at_till) and at_till[-1].left
        covered = has_left and at_till[-1].last_us <= last_sale_us.get(visit.day, -1)
        word = said.get((visit.visitor_id, Attribute.ABANDONED))
        if key in bought_at or any((visit.day, group) in paying_groups for group in visit.groups):
            gave_up = False
        elif word is not None:
            gave_up = word
        else:
            gave_up = bool(visit.abandons_us) or covered
        if gave_up:
            abandoned.add(key)
    return frozenset(abandoned)
