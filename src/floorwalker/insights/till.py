"""What the tills tell of visits: who bought, who gave up, and how far the till data reaches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from floorwalker.insights.midnight import DayAfter, visit_days
from floorwalker.insights.parties import parties_of
from floorwalker.insights.stays import Stay
from floorwalker.insights.visits import LocalDay, Visit
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.sales.purchases import SALE_WINDOW_US, TillVisit, match_purchases
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

FORGOTTEN_US = 5 * 60 * 1_000_000
_SAME_STAY_US = 60 * 1_000_000
_NO = ("", "false", "no", "none")
Pool = tuple[tuple[Transaction, ...], tuple[TillVisit, ...]]
_Said = Mapping[tuple[date, str, Attribute], bool]  # of which day, of whom, what: yes or no


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale and who it belongs to.

    Attributes:
        sale: the transaction; its time is the cameras'.
        day: local day of the visit; the sale may lie in the first minutes of the next.
        visitor_id: of the party, the member who left the till nearest to the sale.
        left_us: when that member left the till.
        by_person: whether a person says so, not the assignment.
        counts_us: when it counts: at the sale, but never after the day of the visit.
    """

    sale: Transaction
    day: date
    visitor_id: str
    left_us: int
    by_person: bool = False
    counts_us: int = 0


@dataclass(frozen=True, slots=True)
class TillOutcome:
    """What became of the visits at the till.

    Attributes:
        purchased: (day, visitor_id) of those who bought, with the time of their first purchase; of a party
            the member to whom the sale fell.
        joined: those who joined a queue, with the time of the first JOIN.
        abandoned: those among them who left the last queue they joined and did not buy from then on.
        near_sale: those who stood at the till within 5 minutes before a sale, with the times of the sales,
            never after the day of the visit.
        purchases: the sales that found a buyer, by time.
        pools: by day, the sales that were assigned, and the stays at the till among which they were, as
            `match_purchases` took them.
        parties: the party of each customer who came in a group.
    """

    purchased: dict[tuple[date, str], int]
    joined: dict[tuple[date, str], int]
    abandoned: frozenset[tuple[date, str]]
    near_sale: dict[tuple[date, str], tuple[int, ...]]
    purchases: tuple[Purchase, ...] = ()
    pools: tuple[Pool, ...] = ()
    parties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _AtTill:
    """One visitor's stay at the till."""

    owner: Visit
    start_us: int
    end_us: int
    gave_up: bool


