"""Entry point of the command ``mlnotes``.

``list`` is answered here: it reads text alone, and importing Typer costs several times what the list does. Everything
else, and every error, is for ``cli.commands.main``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.studies.listing import Wanted

FLAGS = {"--json": "json", "--failed": "failed", "-v": "claims", "--verbose": "claims"}


def main() -> None:
    """Run the command line of this process."""
    words = sys.argv[1:]
    if words[:1] == ["list"] and _list_at_once(words[1:]):
        return
    from cli.commands.main import app

    app(prog_name="mlnotes")


def _list_at_once(words: list[str]) -> bool:
    """Whether the list was asked for in words that are understood here, and has been printed."""
    from cli.studies.listing import print_list
    from experiments.lab.errors import InputError

    wanted = _wanted(words)
    if wanted is None:
        return False
    try:
        print_list(wanted)
        sys.stdout.flush()
    except (InputError, OSError):
        return False
    return True


def _wanted(words: list[str]) -> Wanted | None:
    """What the words ask for; None where one of them is for Typer to understand."""
    from cli.studies.listing import Wanted

    chosen: dict[str, bool] = {}
    families, search = [], ""
    rest = iter(words)
    for word in rest:
        if word in FLAGS:
            chosen[FLAGS[word]] = True
        elif word == "--search":
            search = next(rest, "")
        else:
            families.append(word)
    if (
        len(families) > 1
        or any(family.startswith("-") for family in families)
        or (search == "" and "--search" in words)
    ):
        return None
    return Wanted(family=families[0] if families else None, search=search, **chosen)
