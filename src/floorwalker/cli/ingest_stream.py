"""One file of events into a target, so that it can be cut short at any moment and gone on with later."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import msgspec

from floorwalker.cli.event_files import EventFile, Item
from floorwalker.cli.ingest_state import ProgressFolder, Taken
from floorwalker.cli.ingest_targets import Tally, Target, parts_of
from floorwalker.server.ingest_batch import Answer
from floorwalker.warehouse import EventFault

STDIN = Path("-")
_KEEP_EVERY_S = 1.0


class Rejects:
    """A file of rejected lines, one JSON object each: line, code, message, event_id and the text itself.

    Args:
        path: the file; an earlier one is replaced when the first ingested file begins anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._begun = False

    def begin(self, earlier: Taken | None) -> None:
        """Go on after what was written when an earlier run stopped; else write from the start on."""
        if self._begun:
            return
        self._begun = True
        kept = earlier.rejects_bytes if earlier and earlier.rejects == str(self.path.absolute()) else 0
        self._file.seek(0, os.SEEK_END)
        self._file.truncate(min(kept, self._file.tell()))
        self._file.seek(0, os.SEEK_END)

    def write(self, file: Path, fault: EventFault, text: bytes) -> None:
        """Write one rejected line."""
        told = {
            "file": str(file),
            "line": fault.index,
            "code": fault.code,
            "message": fault.message,
            "event_id": fault.event_id,
            "text": text.decode("utf-8", "replace"),
        }
        self._file.write(msgspec.json.encode(told) + b"\n")

    def size(self) -> int:
        """How long the file is by now."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


@dataclass(slots=True)
class Taking:
    """The work on one file.

    Attributes:
        file: the file; `-` is the standard input.
        target: where its lines go.
        states: what is known of files that were cut short.
        rejects: where rejected lines are written; None: nowhere.
        on_bytes: told how far into the file reading is.
        tally: what became of the lines so far, those of an earlier run too.
        resumed_from: lines that an earlier run took.
        lost: whether the target no longer has what an earlier run sent, or the file changed: all is sent.
    """

    file: Path
    target: Target
    states: ProgressFolder
    rejects: Rejects | None
    on_bytes: Callable[[int], None]
    tally: Tally = field(default_factory=Tally)
    resumed_from: int = 0
    lost: bool = False
    _taken: Taken | None = None
    _kept_at: float = 0.0

    def run(self, *, from_start: bool) -> None:
        """Take the file; whatever ends this early, another call goes on behind the last batch kept.

        Args:
            from_start: forget what an earlier run did.
        """
        if from_start:
            self.states.forget(self.file)
        with ExitStack() as stack:
            content = self._resumed(stack, None if from_start else self._earlier())
            try:
                self._take(content)
            except BaseException:
                self._keep()
                raise
        if self.file != STDIN:
            self.states.forget(self.file)

    def _earlier(self) -> Taken | None:
        return None if self.file == STDIN else self.states.find(self.file)

    def _resumed(self, stack: ExitStack, earlier: Taken | None) -> EventFile:
        """The file at the place where the next batch begins."""
        if earlier is not None:
            content = stack.enter_context(EventFile(self.file))
            if content.skip_to(earlier.begin) and self._is_still_there(content, earlier):
                self._taken, self.tally, self.resumed_from = earlier, earlier.tally, earlier.number
                if self.rejects:
                    self.rejects.begin(earlier)
                return content
            self.lost = True
            self.states.forget(self.file)
        if self.rejects:
            self.rejects.begin(None)
        return stack.enter_context(EventFile(self.file))

    def _is_still_there(self, content: EventFile, earlier: Taken) -> bool:
        """Send the last part again: whether the target has it, and it ends where it did."""
        lines: list[bytes] = []
        for item in content.items():
            lines += [item.content] if item.problem is None else []
            if item.end >= earlier.end:
                break
        if content.place.offset != earlier.end:
            return False
        answers = [self.target.send(part) for part in parts_of(lines, self.target.batch)]
        return not any(answer.inserted for answer in answers)

    def _take(self, content: EventFile) -> None:
        items = content.items()
        begin = content.place
        while batch := list(islice(items, self.target.batch)):
            answers, faults = self._send(batch)
            known = self._count(batch, answers, faults)
            if self._taken is None or known:  # a part of which nothing was taken would prove nothing
                self._taken = Taken(str(self.file.absolute()), begin, 0, 0, self.tally)
            self._taken.end, self._taken.number = batch[-1].end, batch[-1].number
            if monotonic() - self._kept_at >= _KEEP_EVERY_S:
                self._keep()
            begin = content.place
            if content.position is not None:
                self.on_bytes(content.position)

    def _send(self, batch: Sequence[Item]) -> tuple[list[Answer], list[tuple[EventFault, bytes]]]:
        """Send a batch; what was rejected, and its text."""
        faults = [
            (EventFault(item.number, None, "schema", item.problem), b"")
            for item in batch
            if item.problem is not None
        ]
        good = [item for item in batch if item.problem is None]
        answers: list[Answer] = []
        place = 0
        for part in parts_of([item.content for item in good], self.target.batch):
            answer = self.target.send(part)
            for error in answer.errors:
                item = good[place + error.index]
                fault = EventFault(item.number, error.event_id, error.code, error.message)
                faults.append((fault, item.content))
            place += len(part)
            answers.append(answer)
        return answers, sorted(faults, key=lambda found: found[0].index)

    def _count(
        self, batch: Sequence[Item], answers: Sequence[Answer], faults: Sequence[tuple[EventFault, bytes]]
    ) -> int:
        """Count a batch when all of it was sent; how many of it the target has."""
        self.tally.received += len(batch)
        self.tally.inserted += sum(answer.inserted for answer in answers)
        self.tally.duplicates += sum(answer.duplicates for answer in answers)
        for fault, text in faults:
            self.tally.reject(fault)
            if self.rejects:
                self.rejects.write(self.file, fault, text)
        return sum(answer.inserted + answer.duplicates for answer in answers)

    def _keep(self) -> None:
        if self._taken is None or self.file == STDIN:
            return
        if self.rejects:
            self._taken.rejects = str(self.rejects.path.absolute())
            self._taken.rejects_bytes = self.rejects.size()
        self._taken.tally = self.tally
        self.states.keep(self.file, self._taken)
        self._kept_at = monotonic()
