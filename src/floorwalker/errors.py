"""The errors that Floorwalker raises on purpose, each with the exit code that the command line gives it."""


class FloorwalkerError(Exception):
    """Base of all expected errors; the message says what was expected, what came and what to do.

    Attributes:
        exit_code: 1 where the work failed, 2 where the input or the call is wrong.
    """

    exit_code: int = 1


class InputError(FloorwalkerError):
    """The input or the call is wrong: nothing was done, and trying again unchanged will not help."""

    exit_code = 2


def plain_reason(text: str) -> str:
    """A library's reason without the mark that it was a Python error of some kind."""
    for mark in ("Value error, ", "Assertion failed, "):
        text = text.removeprefix(mark)
    return text


class WorkError(FloorwalkerError):
    """The input was right but the work failed: a full disk, a database that is away."""

    exit_code = 1
