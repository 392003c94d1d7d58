"""Entry point of the command ``mlnotes``.

``list`` in a pipe is answered here: it reads text alone, and importing Typer costs several times what the list does.
Everything else, and every error, is for ``cli.commands``.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process."""
    words = sys.argv[1:]
    if words[:1] == ["list"] and _list_at_once(words[1:]):
        return
    from cli.commands import app

    app(prog_name="mlnotes")


def _list_at_once(words: list[str]) -> bool:
    """Whether the list was asked for without anything special about it, and has been printed."""
    from cli.listing import print_list
    from experiments.lab.errors import InputError

    json = "--json" in words
    families = [word for word in words if word != "--json"]
    if len(families) > 1 or any(word.startswith("-") for word in families) or (sys.stdout.isatty() and not json):
        return False
    try:
        print_list(families[0] if families else None, json=json)
        sys.stdout.flush()
    except (InputError, OSError):
        return False
    return True
