"""The tables of the truth as CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from floorwalker.events import format_utc
from floorwalker.simulation.crowd import STEP_S
from floorwalker.simulation.layout import STORE_ID
from floorwalker.simulation.morning import Morning


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with a header line and Unix line ends; None becomes an empty field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def positions_csv(morning: Morning) -> str:
    """Floor position of everybody, ten times a second, by time and person."""
    rows = [
        (int(step), person.person_id, x, y)
        for person in morning.people
        for step, (x, y) in zip(person.walk.step, person.walk.place_m.tolist(), strict=True)
    ]
    rows.sort(key=lambda row: (row[0], row[1]))
    return csv_text(
        ["time_s", "person_id", "x_m", "y_m"],
        ((f"{step * STEP_S:.1f}", name, f"{x:.3f}", f"{y:.3f}") for step, name, x, y in rows),
    )


def people_csv(morning: Morning) -> str:
    """Who was there."""
    return csv_text(
        [
            "person_id", "visitor_id", "role", "group_id", "height_m", "lookalike_of", "staff_coloured",
            "first_s", "last_s", "passer_by",
        ],
        (
            (
                person.person_id, person.visitor_id, person.role, person.group_id,
                f"{person.look.height_m:.3f}", person.lookalike_of, int(person.staff_coloured),
                f"{person.walk.step[0] * STEP_S:.1f}", f"{person.walk.step[-1] * STEP_S:.1f}",
                int(person.passer_by),
            )
            for person in morning.people
        ),
    )  # fmt: skip


def interactions_csv(morning: Morning) -> str:
    """Sellers' talks with customers."""
    return csv_text(
        ["seller", "customer", "start_s", "end_s", "zone"],
        (
            (talk.seller, talk.customer, f"{talk.start_s:.1f}", f"{talk.end_s:.1f}", talk.zone_id)
            for talk in morning.interactions
        ),
    )


def pos_csv(morning: Morning, start_utc: datetime) -> str:
    """The till's own data, whole seconds in UTC."""
    return csv_text(
        ["store_id", "transaction_id", "timestamp", "basket_value_inr"],
        (
            (
                STORE_ID,
                sale.transaction_id,
                format_utc((start_utc + timedelta(seconds=sale.time_s)).replace(microsecond=0)),
                f"{sale.basket_inr:.2f}",
            )
            for sale in morning.sales
        ),
    )


def sales_csv(morning: Morning) -> str:
    """Who really bought, and whether a seller had talked to them."""
    return csv_text(
        ["transaction_id", "time_s", "buyer", "group_id", "basket_value_inr", "consulted"],
        (
            (
                sale.transaction_id, f"{sale.time_s:.1f}", sale.buyer, sale.group_id,
                f"{sale.basket_inr:.2f}", int(sale.consulted),
            )
            for sale in morning.sales
        ),
    )  # fmt: skip


def shifts_csv(morning: Morning, start_local: datetime) -> str:
    """Who works when, in the shop's local time; the second shift begins when its seller comes."""
    late = [person for person in morning.people if person.role == "seller"][-1:]
    due_local = start_local + timedelta(seconds=morning.late_seller_s)
    rows = []
    for person in morning.people:
        if not person.is_staff:
            continue
        came_late = person in late and person.walk.step[0] > 0
        start = f"{due_local:%H:%M}" if came_late else "09:30"
        rows.append((STORE_ID, person.person_id, f"{start_local:%Y-%m-%d}", start, "18:30"))
    return csv_text(["store", "seller", "date", "start", "end"], rows)
