"""A command about one study, whose help is that of the study."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand


class StudyCommand(TyperCommand):
    """A command whose first word is a study: ``--help`` after it lists the study's parameters."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        name = next((word for word in args if not word.startswith("-") and "=" not in word), None)
        if "--help" in args and name is not None:
            from cli.studies.document import print_parameters

            print_parameters(name)
            raise typer.Exit
        return super().parse_args(ctx, args)
