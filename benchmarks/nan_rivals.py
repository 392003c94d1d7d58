"""Who names a NaN? NanWatch's replay, sherlorch, detect_anomaly and torch's DebugMode on 18 kinds and on random faults.

    python benchmarks/nan_rivals.py [FAULTS]        # sherlorch only where it is installed

Kinds are those of tests/train/core/test_nan_kinds.py: 14 faults and 4 legal infinities, on which nothing may be said.
FAULTS, 100 by default, are faults of the study train.nan at random layers. *Named* is the operation (of detect_anomaly
the autograd node that runs it; DebugMode: the first operation with a result that is not finite), *alarms* what was said
of legal infinities.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the kinds, which the tests have

from experiments.train.core.faults import FAULTS as INJECTED
from experiments.train.core.faults import BlockNetwork, sample_trial
from experiments.train.core.nan_baselines import find_by_anomaly
from experiments.train.core.nan_locator import find_origin
from tests.train.core.test_nan_kinds import FAULTS, LEGAL, network

Loss = Callable[[], Tensor]
Case = tuple[str, str, nn.Module, Loss]
"""Name, operation (empty where all is legal), network and loss."""
NODES = {"rsqrt": "Acos", "pow": "Pow"}
"""Where the operation of a backward pass has another name than its node."""


def ours(module: nn.Module, loss: Loss) -> str:
    origin = find_origin(module, loss)
    module.zero_grad()
    return origin.operation.removeprefix("aten.") if origin else ""


def anomaly(module: nn.Module, loss: Loss) -> str:
    return find_by_anomaly(module, loss) or ""


def sherlorch(module: nn.Module, loss: Loss) -> str:
    import sherlorch as library

    with library.trace() as tracker:
        value = loss()
        value.backward()
    module.zero_grad()
    told = str(tracker.diagnose(value)) if tracker.has_issue(value) else ""
    found = re.search(r"Culprit #1: \[\d+\] (\w+)", told)
    return found.group(1) if found else ""


def debug_mode(module: nn.Module, loss: Loss) -> str:
    from torch.utils._debug_mode import DebugMode

    with DebugMode() as mode, DebugMode.log_tensor_hashes(hash_fn=lambda one: float(one.isfinite().all())):
        loss().backward()
    module.zero_grad()
    for call in mode.logs:
        hashes = (getattr(call, "log", None) or {}).get("hash")
        if hashes is not None and 0.0 in (hashes if isinstance(hashes, list | tuple) else (hashes,)):
            return str(getattr(call, "op", call)).removeprefix("aten.").split(".")[0]
    return ""


def kinds() -> Iterator[Case]:
    everything = {**{name: (function, op) for name, (function, op, _) in FAULTS.items()}}
    for name, (function, operation) in {**everything, **{name: (one, "") for name, one in LEGAL.items()}}.items():
        module = network(function)
        yield (
            name,
            operation,
            module,
            lambda module=module: cross_entropy(  # type: ignore[misc]
                module(torch.ones(4, 4)), torch.tensor([0, 1, 0, 1])
            ),
        )


def injected(count: int) -> Iterator[Case]:
    rng = torch.Generator().manual_seed(0)
    tried = [fault for fault in INJECTED if fault.inserted is not None]  # the others are a batch and an update
    for number in range(count):
        trial = sample_trial(tried[number % len(tried)], 6, 5, rng)
        module, x, y = BlockNetwork(64, 10, 32, 6), torch.rand(32, 64), torch.randint(10, (32,))
        trial.break_network(module, trial.step)
        yield trial.fault.name, trial.fault.operation, module, lambda m=module, x=x, y=y: cross_entropy(m(x), y)  # type: ignore[misc]


def right(said: str, operation: str) -> bool:
    """Whether the same operation is meant: true_divide is div, SqrtBackward0 what divides in sqrt's gradient."""
    plain = operation.removeprefix("aten.").strip("_")
    names = {
        plain,
        f"true_{plain}",
        plain.removeprefix("native_"),
        "sqrt" if plain == "div" else plain,
        NODES.get(plain, plain),
    }
    return any(said.lower().strip("_").removesuffix("backward0").startswith(name.lower()) for name in names if said)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    tools = {"ours": ours, "sherlorch": sherlorch, "detect_anomaly": anomaly, "DebugMode": debug_mode}
    if importlib.util.find_spec("sherlorch") is None:
        del tools["sherlorch"]
    for tool, find in tools.items():
        torch.manual_seed(0)
        for title, cases in (("kinds", kinds()), ("injected", injected(count))):
            named, alarms, faults, legal, missed = 0, 0, 0, 0, dict[str, str]()
            for name, operation, module, loss in cases:
                try:
                    said = find(module, loss)
                except Exception as error:  # a rival's crash is an answer too
                    said = f"({type(error).__name__})"
                if operation:
                    faults, named = faults + 1, named + right(said, operation)
                    missed |= {} if right(said, operation) else {name: said or "nothing"}
                else:
                    legal, alarms = legal + 1, alarms + bool(said)
                    missed |= {name: said} if said else {}
            print(f"{tool}, {title}: named {named} of {faults}, alarms {alarms} of {legal}; {missed}", flush=True)


if __name__ == "__main__":
    main()
