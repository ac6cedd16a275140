"""Reading TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from floorwalker.errors import InputError


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: no such file, not text, or not TOML; the message names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no such site file: {path}") from error
    except (IsADirectoryError, PermissionError) as error:
        raise InputError(f"cannot read the site file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from error
