"""`floorwalker reid post`: entries in files to a server's `/match`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from floorwalker.adapters.json_calls import JsonService, Refused
from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.cli.parallel import in_parallel
from floorwalker.errors import FloorwalkerError, InputError, WorkError
from floorwalker.files import check_writable
from floorwalker.pipeline.entry_payloads import ANSWERS_NAME, Unfit, Waiting, find_payloads

ATTEMPTS = 6
_SAMPLES = 10


class _Answer(msgspec.Struct):
    """What is kept of a server's answer."""

    status: str
    match_id: str | None = None
    person_id: str | None = None
    score: float | None = None
    score2: float | None = None


class _Answered(msgspec.Struct):
    entry_id: str


@dataclass(slots=True)
class Tally:
    """What became of the entries: found = answered + skipped + failed.

    Attributes:
        statuses: answered ones by what was decided.
        codes: failed ones by reason.
    """

    found: int = 0
    skipped: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    samples: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def failed(self) -> int:
        """Entries that were not taken."""
        return sum(self.codes.values())

    def fail(self, code: str, place: str, why: str) -> None:
        """Count a failure."""
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1
            if len(self.samples) < _SAMPLES:
                self.samples.append({"place": place, "code": code, "message": why})

    def answer(self, status: str) -> None:
        """Count an answer."""
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def as_values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "found": self.found,
            "answered": sum(self.statuses.values()),
            "statuses": self.statuses,
            "skipped": self.skipped,
            "failed": self.failed,
            "reasons": self.codes,
            "errors": self.samples,
        }


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid post`."""
    app.command("post")(post)


def post(
    path: Annotated[
        Path, typer.Argument(help="A folder of payloads, one of them, or entries.jsonl.", show_default=False)
    ],
    url: Annotated[str, typer.Option("--url", help="The server.")] = "http://127.0.0.1:8642",
    key: Annotated[
        str | None, typer.Option("--key", envvar="FLOORWALKER_API_KEY", help="API key of that server.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that the server may take to answer.", min=0.1)
    ] = 30.0,
    jobs: Annotated[int, typer.Option("--jobs", help="Stores' days at a time.", min=1, max=64)] = 4,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            help="Answers, a line each; entries that have one are not sent again. Default: by PATH.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at the payloads; send nothing, write nothing.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Send entries to /match, each store's day in order of time; what was answered is not sent again."""
    service = JsonService(url.rstrip("/") + "/match", key, timeout, ATTEMPTS)
    kept = answers or (path / ANSWERS_NAME if path.is_dir() else path.with_suffix(".answers.jsonl"))
    tally = Tally()
    buckets = _buckets(path, _answered(kept), tally)
    if dry_run:
        _report_dry(buckets, tally, as_json)
    else:
        check_writable(kept)
        total = sum(map(len, buckets))
        with _appending(kept) as sink, progress_bar("entries", quiet=quiet) as progress:
            task = progress.add_task("post", total=total)
            _send_all(buckets, service, sink, tally, jobs, lambda: progress.advance(task))
        _report(tally, kept, as_json)
    if tally.failed:
        raise WorkError(
            f"{tally.failed} of {tally.found} entries {'are unfit' if dry_run else 'were not taken'}"
        )


def _answered(path: Path) -> set[str]:
    """Entries that have an answer; a last line that was cut off has none."""
    if not path.is_file():
        return set()
    found = set()
    for line in path.read_bytes().split(b"\n"):
        try:
            found.add(msgspec.json.decode(line, type=_Answered).entry_id)
        except (msgspec.DecodeError, UnicodeError):
            continue
    return found


def _buckets(path: Path, done: set[str], tally: Tally) -> list[list[Waiting]]:
    """What is to be sent, by store's day, in order of time."""
    buckets: dict[tuple[str, str], dict[str, Waiting]] = {}
    for found in find_payloads(path):
        tally.found += 1
        if isinstance(found, Unfit):
            tally.fail("unfit", found.place, found.why)
        elif found.entry_id in done:
            tally.skipped += 1
        elif found.entry_id in buckets.setdefault(found.key, {}):
            tally.fail("twice", str(found.path), f"entry {found.entry_id!r} stands in another file too")
        else:
            buckets[found.key][found.entry_id] = found
    if not tally.found:
        raise InputError(f"{path} holds no payloads; make some with floorwalker reid payloads")
    return [
        sorted(entries.values(), key=lambda waiting: (waiting.timestamp, waiting.entry_id))
        for _, entries in sorted(buckets.items())
        if entries
    ]


@contextmanager
def _appending(path: Path) -> Iterator[BinaryIO]:
    with path.open("ab+") as sink:
        sink.seek(0, 2)
        if sink.tell():  # what an interruption cut off must not swallow the next line
            sink.seek(-1, 2)
            if sink.read(1) != b"\n":
                sink.write(b"\n")
        yield sink


def _send_all(
    buckets: Sequence[Sequence[Waiting]],
    service: JsonService,
    sink: BinaryIO,
    tally: Tally,
    jobs: int,
    advance: Any,
) -> None:
    stop = threading.Event()

    def send(bucket: Sequence[Waiting]) -> None:
        """One store's day: who is new depends on who came before."""
        for waiting in bucket:
            if stop.is_set():
                return
            try:
                answer = msgspec.convert(service.call(waiting.body()), type=_Answer)
            except msgspec.ValidationError as error:
                raise WorkError(f"{service.name} does not answer as /match does: {error}") from error
            except Refused as error:
                if error.code in ("unauthorized", "forbidden", "http_404", "not_found", "no_json"):
                    raise
                tally.fail(error.code, f"{waiting.path.name}, {waiting.entry_id}", str(error))
            else:
                tally.answer(answer.status)
                line = msgspec.json.encode({"entry_id": waiting.entry_id, **msgspec.structs.asdict(answer)})
                with tally.lock:
                    sink.write(line + b"\n")
                    sink.flush()
            advance()

    try:
        for _, outcome in in_parallel(buckets, send, jobs):
            if isinstance(outcome, FloorwalkerError):
                raise outcome
    except BaseException:  # an interruption too ends what was begun
        stop.set()
        raise


def _report(tally: Tally, kept: Path, as_json: bool) -> None:
    if as_json:
        print_json(tally.as_values())
        return
    _show_samples(tally)
    listed = ", ".join(f"{count} {status}" for status, count in sorted(tally.statuses.items())) or "none"
    console.print(
        f"{tally.found} entries: answered {listed}; {tally.skipped} had an answer, {tally.failed} failed; "
        f"answers in {kept}",
        markup=False,
        soft_wrap=True,
    )


def _report_dry(buckets: Sequence[Sequence[Waiting]], tally: Tally, as_json: bool) -> None:
    planned = [
        {"store_id": bucket[0].key.store_id, "day_id": bucket[0].key.day_id, "entries": len(bucket)}
        for bucket in buckets
    ]
    if as_json:
        print_json({**tally.as_values(), "would_send": planned})
        return
    _show_samples(tally)
    for bucket in planned:
        console.print(f"{bucket['store_id']} {bucket['day_id']}: {bucket['entries']} entries", markup=False)
    console.print(f"nothing was sent; {tally.skipped} had an answer, {tally.failed} are unfit")


def _show_samples(tally: Tally) -> None:
    for sample in tally.samples:
        messages.print(f"{sample['place']}: {sample['message']}", markup=False, style="yellow")
