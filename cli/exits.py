"""How the command ends: the one place where an error becomes lines on stderr and an exit code.

0    done
1    the experiment failed, a finding differs from its prediction, the disk is full, the reader closed the pipe
2    a command, parameter or data file that cannot be used
130  interrupted; what was observed until then is kept
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from cli.screen import printable
from experiments.lab.errors import InputError

DEBUG = "mlnotes.debug"
"""Key of the context under which ``--debug`` is noted."""

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
LONGEST = 600


class AsTyped:
    """Takes a word as it was typed; stands in for Typer's conversion, which imports pydantic to turn text into text."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        return () if value is None and param.nargs == -1 else value


class Commands(TyperGroup):
    """The commands of the app: their errors are caught, and all their arguments are text or flags."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _leave_as_typed(self, ctx)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _leave_as_typed(command, ctx)
        return command

    def invoke(self, ctx: Any) -> Any:
        from experiments.lab.stopping import interruptible

        try:
            with interruptible():
                result = super().invoke(ctx)
            sys.stdout.flush()
        except (typer.TyperException, typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            _silence_stdout()
            raise typer.Exit(FAILED) from None
        except (Exception, KeyboardInterrupt) as error:
            if ctx.meta.get(DEBUG) and not isinstance(error, KeyboardInterrupt):
                traceback.print_exc()
            else:
                complain(*explanation(error))
            raise typer.Exit(exit_code(error)) from None
        return result


class ListByDefault(Commands):
    """A group that lists where its first word is none of its commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = (*self.commands, "--help")
        return super().parse_args(ctx, args if args and args[0] in known else ["list", *args])


def _leave_as_typed(command: Any, ctx: Any) -> None:
    for parameter in command.get_params(ctx):
        parameter.get_runtime_param = AsTyped


def exit_code(error: BaseException) -> int:
    """The exit code that an error stands for."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    too_long = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG  # it was meant as the name of a run
    return UNUSABLE if too_long or isinstance(error, InputError) else FAILED


def explanation(error: BaseException) -> tuple[str, ...]:
    """An error in lines for the user; without a traceback."""
    if isinstance(error, InputError):
        return error.problems
    if isinstance(error, KeyboardInterrupt):
        return ("interrupted; what was recorded so far is kept",)
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return (f"{error.strerror}{where}",)
    text = " ".join(str(error).split())
    return (f"{type(error).__name__}: {text} (run again with --debug for the traceback)",)


def complain(*lines: str) -> None:
    """Print lines to stderr, red on a terminal that wants color; each on one line of at most 600 signs."""
    colored = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for text in lines:
        line = printable(text if len(text) <= LONGEST else f"{text[:LONGEST]} ...")
        typer.echo(typer.style(line, fg=typer.colors.RED) if colored else line, err=True)


def _silence_stdout() -> None:
    """Nobody reads stdout any more: let the interpreter's last flush go nowhere instead of complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
