"""The arguments and options that several commands share."""

from typing import Annotated

import typer

from cli.commands import completion
from cli.exits import DEBUG


def _note_debug(ctx: typer.Context, value: bool) -> bool:
    ctx.meta[DEBUG] = value
    return value


StudyName = Annotated[
    str, typer.Argument(metavar="NAME", help="A study, such as ann.nsg.", autocompletion=completion.names)
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Parameters, as Hydra overrides.", autocompletion=completion.overrides),
]
RunName = Annotated[
    str,
    typer.Argument(metavar="RUN", help="An id, its beginning, a path, or last.", autocompletion=completion.records),
]
Scopes = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME|FAMILY", help="Everything by default.", autocompletion=completion.scopes),
]
RunNames = Annotated[
    list[str],
    typer.Argument(metavar="RUN...", help="Ids, their beginnings, paths, or last.", autocompletion=completion.records),
]
Launcher = Annotated[
    str,
    typer.Option(
        "--launcher",
        metavar="joblib|submitit_local|ray",
        help="At once, by Hydra's launcher: studies, or the seeds of one.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Smoke = Annotated[bool, typer.Option("--smoke", help="The smallest honest size instead of the study's.")]
Debug = Annotated[bool, typer.Option("--debug", help="Print tracebacks.", callback=_note_debug)]
