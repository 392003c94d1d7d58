"""``mlnotes seal``: its arguments and its help."""

from typing import Annotated

import typer

from cli.commands.options import Debug, Json, Scopes


def seal(
    names: Scopes = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell which claims changed; then exit 1.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="With --check: also where a core changed.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Seal claims before they are run, in conf/claims.lock.

    A run on a claim that is not as it was sealed only explores. A claim that changed is sealed anew, and what it was
    stays in the history with its last verdict: `mlnotes show NAME` prints it.
    """
    from cli.studies.seal import check_seals, seal_claims

    if check:
        check_seals(tuple(names or ()), verbose=verbose, json=json)
    else:
        seal_claims(tuple(names or ()), json=json)
