"""Studies, or the seeds of one, in other processes or on a cluster, by Hydra's launchers.

A study is one job that records itself. A seed is one job that sends back what it observed, and the run that asked for
it records and judges all of them.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cli.compose import launch
from cli.running.verification import Verification, verification
from experiments.lab.catalog import load
from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Event, Progress
from experiments.lab.parallel import Told, observe, picklable, portable
from experiments.lab.plan import Plan
from experiments.lab.record import runs_home
from experiments.lab.recording import new_directory
from experiments.lab.runner import Elsewhere

PLUGINS = {
    "joblib": ("hydra_joblib_launcher", "joblib"),
    "submitit_local": ("hydra_submitit_launcher", "submitit"),
    "submitit_slurm": ("hydra_submitit_launcher", "submitit"),
    "ray": ("hydra_ray_launcher", "ray-launcher"),
}
"""Launcher -> its plugin of Hydra, and the extra of mlnotes that brings it."""


def launched(studies: Sequence[str], launcher: str, *, smoke: bool, debug: bool) -> list[Verification]:
    """Run every study by the launcher and wait for all of them; their records lie where those of other runs do.

    Raises:
        InputError: the launcher is not installed.
    """
    _check(launcher)
    home = runs_home().absolute()
    with _folder() as directory:
        return launch(studies, launcher, directory, partial(verification, smoke=smoke, debug=debug, home=home))


def seeds_by(launcher: str) -> Elsewhere:
    """Observes every seed by the launcher.

    Raises:
        InputError: the launcher is not installed.
    """
    _check(launcher)
    return partial(_seeds, launcher)


def _seeds(launcher: str, plan: Plan, seeds: range) -> Iterator[Told]:
    with _folder() as directory:
        job = partial(_observed, plan.name, plan.params, plan.parts, directory)
        for seed, observed in zip(seeds, launch([str(seed) for seed in seeds], launcher, directory, job), strict=True):
            if isinstance(observed, Exception):
                raise observed
            yield from ((seed, part, event) for part, event in observed)
            yield seed, "", None


def _observed(
    name: str, params: object, parts: Sequence[str], scratch: Path, seed: str
) -> list[tuple[str, Event]] | Exception:
    """What one seed yields, but for its progress, or the error that ended it."""
    try:
        events = observe(load(name), params, parts, int(seed))
        kept = ((part, event) for part, event in events if not isinstance(event, Progress))
        return [(part, portable(event, scratch, int(seed))) for part, event in kept]
    except Exception as error:
        return picklable(error)


@contextmanager
def _folder() -> Iterator[Path]:
    """Where a launcher keeps a cluster's logs, and jobs their files until they are fetched; kept where any is left."""
    directory = new_directory(runs_home().absolute(), "launch")
    try:
        yield directory
    finally:
        (directory / "multirun.yaml").unlink(missing_ok=True)  # Hydra's, of a sweep that is none
        if not any(directory.iterdir()):
            shutil.rmtree(directory)


def _check(launcher: str) -> None:
    if launcher not in PLUGINS:
        raise InputError(f"unknown launcher {launcher}: {meant(launcher, PLUGINS)}")
    plugin, extra = PLUGINS[launcher]
    if importlib.util.find_spec("hydra_plugins") is None or importlib.util.find_spec(f"hydra_plugins.{plugin}") is None:
        raise InputError(f"--launcher {launcher} needs a package: pip install 'mlnotes[{extra}]'")
