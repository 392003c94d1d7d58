"""``mlnotes runs`` and its commands; alone it lists."""

from typing import Annotated

import typer

from cli.commands import completion
from cli.commands.options import Debug, Json, RunName, RunNames
from cli.exits import ListByDefault

past = typer.Typer(cls=ListByDefault, help="Past runs: list them (by default), delete, tag.", rich_markup_mode=None)


@past.command("list")
def runs_list(
    study: Annotated[str, typer.Argument(help="Of one study or family.", autocompletion=completion.scopes)] = "",
    tag: Annotated[str, typer.Option("--tag", help="With this tag.")] = "",
    sort: Annotated[str, typer.Option("--sort", metavar="age|seconds|study|KEY", help="By a parameter too.")] = "age",
    limit: Annotated[str, typer.Option("--limit", metavar="N", help="At most so many; 0 for all.")] = "20",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List past runs, newest first: verdicts, time, age, and the parameters that are not the study's."""
    from cli.past.runs import Filter, print_runs, whole_number

    print_runs(Filter(study=study, tag=tag, sort=sort, limit=whole_number("--limit", limit)), json=json)


@past.command("delete")
def runs_delete(
    runs: RunNames,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Delete runs, or sweeps with all their jobs."""
    from cli.past.runs import delete_runs

    delete_runs(tuple(runs), sure=yes, json=json)


@past.command("tag")
def runs_tag(
    run: RunName,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words of your own.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Give a run tags; `mlnotes runs --tag TAG` finds it again."""
    from cli.past.runs import tag_run

    tag_run(run, tuple(tags), remove=remove, json=json)
