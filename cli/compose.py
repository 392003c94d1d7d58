"""Hydra: a study and its KEY=VALUE overrides in, plain values out. No other module knows of Hydra or OmegaConf.

The Params' defaults are the node that the study's yaml is laid over, so every field is a legal override and the yaml
holds the study's numbers only. Hydra searches the folder of the study's family, not all of ``conf``: there a family
called ``loss`` would be an option group and hide a parameter called ``loss``. Option groups of a family are the folders
beside its yaml files.

Uses ``GlobalHydra.instance().hydra.multirun`` and ``BasicSweeper.split_arguments``, which are semi-public:
tests/cli/test_compose.py is their contract.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hydra import compose as hydra_compose
from hydra import initialize, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep, ValueType
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from cli.points import MOST_POINTS, SweepPoint, bracketed, quoting, range_size
from experiments.lab.errors import InputError
from experiments.lab.params import unknown_key

NODE = "mlnotes"
"""Name of the node in Hydra's store under which a composition finds its defaults."""

PHRASE = re.compile(r"[\w.:/~-]*[\w.~-](\(.*\)|\[.*\])|\{.*\}", re.DOTALL)
"""A word with something in brackets after it, or in braces."""
COMMAS = ValueType.SIMPLE_CHOICE_SWEEP
BASIC_SWEEPER = f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}"
CONSOLE = {"handlers": {"console": {"stream": "ext://sys.stderr"}}}
QUIET = {**CONSOLE, "root": {"level": "WARNING"}}
NO_LOG_FILE = {"override hydra/job_logging": "stdout"}

PLUGINS = ("hydra._internal.", "hydra_plugins.")
"""Where a sweeper or a launcher may come from; Hydra calls whatever is named."""

T = TypeVar("T")


@dataclass(frozen=True)
class Composition:
    """What is composed: the study's yaml over the defaults, then the overrides."""

    config: Path
    """The study's yaml."""
    defaults: Mapping[str, object]
    """Every legal key with its default as a plain value."""
    overrides: tuple[str, ...] = ()
    smoke: bool = False
    """Leave the yaml's numbers out; overrides still count."""

    def values(self) -> dict[str, object]:
        """The composed values of one run.

        Raises:
            InputError: one line per override that cannot be used.
        """
        one = replace(self, overrides=tuple(_quoted(bracketed(text)) for text in self.overrides))
        with one._hydra() as _, one._explained():
            return one._plain(hydra_compose(config_name=NODE, overrides=list(one.overrides)))

    def plain_values(self) -> dict[str, object]:
        """What ``values`` gives where there are no overrides and no option groups, without Hydra.

        It takes less time, and works in the jobs of Hydra's launchers, where Hydra runs already.

        Raises:
            InputError: a yaml that cannot be laid over the defaults.
        """
        if self.smoke and not self.overrides:
            return dict(self.defaults)
        try:
            study = OmegaConf.load(self.config)
            if "defaults" in study or self.overrides or self.smoke:
                return self.values()
            known = OmegaConf.create({**self.defaults, "experiment": None})
            OmegaConf.set_struct(known, True)
            return self._plain(DictConfig(OmegaConf.merge(known, study)))
        except (OmegaConfBaseException, ValueError) as error:
            raise InputError(f"{self.config}: {_one_line(error)}") from None

    def grid(self) -> list[dict[str, object]]:
        """The composed values of every point of a sweep, in the order in which Hydra runs them.

        A sweeper other than Hydra's basic one chooses its points as it goes: then the list is empty.

        Raises:
            InputError: one line per problem, over all points.
        """
        with self._hydra() as hydra, self._explained(sweeping=True):
            config = hydra.compose_config(
                config_name=NODE,
                overrides=list(self.overrides),
                run_mode=RunMode.MULTIRUN,
                with_log_configuration=False,
            )
            for part in ("sweeper", "launcher"):
                target = str(config.hydra[part]._target_)
                if not target.startswith(PLUGINS):
                    raise InputError(f"hydra.{part}._target_={target}: expected a {part} that is installed for Hydra")
            if config.hydra.sweeper._target_ != BASIC_SWEEPER:
                return []
            swept = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
            chosen = list(config.hydra.overrides.hydra)
            parsed = OverridesParser.create(hydra.config_loader).parse_overrides([*swept, *config.hydra.overrides.task])
            if not 0 < (count := math.prod(map(_values_of, parsed))) <= MOST_POINTS:
                raise InputError(f"expected 1 to {MOST_POINTS:,} points, got {count:,}")
            (points,) = BasicSweeper.split_arguments(parsed, None)
            return [self._plain(hydra_compose(config_name=NODE, overrides=[*chosen, *point])) for point in points]

    def sweep(self, directory: Path, job: Callable[[SweepPoint], T]) -> list[T]:
        """Run ``job``, which is picklable and catches its errors, at every point by Hydra's sweeper and launcher.

        Returns:
            What each job returned, in order; nothing for a sweeper that keeps it to itself.
        """
        with self._hydra(_place(directory)) as hydra, self._explained(sweeping=True):
            batches = hydra.multirun(
                config_name=NODE,
                task_function=partial(_task, job),
                overrides=["hydra.mode=MULTIRUN", *self.overrides],
            )
        return [result.return_value for batch in batches or () for result in batch]

    @contextmanager
    def _hydra(self, settings: Mapping[str, object] | None = None) -> Iterator[Any]:
        study = [] if self.smoke else [self.config.stem]
        node = {"defaults": ["_self_", *study, NO_LOG_FILE], **self.defaults, "hydra": settings or {}}
        ConfigStore.instance().store(name=NODE, node=OmegaConf.create(node))
        with initialize_config_dir(str(self.config.parent.resolve()), job_name="mlnotes", version_base="1.3"):
            yield GlobalHydra.instance().hydra

    @contextmanager
    def _explained(self, sweeping: bool = False) -> Iterator[None]:
        if any(text.partition("=")[0].lstrip("+~") == "experiment" for text in self.overrides):
            raise InputError(
                f"experiment: {self.config.stem} is one of its own; {unknown_key('experiment', self.defaults)}"
            )
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # Hydra, its grammar and its plugins raise almost anything
            problems = [line for text in self.overrides if (line := _problem(text, self.defaults, sweeping))]
            raise InputError(*dict.fromkeys(problems or [_one_line(error)])) from None

    def _plain(self, config: DictConfig) -> dict[str, object]:
        values = OmegaConf.to_container(config, resolve=True)
        assert isinstance(values, dict)
        return {str(key): value for key, value in values.items() if key not in ("experiment", "hydra")}


