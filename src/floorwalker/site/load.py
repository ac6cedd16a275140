"""Reading a site file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from floorwalker.errors import InputError
from floorwalker.site.check import mistake_of, site_problems
from floorwalker.site.model import Site
from floorwalker.site.toml import read_toml


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
            f"{path}: {place}: {mistake_of(first)}{more}; "
            f"`floorwalker site check {path}` explains every mistake"
        ) from error
    for problem in site_problems(site, path.parent):
        if problem.severity == "error":
            raise InputError(
                f"{path}: {problem.place}: {problem.message}; "
                f"`floorwalker site check {path}` explains every mistake"
            )
    return site
