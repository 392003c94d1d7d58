"""``mlnotes replicate``: its arguments and its help."""

from cli.commands.options import Debug, Json, Scopes


def replicate(names: Scopes = None, json: Json = False, debug: Debug = False) -> None:
    """Run studies again on fresh seeds and compare the verdicts.

    With those of the run that stands for each study here, claim by claim, and every effect with the interval in which
    it was to be expected. Exit 1 where a decided verdict came out as another decided one.
    """
    from cli.running.replicate import replicate as run_them

    run_them(tuple(names or ()), json=json)
