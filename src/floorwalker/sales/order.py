"""An order at the till, summed over its lines in exact decimals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a till's file."""

    store_id: str
    transaction_id: str
    moment_utc: datetime
    amount: Decimal
    is_return: bool
    salesperson: str | None
    currency: str = "INR"


class Order:
    """The lines of one order.

    Args:
        line: its first line.

    Attributes:
        first: its first line.
    """

    __slots__ = ("_amount", "_moment_utc", "_salespeople", "first")

    def __init__(self, line: Line) -> None:
        self.first = line
        self._amount = line.amount
        self._moment_utc = line.moment_utc
        self._salespeople = {line.salesperson} - {None}

    def add(self, line: Line) -> None:
        """Count one more line in."""
        self._amount += line.amount
        self._moment_utc = min(self._moment_utc, line.moment_utc)
        self._salespeople |= {line.salesperson} - {None}

    @property
    def is_finer(self) -> bool:
        """Whether its sum is finer than hundredths, so that the transaction's amount is a rounded one."""
        return self._amount * 100 % 1 != 0

    def transaction(self) -> Transaction:
        """The order as one transaction; its sum is rounded to hundredths, half to even, once.

        An order that gives back more than it takes is a return.
        """
        minor = (self._amount * 100).quantize(Decimal(1), ROUND_HALF_EVEN)
        return Transaction(
            store_id=self.first.store_id,
            transaction_id=self.first.transaction_id,
            time_us=to_us(self._moment_utc),
            amount_minor=int(minor),
            currency=self.first.currency,
            kind="return" if self.first.is_return or minor < 0 else "sale",
            salespeople=tuple(sorted(name for name in self._salespeople if name is not None)),
        )