def launch(names: Sequence[str], launcher: str, directory: Path, job: Callable[[str], T]) -> list[T]:
    """Run ``job``, which is picklable and catches its errors, on every name by one of Hydra's launchers.

    Returns:
        What each job returned, in the order of the names.
    """
    defaults = ["_self_", {"override hydra/launcher": launcher}, NO_LOG_FILE]
    node = {"defaults": defaults, "name": None, "hydra": _place(directory)}
    ConfigStore.instance().store(name=NODE, node=OmegaConf.create(node))
    with initialize(config_path=None, job_name="mlnotes", version_base="1.3"):
        hydra: Any = GlobalHydra.instance().hydra
        batches = hydra.multirun(
            config_name=NODE,
            task_function=partial(_named_task, job),
            overrides=["hydra.mode=MULTIRUN", f"name={','.join(names)}"],
        )
    return [result.return_value for batch in batches or () for result in batch]


def _named_task(job: Callable[[str], T], config: DictConfig) -> T:
    return job(str(config.name))


def _place(directory: Path) -> dict[str, object]:
    """Hydra's settings of a sweep in a directory."""
    place = {"dir": str(directory).replace("${", "\\${"), "subdir": "."}
    return {"sweep": place, "output_subdir": None, "hydra_logging": CONSOLE, "job_logging": QUIET}


def _task(job: Callable[[SweepPoint], T], config: DictConfig) -> T:
    hydra = HydraConfig.get()
    values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    values.pop("experiment", None)
    plain = {str(key): value for key, value in values.items()}
    return job(SweepPoint(hydra.job.num, tuple(hydra.overrides.task), plain, Path(hydra.sweep.dir)))


def _quoted(text: str) -> str:
    """``input=int64[1,20]`` and ``model=net.py:Net(width=8)`` as text, which Hydra's grammar does not know as such."""
    key, sign, value = text.partition("=")
    if not PHRASE.fullmatch(value):
        return text
    try:
        OverridesParser.create().parse_override(text)
    except HydraException:
        escaped = value.replace("'", "\\'")
        return f"{key}{sign}'{escaped}'"
    return text


def _problem(text: str, known: Mapping[str, object], sweeping: bool) -> str | None:
    """What is wrong with one override as it stands, if anything."""
    try:
        override: Override = OverridesParser.create().parse_override(text)
    except (HydraException, ValueError) as error:
        return f"{text[:200]}: expected KEY=VALUE, {_one_line(error)[:200]}{quoting(text)}"
    key = override.key_or_group.partition(".")[0].partition("/")[0]
    if key == "hydra":
        return None
    if not key:
        return f"{text}: expected KEY=VALUE"
    if key not in known or key == "experiment":
        return unknown_key(key, known)
    if override.is_sweep_override() and not sweeping:
        as_list = f"write {key}=[{text.partition('=')[2]}] for a list, or " if override.value_type is COMMAS else ""
        return f"{text}: expected one value; {as_list}add -m to run every value"
    return None


def _values_of(override: Override) -> int:
    """How many values an override sweeps over, without counting up a range."""
    swept = override.value()
    if isinstance(swept, RangeSweep):
        return range_size(float(swept.start or 0), float(swept.stop or 0), float(swept.step))
    return sum(1 for _ in override.sweep_iterator()) if override.is_discrete_sweep() else 1


def _one_line(error: BaseException) -> str:
    text = str(error) or str(error.__cause__ or type(error).__name__)
    return " ".join(re.split(r"See https://|Config search path", text)[0].split())
