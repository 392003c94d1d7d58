"""The commands of mlnotes, their arguments and their help.

Only signatures stand here. Every command imports its work when it is called, so that help, completion and ``list`` need
neither torch nor Hydra nor rich.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands import completion
from cli.commands.data import data
from cli.commands.notes import notes
from cli.commands.options import Debug, Json, Launcher, Overrides, RunName, RunNames, Smoke, StudyName
from cli.commands.replicate import replicate
from cli.commands.runs import past
from cli.commands.seal import seal
from cli.commands.study import StudyCommand
from cli.commands.verify import verify
from cli.exits import Commands
from experiments.lab.errors import InputError

app = typer.Typer(
    name="mlnotes",
    cls=Commands,
    help="Machine-learning study notes, executable: run the experiment that decides the sentence.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _say_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"mlnotes {version('mlnotes')}")
        raise typer.Exit


app.add_typer(data, name="data")
app.add_typer(past, name="runs")
app.command()(verify)
app.command()(replicate)


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Nothing but the commands."""


@app.command("list")
def list_(
    family: Annotated[
        str | None, typer.Argument(help="One family, such as ann.", autocompletion=completion.families)
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="A line per claim too.")] = False,
    search: Annotated[str, typer.Option("--search", metavar="TEXT", help="In questions and claims.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Whose last result here is not as predicted.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List every study in one line: its question, time and last result here."""
    from cli.studies.listing import Wanted, print_list

    print_list(Wanted(family=family, search=search, failed=failed, claims=verbose, json=json))


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|RUN",
            help="A study, or a run: an id, its beginning, a path, or last.",
            autocompletion=completion.shown,
        ),
    ],
    tables: Annotated[bool, typer.Option("--tables", help="All tables of a run.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="Its curves.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="Its claims with their evidence.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="All of these, then the ending.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show a study's question, sources, parameters and claims; or a stored run as it ended."""
    from cli.display.sections import Sections
    from cli.show import show as show_it

    show_it(name, Sections(tables=tables, curves=curves, claims=claims), verbose=verbose, json=json)


@app.command(cls=StudyCommand)
def run(
    name: StudyName,
    overrides: Overrides = None,
    multirun: Annotated[bool, typer.Option("--multirun", "-m", help="Run every combination of KEY=A,B.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="With -m: go on with an interrupted sweep.")] = False,
    smoke: Smoke = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Judge sealed claims on fresh seeds; three looks.")
    ] = False,
    launcher: Launcher = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="All tables, curves and evidence too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="One line: verdicts and answer.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run a study and answer its question.

    Besides its own parameters every study has seed, seeds (repetitions) and workers (processes that share the seeds).
    With --confirm claims that were sealed are judged on seeds that nobody has seen; each claim has three such looks,
    and a look has a third of the level.
    """
    if multirun:
        from cli.running.sweep import How, run_sweep

        if confirm or launcher:
            raise InputError("--confirm and --launcher are for one run: leave out -m (sweeps: hydra/launcher=NAME)")
        how = How(smoke=smoke, resume=resume, json=json, quiet=quiet, verbose=verbose, debug=debug)
        run_sweep(name, tuple(overrides or ()), how)
    else:
        if resume:
            raise InputError("--resume goes on with a sweep: add -m and the words that began it")
        from cli.running.run import Amount, run_study

        amount = Amount.LINE if quiet else Amount.ALL if verbose else Amount.ENDING
        run_study(
            name, tuple(overrides or ()), smoke=smoke, json=json, amount=amount, confirm=confirm, launcher=launcher
        )


@app.command()
def compare(runs: RunNames, json: Json = False, debug: Debug = False) -> None:
    """Compare runs of one experiment: settings, means, verdicts, rows."""
    from cli.past.compare import print_comparison

    print_comparison(tuple(runs), json=json)


@app.command()
def judge(run: RunName, json: Json = False, debug: Debug = False) -> None:
    """Judge the stored rows of a run again.

    By the claims as they are now. Says what changed since the run, and keeps the former findings beside the new ones.
    """
    from cli.past.rejudge import judge_again

    judge_again(run, json=json)


@app.command()
def rerun(run: RunName, json: Json = False, debug: Debug = False) -> None:
    """Run a stored configuration again; exit 1 where rows differ in anything but times and memory."""
    from cli.running.rerun import run_again

    run_again(run, json=json)


@app.command()
def export(
    runs: RunNames,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, the default.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="As Parquet, with the types of the columns.")] = False,
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Where to; here by default.")] = ".",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the rows of runs as CSV or Parquet, one file per part.

    Several runs stand below each other, with a column that names the run.
    """
    from cli.past.export import export as export_rows

    export_rows(tuple(runs), csv=csv, parquet=parquet, directory=Path(output), json=json)


app.command()(seal)


@app.command()
def report(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|NAME|FAMILY",
            help="A run, a study or a family; last by default.",
            autocompletion=completion.pages,
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; by default beside the records.")
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="The book of all studies.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    verdicts: Annotated[
        str | None, typer.Option("--verdicts", metavar="FILE", help="Instead, every claim's verdict as Markdown.")
    ] = None,
    topics: Annotated[
        str | None, typer.Option("--topics", metavar="FILE", help="Instead, the notes' topics with their claims.")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a page to read, print or hand out: one HTML file.

    Of a run, of the newest run of a study, of every study of a family, or of all studies. It needs no network and no
    script to be read, and carries the record's data inside.
    """
    if verdicts is not None:
        from cli.past.verdicts import write_verdicts

        write_verdicts(Path(verdicts))
        return
    if topics is not None:
        from cli.studies.topics import topics_text

        Path(topics).write_text(topics_text(), encoding="utf-8")
        return
    from cli.page.report import report as write_report

    write_report(name, output=output, whole=whole, show=show, json=json)


app.command()(notes)


@app.command()
def doctor(json: Json = False, debug: Debug = False) -> None:
    """Show versions, processor, threads, GPU, data, compile cache."""
    from cli.doctor import print_report

    print_report(json=json)
