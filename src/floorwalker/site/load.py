"""Reading a site file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from floorwalker.errors import InputError
from floorwalker.site.model import Site


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: no such file, not text, or not TOML; the message names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no such site file: {path}") from error
    except (IsADirectoryError, PermissionError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the site file {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def load_site(path: Path) -> Site:
    """Read a site file.

    Args:
        path: TOML file in the shape of `floorwalker.site.model.Site`.

    Returns:
        The site.

    Raises:
        InputError: the file cannot be read or breaks a rule; the message names the first mistakes, and
            `floorwalker site check` lists all of them.
    """
    content = read_toml(path)
    try:
        site = Site.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InputError(
            f"{path}: {place}: {first['msg']}{more}; `floorwalker site check {path}` explains every mistake"
        ) from error
    ids = [store.id for store in site.stores]
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: two stores have the same id")
    return site
