"""Delivery: what a live camera tells goes out in order, each thing at least once, whatever is away."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from floorwalker.events import Event
from floorwalker.resolutions import Resolution
from floorwalker.runs import Recording, Run
from floorwalker.video.rarely import Rarely

MOST_EVENTS = 400


class EventsItem(msgspec.Struct, frozen=True, tag="events"):
    """Events of a live camera.

    Attributes:
        events: `MOST_EVENTS` at most, in order of time.
    """

    events: list[Event]


class StretchItem(msgspec.Struct, frozen=True, tag="stretch"):
    """How far a live camera watched by now; it follows the events of that time.

    Attributes:
        recording: the stretch, with its gaps.
        run: what looks at it.
        resolutions: what became known of its visitors.
    """

    recording: Recording
    run: Run
    resolutions: list[Resolution] = []


Item = EventsItem | StretchItem


class Refusal(msgspec.Struct, frozen=True):
    """Something that nobody will ever take.

    Attributes:
        code: short reason for programs.
        message: the reason for people.
        what: the event, or the item.
    """

    code: str
    message: str
    what: msgspec.Raw


class Away(Exception):
    """Whoever takes the items is away, or does not let us in; later they may.

    Attributes:
        pause_s: how long they ask us to wait; 0: they do not say.
    """

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class Sink(Protocol):
    """Takes items: a server or a database."""

    @property
    def name(self) -> str:
        """What it is, for people; no password is in it."""
        ...

    def send(self, item: Item) -> list[Refusal]:
        """Take an item for good, but for what is refused; the same again changes nothing.

        Raises:
            Away: nothing is known to be taken.
        """
        ...


class Outbox(Protocol):
    """Keeps items in order until they are taken, also over the program's end."""

    def put(self, item: bytes) -> None:
        """Add an item; once this returns it is kept."""
        ...

    def first(self) -> bytes | None:
        """The oldest item that is not done."""
        ...

    def done(self) -> None:
        """The oldest item was taken."""
        ...

    def set_aside(self, refusals: list[Refusal]) -> None:
        """Keep what nobody takes, with the reasons."""
        ...

    @property
    def size(self) -> int:
        """Bytes that wait."""
        ...

    @property
    def dropped(self) -> int:
        """Items that were given up for want of room."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """How often a sink that is away is asked.

    Attributes:
        first_pause_s: after the first failure; each further pause is twice as long, up to
        longest_pause_s.
        jitter: share by which a pause is longer or shorter.
    """

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    jitter: float = 0.3


@dataclass(slots=True)
class DeliveryState:
    """How delivery goes.

    Attributes:
        sent: items taken.
        refused: events and items that were set aside.
        away: why the sink takes nothing at the moment; empty: it does.
    """

    sent: int = 0
    refused: int = 0
    away: str = ""


@dataclass(slots=True)
class Delivery:
    """Sends what the outbox holds, in a thread of its own.

    Attributes:
        outbox: where items wait.
        sink: who takes them.
        say: takes lines for people.
        rules: how often to ask.
        state: how it goes.
    """

    outbox: Outbox
    sink: Sink
    say: Callable[[str], None]
    rules: DeliveryRules = field(default_factory=DeliveryRules)
    state: DeliveryState = field(default_factory=DeliveryState)
    _woken: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send, what an earlier run left first."""
        self._thread = threading.Thread(target=self._run, name=f"delivery to {self.sink.name}", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand an item over; once this returns it is kept.

        Raises:
            OSError: it cannot be kept; hand it over again.
        """
        self.outbox.put(msgspec.json.encode(item))
        self._woken.set()

    def stop(self, patience_s: float) -> bool:
        """Send what can be sent in a time; what is left waits for the next start.

        Returns:
            Whether everything was sent.
        """
        deadline = time.monotonic() + patience_s
        while self.outbox.first() is not None and time.monotonic() < deadline:
            self._woken.set()
            time.sleep(0.02)
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(max(deadline - time.monotonic(), 0.5))
        return self.outbox.first() is None

    def _run(self) -> None:
        failures, rarely = 0, Rarely(self.say, time.monotonic)
        while not self._stopping.is_set():
            self._woken.clear()
            raw = self.outbox.first()
            if raw is None:
                self._woken.wait(1.0)
                continue
            try:
                self._settle(raw)
            except Away as error:
                failures += 1
                self.state.away = str(error)
                rarely("away", f"{self.sink.name} takes nothing: {error}; {self.outbox.size} bytes wait")
                self._stopping.wait(error.pause_s or self._pause_s(failures))
                continue
            if failures:
                self.say(f"{self.sink.name} takes again")
                rarely.forget("away")
            failures, self.state.away = 0, ""

    def _settle(self, raw: bytes) -> None:
        try:
            item: Item = msgspec.json.decode(raw, type=EventsItem | StretchItem)
        except (msgspec.DecodeError, UnicodeError) as error:  # of another version of this program
            refusals = [
                Refusal(
                    "unreadable", str(error), msgspec.Raw(msgspec.json.encode(raw.decode("utf-8", "replace")))
                )
            ]
        else:
            refusals = self.sink.send(item)
            self.state.sent += 1
        if refusals:
            self.outbox.set_aside(refusals)
            self.state.refused += len(refusals)
            self.say(
                f"{self.sink.name} refused {len(refusals)}, first: {refusals[0].code}: {refusals[0].message}"
            )
        self.outbox.done()

    def _pause_s(self, failures: int) -> float:
        rules = self.rules
        longest = min(rules.first_pause_s * 2 ** min(failures - 1, 20), rules.longest_pause_s)
        return float(longest * (1 + random.uniform(-rules.jitter, rules.jitter)))
