"""Where a camera's stream is: addresses with what must not be shown, and how to show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from floorwalker.errors import InputError

SCHEMES = ("rtsp", "rtsps", "rtspt", "http", "https")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Greedy up to the last @ there is: a password may hold an @, or a slash that nobody escaped.
_LOGIN = re.compile(r"(?<=://)[^\s'\"]*@")
_SECRET = re.compile(
    r"(?i)([?&](?:user|username|login|pass|passwd|password|pwd|token|key|auth|secret)=)[^&\s'\"]*"
)


def why_no_source(source: str) -> str | None:
    """Why something is no source of a stream, in words that show nothing of it; None: it is one."""
    if not source.strip():
        return "expected an address or a file, got nothing"
    if "://" not in source:
        return None
    scheme = source.partition("://")[0].lower()
    if scheme not in SCHEMES and not _VARIABLE.match(source):
        return f"expected an address that begins with {', '.join(SCHEMES)}, or a file; got {scheme[:20]}://"
    return None


def resolve_source(source: str, environment: Mapping[str, str], folder: Path) -> str:
    """The address or file that a source means.

    Args:
        source: as the site file says it, with `${NAME}` for what stands in the environment.
        environment: variables by name.
        folder: of the site file; a file's path counts from there.

    Raises:
        InputError: a variable is not set, or the result is no source.
    """
    missing = sorted({name for name in _VARIABLE.findall(source) if name not in environment})
    if missing:
        raise InputError(f"the address {masked(source)} needs {', '.join(missing)} in the environment")
    full = _VARIABLE.sub(lambda found: environment[found.group(1)], source)
    reason = why_no_source(full)
    if reason is not None:
        raise InputError(reason)
    if not is_address(full):
        return str(folder / full)
    try:
        reachable = bool(urlsplit(full).hostname)
    except ValueError:
        reachable = False
    if not reachable:
        raise InputError(f"the address {masked(full)} names no machine")
    return full


def is_address(source: str) -> bool:
    """Whether a source is an address rather than a file."""
    return "://" in source


def masked(text: str) -> str:
    """A text whose addresses show neither user nor password.

    Args:
        text: an address, or a message that holds some.
    """
    return _SECRET.sub(r"\1***", _LOGIN.sub("***@", text))
