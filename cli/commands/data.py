"""``mlnotes data`` and its commands."""

from typing import Annotated

import typer

from cli.commands import completion
from cli.commands.options import Debug, Json
from cli.exits import Commands

data = typer.Typer(
    cls=Commands, help="Data sets: where they are, fetch, verify.", no_args_is_help=True, rich_markup_mode=None
)


@data.command("list")
def data_list(json: Json = False, debug: Debug = False) -> None:
    """List the data sets and where they are."""
    from cli.data import print_datasets

    print_datasets(json=json)


@data.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="A data set.", autocompletion=completion.datasets)],
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Download a data set; resumes, and verifies checksums."""
    from cli.data import fetch_dataset

    fetch_dataset(name, json=json)


@data.command("check")
def data_check(json: Json = False, debug: Debug = False) -> None:
    """Verify the data sets that are present."""
    from cli.data import check_datasets

    check_datasets(json=json)
