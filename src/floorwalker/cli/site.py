"""`floorwalker site`: checking site files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorwalker.cli.output import console, print_json
from floorwalker.site import check_site_file


def register(app: typer.Typer) -> None:
    """Add `floorwalker site check`."""
    group = typer.Typer(help="Site files: stores, cameras, lines, zones.", no_args_is_help=True)
    group.command("check")(check)
    app.add_typer(group, name="site")


def check(
    file: Annotated[Path, typer.Argument(help="The site file (TOML).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Explain every mistake of a site file with its place; exit code 2 where there is an error."""
    problems = check_site_file(file)
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"file": str(file), "ok": errors == 0, "problems": problems})
    else:
        for problem in problems:
            console.print(
                f"{problem.severity}: {problem.place}: {problem.message}", markup=False, soft_wrap=True
            )
        verdict = "no mistakes" if not problems else f"{errors} errors, {len(problems) - errors} warnings"
        console.print(f"{file}: {verdict}", markup=False, soft_wrap=True)
    if errors:
        raise typer.Exit(2)