def judge_till(
    visits: Sequence[Visit],
    sales: Sequence[Transaction],
    billing: frozenset[str],
    day_of: LocalDay,
    as_of_us: int,
    corrections: Sequence[Resolution] = (),
    after: DayAfter | None = None,
) -> TillOutcome:
    """Judge purchases and abandons of whole days.

    Args:
        visits: all visits of the days; staff is left out here.
        sales: the days' transactions; returns are left out here.
        billing: names of the billing zones.
        day_of: the store's local day of a time in microseconds.
        as_of_us: the moment up to which the data reaches.
        corrections: what people said of purchases and abandons, each of the local day of its moment; it
            outlives every rule.
        after: what follows upon the days; None: nothing was sold there that could be of their visits.

    Returns:
        The outcome; nobody whom no person's word concerns abandoned a queue and bought afterwards.
    """
    customers = [visit for visit in visits if not visit.is_staff]
    after = after or DayAfter()
    sold = sorted((s for s in sales if s.kind == "sale"), key=lambda s: (s.time_us, s.transaction_id))
    said = {
        (day_of(to_us(word.decided_utc)), word.subject, word.attribute): word.value.lower() not in _NO
        for word in corrections
    }
    stays: list[_AtTill] = []
    possible: list[_AtTill] = []
    queued_us: dict[tuple[date, str], int] = {}
    for visit in customers:
        spans = _at_till(visit.stays, billing, as_of_us)
        queued = _last_queue_us(visit.joins_us, spans)
        if queued is not None:
            queued_us[(visit.day, visit.visitor_id)] = queued
        for start_us, end_us in spans:
            gave_up = any(start_us <= at_us <= end_us for at_us in visit.abandons_us)
            stays.append(_AtTill(visit, start_us, end_us, gave_up))
            if _may_have_bought(visit, said, queued is not None and end_us >= queued):
                possible.append(stays[-1])
    parties = parties_of(customers)
    days = visit_days(
        [*sold, *after.sales],
        [*((stay.owner.day, stay.start_us) for stay in stays), *_came_after(after, as_of_us)],
        [*corrections, *after.corrections],
        day_of,
    )
    by_day: dict[date, list[Transaction]] = {}
    for sale in [*sold, *after.sales]:
        by_day.setdefault(days[sale.transaction_id], []).append(sale)
    purchases: list[Purchase] = []
    pools: list[Pool] = []
    for day in sorted({*by_day, *(stay.owner.day for stay in possible)}):
        mine = by_day.get(day, [])
        there = [stay for stay in possible if stay.owner.day == day]
        here = [visit for visit in customers if visit.day == day]
        bought, pool = _assign(mine, there, parties, _named_sales(here, mine, corrections, day_of))
        last_us = day_of.last_us(day)
        purchases += [replace(each, counts_us=min(each.sale.time_us, last_us)) for each in bought]
        pools.append(pool)
    bought_at: dict[tuple[date, str], list[int]] = {}
    for purchase in purchases:
        bought_at.setdefault((purchase.day, purchase.visitor_id), []).append(purchase.counts_us)
    for visit in customers:
        key = (visit.day, visit.visitor_id)
        word = said.get((*key, Attribute.PURCHASED))
        if word is False:
            bought_at.pop(key, None)
        elif word:
            bought_at.setdefault(key, [visit.last_us])
    # A day's till rows are taken to be complete up to its last sale, and to say nothing of what follows.
    last_sale_us = {day: mine[-1].time_us for day, mine in by_day.items()}
    joined = {(v.day, v.visitor_id): v.joins_us[0] for v in customers if v.joins_us}
    return TillOutcome(
        purchased={key: min(times) for key, times in bought_at.items()},
        joined=joined,
        abandoned=_abandoned(customers, queued_us, bought_at, last_sale_us, billing, said),
        near_sale=_near_sale(stays, by_day, day_of),
        purchases=tuple(p for p in purchases if (p.day, p.visitor_id) in bought_at),
        pools=tuple(pools),
        parties=parties,
    )


def _named_sales(
    customers: Sequence[Visit],
    sold: Sequence[Transaction],
    corrections: Sequence[Resolution],
    day_of: Callable[[int], date],
) -> list[Purchase]:
    """The purchases of which a person named the transaction."""
    by_id = {sale.transaction_id: sale for sale in sold}
    visits = {(visit.day, visit.visitor_id): visit for visit in customers}
    named: dict[str, Purchase] = {}
    for word in corrections:
        sale = by_id.get(word.value)
        visit = visits.get((day_of(to_us(word.decided_utc)), word.subject))
        if word.attribute is Attribute.PURCHASED and sale is not None and visit is not None:
            named[sale.transaction_id] = Purchase(sale, visit.day, visit.visitor_id, sale.time_us, True)
    return list(named.values())


def _assign(
    sold: Sequence[Transaction],
    possible: Sequence[_AtTill],
    parties: Mapping[str, str],
    named: Sequence[Purchase],
) -> tuple[list[Purchase], Pool]:
    """Give each sale its buyer; what people named is theirs, and its stay is taken."""
    taken = {purchase.sale.transaction_id for purchase in named}
    left = tuple(sale for sale in sold if sale.transaction_id not in taken)
    together = [
        members
        for members in _together(possible, parties)
        if not any(
            member.owner.visitor_id == purchase.visitor_id and _may_buy(member, purchase.sale.time_us)
            for member in members
            for purchase in named
        )
    ]
    stays = tuple(
        TillVisit(
            parties.get(members[0].owner.visitor_id, members[0].owner.visitor_id),
            min(member.start_us for member in members),
            max(member.end_us for member in members),
            all(member.gave_up for member in members),
        )
        for members in together
    )
    purchases = list(named)
    for match in match_purchases([sale.time_us for sale in left], stays):
        sale = left[match.transaction]
        fitting = [m for m in together[match.visit] if _may_buy(m, sale.time_us)] or together[match.visit]
        buyer = min(fitting, key=lambda m: (abs(m.end_us - sale.time_us), m.owner.visitor_id))
        purchases.append(Purchase(sale, buyer.owner.day, buyer.owner.visitor_id, buyer.end_us))
    return sorted(purchases, key=lambda p: (p.sale.time_us, p.sale.transaction_id)), (left, stays)


