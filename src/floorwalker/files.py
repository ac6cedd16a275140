"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floorwalker.errors import InputError, WorkError


def check_writable(path: Path) -> None:
    """Find out before long work whether a file can be written at all.

    Args:
        path: the file to be written later.

    Raises:
        InputError: the folder is missing or closed to us, or the path is a folder.
    """
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"cannot write {path}: no permission to write into {path.parent}")


def content_of(path: Path) -> bytes:
    """What is in a file that somebody named.

    Raises:
        InputError: there is no such file.
        WorkError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except OSError as error:
        raise WorkError(f"{path} cannot be read: {error.strerror or error}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write a file under a temporary name that becomes its own only when all is written.

    Args:
        path: the final name.

    Yields:
        The temporary name, in the same folder and with the same ending.

    Raises:
        InputError: the folder is not there or may not be written.
        WorkError: writing failed, for example because the disk is full; nothing is left behind.
    """
    check_writable(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except PermissionError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    except OSError as error:
        raise WorkError(
            f"writing {path} failed: {error.strerror or error}; nothing was left behind"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
