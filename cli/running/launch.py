"""Studies in other processes or on a cluster, by Hydra's launchers: each is one job that records itself."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from functools import partial

from cli.compose import launch
from cli.running.verification import Verification, verification
from experiments.lab.errors import InputError, meant
from experiments.lab.record import runs_home
from experiments.lab.recording import new_directory

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
    directory = new_directory(home, "launch")  # of the launcher, which keeps a cluster's logs there
    try:
        return launch(studies, launcher, directory, partial(verification, smoke=smoke, debug=debug, home=home))
    finally:
        if not any(directory.iterdir()):
            shutil.rmtree(directory)


def _check(launcher: str) -> None:
    if launcher not in PLUGINS:
        raise InputError(f"unknown launcher {launcher}: {meant(launcher, PLUGINS)}")
    plugin, extra = PLUGINS[launcher]
    if importlib.util.find_spec("hydra_plugins") is None or importlib.util.find_spec(f"hydra_plugins.{plugin}") is None:
        raise InputError(f"--launcher {launcher} needs a package: pip install 'mlnotes[{extra}]'")
