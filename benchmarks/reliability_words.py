"""Words on the command line: overrides and commands, for ``reliability``."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.running.plans import composition, keys_of, plan, plan_of
from experiments.lab.catalog import find, load, studies
from experiments.lab.errors import InputError
from experiments.lab.params import plain

ENTRY = "import sys; sys.argv[0] = 'mlnotes'; from cli.app import main; main()"
BAD = (
    *(
        "true",
        "null",
        "[]",
        "[[]]",
        "{}",
        "text",
        "''",
        "-1",
        "0",
        "1.5",
        "inf",
        "-inf",
        "nan",
        "1e308",
        "5e-324",
        "1e400",
    ),
    *("9" * 26, "9" * 5000, "[1,a]", "a,b", "${x}", "${oc.env:HOME}", "\x1b[2J", "é", "/etc/passwd", "it's"),
)
COMMANDS = (
    *(("run", name) for name in ("nope", "math." + "n" * 300, "", "../x", "math", "-", "math.norms x")),
    *(("run", "math.norms", "--smoke", word) for word in ("x", "=", "=1", "a=b=c", "x" * 3000 + "=1", "experiment=os")),
    *(("run", "math.norms", "--smoke", "-m", word) for word in ("seed=range(0,1e9)", "seed=glob(*)", "seed=", "x=1,2")),
    *(
        ("run", "math.norms", "--smoke", "-m", f"hydra.{one}")
        for one in ("sweeper.max_batch_size=0", "launcher._target_=x")
    ),
    *(
        (command, name)
        for command in ("show", "judge", "rerun", "report")
        for name in ("nope", "j" * 5000, "2", "/dev/zero")
    ),
    *(("compare", *names) for names in ((), ("last",), ("last", "last"), ("a", "b"))),
    *(("runs", "--limit", word) for word in ("x", "-1", "9" * 30)),
    *(("data", "fetch", word) for word in ("nope", "", "digits")),
    ("list", "nope"),
    ("verify", "nope"),
    ("seal", "nope"),
    ("run", "ann.nsg", "--smoke", "dataset=/dev/zero"),
    ("run", "detect.map", "--smoke", "annotations=/dev/zero", "detections=/dev/zero"),
    ("run", "seq.ewma", "--smoke", "data=."),
)


@dataclass
class Counted:
    """How often something was tried, and what went wrong."""

    tried: int = 0
    faults: list[str] = field(default_factory=list)
    skipped: str = ""
    """Why nothing was tried."""

    @property
    def clean(self) -> int:
        return self.tried - len(self.faults)

    def meet(
        self, what: str, action: Callable[..., object], *given: object, allowed: type[Exception] = InputError
    ) -> object:
        """Do it; anything but a result or an error of one line of print is a fault."""
        self.tried += 1
        try:
            return action(*given)
        except allowed as error:
            lines = error.problems if isinstance(error, InputError) else (str(error),)
            if not all(0 < len(line) < 2000 and "\n" not in line for line in lines):
                self.faults.append(f"{what[:80]!r}: a message without form")
        except Exception as error:
            self.faults.append(f"{what[:80]!r}: {type(error).__name__}: {str(error)[:100]!r}")
        return None


def random_lists(times: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Studies with random lists of overrides, the same in every call."""
    rng, names = random.Random(0), [study.name for study in studies()]
    for _ in range(times):
        name = rng.choice(names)
        keys = [field.name for field in keys_of(load(find(name).experiment))]
        words = (
            f"{rng.choice([*keys, 'x', '+a', '~seed', 'hydra.x'])}={rng.choice([*BAD, '1', '3', 'relu'])}"
            for _ in range(rng.randint(1, 3))
        )
        yield name, tuple(words)


def overrides(folder: Path, times: int) -> Counted:
    """Random lists of overrides, a fifth of them as grids; composed and checked."""
    found = Counted()
    for number, (name, words) in enumerate(random_lists(times)):
        if number % 5:
            found.meet(f"{name} {words}", partial(plan, smoke=True), name, words)
        else:
            found.meet(f"{name} -m {words}", composition(find(name), words, smoke=True).grid)
    return found


def accepted(folder: Path, times: int) -> Counted:
    """What the checks let pass of random lists is run: it ends well, or its data are refused, within two minutes."""
    found, seen = Counted(), Counted()
    for name, words in random_lists(times):
        if seen.meet("", partial(plan, smoke=True), name, words) is None:
            continue
        found.tried += 1
        try:
            done = mlnotes(folder, "run", name, "--smoke", "-q", *words)
        except subprocess.TimeoutExpired:
            found.faults.append(f"{name} {words}: no end within 120 s")
            continue
        if done.returncode not in (0, 2) or "Traceback" in done.stderr or "--debug" in done.stderr:
            found.faults.append(f"{name} {words}: rc {done.returncode}, {done.stderr.strip()[-120:]!r}")
    return found


def single_values(folder: Path, times: int) -> Counted:
    """Every parameter of every study with every bad value, as far as ``times`` goes: none accepted silently."""
    found = Counted()
    bad = (True, [], [[]], float("inf"), float("nan"), 10**30, -(10**30), 1e308, 5e-324, None, "text", {}, -1)
    for study in studies():
        usual = {one.name: one.default for one in keys_of(load(study.experiment))}
        for key, default in usual.items():
            for value in bad[: max(1, times * len(bad) // 15_000)]:
                made = found.meet(
                    f"{study.name} {key}={value!r}", partial(plan_of, smoke=True), study, {**usual, key: value}
                )
                given = plain(getattr(made.params, key, value)) if made is not None else None  # type: ignore[attr-defined]
                if made is not None and isinstance(value, bool) and type(given) in (int, float):
                    found.faults.append(f"{study.name} {key}: true is taken for {given}")
                if made is not None and value == [] and default and (study.experiment, key) not in EMPTY:
                    found.faults.append(f"{study.name} {key}: an empty list")
    return found


EMPTY = {("ann.nsg", "peers")}
"""Where an empty list says something: no peer."""


def command_lines(folder: Path, times: int) -> Counted:
    """Commands of strangers, each in a process: 0 or 2 within 60 s, and no traceback."""
    found = Counted()
    for words in COMMANDS[:times]:
        found.tried += 1
        try:
            done = mlnotes(folder, *words, timeout=60)
        except subprocess.TimeoutExpired:
            found.faults.append(f"{words}: no end within 60 s")
            continue
        told = done.stderr.strip().splitlines()
        if done.returncode not in (0, 2) or "--debug" in done.stderr or "Traceback" in done.stderr:
            found.faults.append(f"{tuple(word[:40] for word in words)}: rc {done.returncode}, {told[-1:]}")
    return found


def mlnotes(folder: Path, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with its records below ``folder``."""
    return subprocess.run(
        [sys.executable, "-c", ENTRY, *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "MLNOTES_RUNS": str(folder / "runs")},
    )
