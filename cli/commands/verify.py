"""``mlnotes verify``: its arguments and its help."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import Debug, Json, Launcher, Scopes, Smoke


def verify(
    names: Scopes = None,
    smoke: Smoke = False,
    launcher: Launcher = "",
    junit: Annotated[str, typer.Option("--junit", metavar="FILE", help="JUnit's XML, a case per claim.")] = "",
    summary: Annotated[str, typer.Option("--summary", metavar="FILE", help="Append a summary in Markdown.")] = "",
    durations: Annotated[bool, typer.Option("--durations", help="Say which studies took longest.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Leave out what has the numbers, code and versions of its last run.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run studies; exit 1 where a verdict differs from its prediction.

    Prints one line per claim. With --smoke only theorems and facts are judged. A family stands for the studies that
    bear the name of their experiment; further ones, at paper size or on data to be fetched, run where they are named.
    """
    from cli.running.verify import How, verify_studies

    how = How(
        smoke=smoke,
        launcher=launcher,
        junit=Path(junit) if junit else None,
        summary=Path(summary) if summary else None,
        durations=durations,
        changed=changed,
        json=json,
        debug=debug,
    )
    verify_studies(tuple(names or ()), how)
