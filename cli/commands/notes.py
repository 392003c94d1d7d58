"""``mlnotes notes``: its arguments and its help."""

from typing import Annotated

import typer

from cli.commands import completion
from cli.commands.options import Debug, Json
from cli.exits import FAILED
from experiments.lab.errors import InputError


def notes(
    family: Annotated[
        str | None, typer.Argument(help="A chapter, such as grad.", autocompletion=completion.families)
    ] = None,
    check: Annotated[
        str | None, typer.Option("--check", metavar="FILE", help="Your own notes in Markdown with such links.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="Write them as a page too: one HTML file.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", hidden=True)] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the notes, every judged sentence with its verdict.

    The verdicts are those of the newest runs here. Without a family it lists the chapters. With --check it reads your
    own notes, in which [a sentence](claim:grad.vanishing/relu_keeps_the_gradient "refuted") says which verdict it
    takes for true, holds where it says none: one line for each that is no longer true, and then exit 1.
    """
    if check and family:
        raise InputError(f"--check reads a file, not the chapter of {family}: leave one of them out")
    if output and not (check or family):
        raise InputError("-o writes one chapter, or with --check a file: name one; the book is `mlnotes report --all`")
    as_claimed = True
    if publish:
        from cli.notes.published import publish as publish_verdicts

        place, missing = publish_verdicts()
        typer.echo(f"{place}: verdicts of the records here; {missing} claims have none")
    elif check:
        from cli.notes.check import check as check_notes

        note, known, as_claimed = check_notes(check, json=json)
    elif family:
        from cli.notes.chapters import print_chapter

        note, known = print_chapter(family, json=json)
    else:
        from cli.notes.chapters import print_chapters

        print_chapters(json=json)
    if output:
        from cli.page.notes import write_notes

        write_notes(note, known, output)
    if not as_claimed:
        raise typer.Exit(FAILED)