def _came_after(after: DayAfter, as_of_us: int) -> Iterator[tuple[date, int]]:
    """When each customer of the day after came to the till."""
    for visit in after.visits:
        if not visit.is_staff:
            for start_us, _ in _at_till(visit.stays, after.billing, as_of_us):
                yield visit.day, start_us


def _may_buy(stay: _AtTill, sale_us: int) -> bool:
    return stay.start_us <= sale_us <= stay.end_us + SALE_WINDOW_US


def _together(stays: Sequence[_AtTill], parties: Mapping[str, str]) -> list[list[_AtTill]]:
    """Stays at the till, those of one party that overlap or follow within a minute as one, by start."""
    by_party: dict[str, list[_AtTill]] = {}
    for stay in stays:
        name = stay.owner.visitor_id
        by_party.setdefault(parties.get(name, name), []).append(stay)
    found: list[list[_AtTill]] = []
    for party, mine in by_party.items():
        end_us = None
        for stay in sorted(mine, key=lambda s: (s.start_us, s.end_us, s.owner.visitor_id)):
            if party in parties and end_us is not None and stay.start_us - end_us <= _SAME_STAY_US:
                found[-1].append(stay)
                end_us = max(end_us, stay.end_us)
            else:
                found.append([stay])
                end_us = stay.end_us
    return sorted(found, key=lambda m: (m[0].start_us, m[0].end_us, m[0].owner.visitor_id))


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


def _may_have_bought(visit: Visit, said: _Said, in_queue: bool) -> bool:
    """Whether people's words leave a stay at the till to the assignment.

    Who bought nothing takes no sale away from whoever else may have bought; who gave up a queue none of
    those made in it, unless somebody says that they bought all the same.
    """
    bought = said.get((visit.day, visit.visitor_id, Attribute.PURCHASED))
    if bought is None:
        return not (in_queue and said.get((visit.day, visit.visitor_id, Attribute.ABANDONED)))
    return bought


def _near_sale(
    stays: Sequence[_AtTill], by_day: Mapping[date, Sequence[Transaction]], day_of: LocalDay
) -> dict[tuple[date, str], tuple[int, ...]]:
    near: dict[tuple[date, str], tuple[int, ...]] = {}
    times = {day: [sale.time_us for sale in mine] for day, mine in by_day.items()}
    for stay in stays:
        sale_us = times.get(stay.owner.day, [])
        first = bisect_left(sale_us, stay.start_us)
        mine = sale_us[first : bisect_right(sale_us, stay.end_us + SALE_WINDOW_US)]
        if mine:
            key, last_us = (stay.owner.day, stay.owner.visitor_id), day_of.last_us(stay.owner.day)
            near[key] = near.get(key, ()) + tuple(min(at_us, last_us) for at_us in mine)
    return near


def _abandoned(
    customers: Sequence[Visit],
    queued_us: dict[tuple[date, str], int],
    bought_at: dict[tuple[date, str], list[int]],
    last_sale_us: dict[date, int],
    billing: frozenset[str],
    said: _Said,
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
        word = said.get((*key, Attribute.ABANDONED))
        if word is not None:
            gave_up = word
        elif any(at_us >= queued_us[key] for at_us in paid):
            gave_up = False
        else:
            gave_up = bool(visit.abandons_us) or covered
        if gave_up:
            abandoned.add(key)
    return frozenset(abandoned)
