"""Watching: one process a camera, started again when it dies, ended together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import cv2

from floorwalker.errors import FloorwalkerError
from floorwalker.pipeline.delivery import Delivery
from floorwalker.pipeline.live_camera import CameraState, DetectorBuilder, LiveCamera, LiveJob

_TELL_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S = 1.0, 60.0, 300.0
_GIVE_UP = 5


class DeliveryBuilder(Protocol):
    """Makes the delivery of one camera, in the worker's process; must be picklable."""

    def __call__(self, job: LiveJob, say: Callable[[str], None]) -> Delivery:
        """The camera's delivery, not started."""
        ...


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What a watch is made of.

    Attributes:
        jobs: one a camera.
        detector: makes their detectors.
        delivery: makes their deliveries.
        flush_s: how long the end waits for what is still to be delivered; the rest is kept on the disk.
    """

    jobs: Sequence[LiveJob]
    detector: DetectorBuilder
    delivery: DeliveryBuilder
    flush_s: float = 5.0


@dataclass(slots=True)
class _Worker:
    job: LiveJob
    process: BaseProcess | None = None
    pipe: Connection | None = None
    state: CameraState | None = None
    started_s: float = 0.0
    failures: int = 0
    again_s: float = 0.0
    over: bool = False
    problem: str = ""


@dataclass(slots=True)
class Watch:
    """Runs a plan until it is told to stop, or until every camera was a file and ended.

    Attributes:
        plan: what to run.
        say: takes lines for people.
        on_state: told of the cameras' states again and again.
        every_s: how often.
    """

    plan: WatchPlan
    say: Callable[[str], None]
    on_state: Callable[[list[CameraState]], None] = lambda states: None
    every_s: float = 1.0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End it: cameras tell what is left, and what can be delivered is."""
        self._stopping.set()

    def run(self) -> list[str]:
        """Watch.

        Returns:
            Why cameras were given up; empty where none was.
        """
        workers = [_Worker(job) for job in self.plan.jobs]
        told_s = 0.0
        try:
            while not self._stopping.is_set() and not all(worker.over for worker in workers):
                for worker in workers:
                    self._look_after(worker)
                self._listen(workers)
                if time.monotonic() - told_s >= self.every_s:
                    told_s = time.monotonic()
                    self.on_state(_states(workers))
        finally:
            self._end(workers)
        self.on_state(_states(workers))
        return [worker.problem for worker in workers if worker.problem]

    def _look_after(self, worker: _Worker) -> None:
        """Start a worker, or start one again that died."""
        if worker.over:
            return
        now_s = time.monotonic()
        if worker.process is None:
            if now_s >= worker.again_s:
                self._start(worker)
            return
        if worker.process.is_alive():
            return
        self._drain(worker)
        code = worker.process.exitcode
        worker.process.join()
        worker.process = None
        if code == 0:
            worker.over = True
            return
        worker.failures = 1 if now_s - worker.started_s > _STEADY_S else worker.failures + 1
        name = worker.job.camera.id
        if worker.problem or worker.failures >= _GIVE_UP:
            worker.problem = worker.problem or f"{name}: its process died {worker.failures} times in a row"
            worker.over = True
            self.say(f"{worker.problem}; given up")
            return
        pause_s = min(_FIRST_PAUSE_S * 2 ** (worker.failures - 1), _LONGEST_PAUSE_S)
        worker.again_s = now_s + pause_s
        worker.state = CameraState(worker.job.store.id, name, "restarting")
        self.say(f"{name}: its process died ({_death(code)}); starting it again in {pause_s:.0f} s")

    def _start(self, worker: _Worker) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        worker.process = context.Process(
            target=_work, args=(self.plan, worker.job, theirs), name=f"watch {worker.job.camera.id}"
        )
        worker.process.start()
        theirs.close()  # so that an end of file tells of the worker's death
        worker.pipe, worker.started_s = ours, time.monotonic()

    def _listen(self, workers: Sequence[_Worker]) -> None:
        pipes = [worker.pipe for worker in workers if worker.pipe is not None and worker.process is not None]
        if not pipes:
            self._stopping.wait(0.1)
            return
        wait(pipes, 0.2)
        for worker in workers:
            self._drain(worker)

    def _drain(self, worker: _Worker) -> None:
        pipe = worker.pipe
        try:
            while pipe is not None and pipe.poll():
                kind, content = pipe.recv()
                if kind == "state":
                    worker.state = content
                elif kind == "problem":
                    worker.problem = content
                else:
                    self.say(content)
        except (EOFError, OSError):
            worker.pipe = None

    def _end(self, workers: Sequence[_Worker]) -> None:
        """Tell all to stop and wait; who does not end in time is ended."""
        for worker in workers:
            if worker.pipe is not None:
                try:
                    worker.pipe.send("stop")
                except OSError:
                    worker.pipe = None
        deadline = time.monotonic() + self.plan.flush_s + 10
        for worker in workers:
            while worker.process is not None and worker.process.is_alive():
                self._drain(worker)
                if time.monotonic() > deadline:
                    self.say(f"{worker.job.camera.id}: its process does not end; it is ended")
                    worker.process.kill()
                worker.process.join(0.1)
            self._drain(worker)


def _states(workers: Sequence[_Worker]) -> list[CameraState]:
    return [
        worker.state or CameraState(worker.job.store.id, worker.job.camera.id, "connecting")
        for worker in workers
    ]


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _work(plan: WatchPlan, job: LiveJob, pipe: Connection) -> None:
    """One camera's process: it ends when it is told to, or when whoever started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; the end is told over the pipe
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    cv2.setNumThreads(1)

    def send(kind: str, content: object) -> None:
        try:
            pipe.send((kind, content))
        except OSError:
            return  # nobody listens any more, which `_told_to_stop` notices

    def say(text: str) -> None:
        send("line", f"{job.camera.id}: {text}")

    try:
        camera = LiveCamera(job, plan.detector, plan.delivery(job, say), say)
    except FloorwalkerError as error:
        send("problem", f"{job.camera.id}: {error}")
        sys.exit(error.exit_code)
    camera.start()
    told_s, goes_on = 0.0, True
    while goes_on and not _told_to_stop(pipe):
        goes_on = camera.step()
        if time.monotonic() - told_s >= _TELL_S:
            told_s = time.monotonic()
            send("state", camera.state())
    if not camera.finish(plan.flush_s):
        say(f"{camera.state().waiting_bytes} bytes wait on the disk for the next start")
    send("state", camera.state())
    pipe.close()
    sys.stdout.flush()
    os._exit(0)  # a feed may still wait for its stream in a thread of its own


def _told_to_stop(pipe: Connection) -> bool:
    try:
        return pipe.poll() and pipe.recv() == "stop"
    except (EOFError, OSError):
        return True


def spool_folder(home: Path, job: LiveJob) -> Path:
    """Where a camera's items wait."""
    # A name of dots alone would be another folder.
    names = [name if name.strip(".") else f"_{name}" for name in (job.store.id, job.camera.id)]
    return home.joinpath("spool", *names)
