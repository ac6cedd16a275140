"""Work on many things at a time, with never more begun than can soon be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from floorwalker.errors import FloorwalkerError

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")


def in_parallel(
    things: Iterable[_Thing], work: Callable[[_Thing], _Result], jobs: int
) -> Iterator[tuple[_Thing, _Result | FloorwalkerError]]:
    """Work on things in threads, as each gets done.

    Args:
        things: taken one by one, a few ahead of what is done.
        work: may be called from several threads; an expected error is its result.
        jobs: how many at a time.
    """
    begun: dict[Future[_Result], _Thing] = {}
    pool = ThreadPoolExecutor(jobs)
    try:
        for thing in things:
            begun[pool.submit(work, thing)] = thing
            if len(begun) >= 3 * jobs:
                yield from _done(begun)
        while begun:
            yield from _done(begun)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(begun: dict[Future[_Result], _Thing]) -> Iterator[tuple[_Thing, _Result | FloorwalkerError]]:
    finished, _ = wait(begun, return_when=FIRST_COMPLETED)
    for future in finished:
        thing = begun.pop(future)
        try:
            yield thing, future.result()
        except FloorwalkerError as error:
            yield thing, error
