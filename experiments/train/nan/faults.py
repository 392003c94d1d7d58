"""Faults with a known origin, put into networks in training, and what three ways to look say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Trials
from experiments.lab.judge.rules import Proportion, Theorem
from experiments.train.nan.setup import Images

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.train.core.faults import Trial
    from experiments.train.core.nan_origin import Origin

WATCH, HOOKS, ANOMALY = "watch and replay", "forward hooks", "detect_anomaly"
NOTHING = "nothing found"


@observation
class FaultRow(Row):
    """What one way to look says of one fault; 1 is right."""

    case: str
    """The fault."""
    method: str
    named: float
    """1 if step, module, operation, direction and kind are all right."""
    step_right: float
    module_right: float
    operation_right: float
    direction_and_kind_right: float
    said: str
    dataset: str


def run(images: Images) -> Iterator[Event]:
    import torch

    from experiments.train.core.faults import FAULTS, sample_trial

    params = images.params
    known = {fault.name: fault for fault in FAULTS}
    torch.manual_seed(images.seed)
    rng = torch.Generator().manual_seed(images.seed)
    for number in range(params.trials):
        yield Progress("faults", number, params.trials)
        fault = known[params.faults[number % len(params.faults)]]
        yield from try_fault(sample_trial(fault, params.depth, params.steps, rng), images)


def try_fault(trial: Trial, images: Images) -> Iterator[FaultRow]:
    """Train until the watch stops the training, then ask all three ways."""
    import torch

    from experiments.train.core.nan_baselines import find_by_anomaly, find_by_hooks
    from experiments.train.core.nan_locator import NanWatch

    params, examples = images.params, images.examples
    network = images.blocks(params.width, params.depth)
    watch = NanWatch(network)
    for step in range(params.steps):
        chosen = torch.randint(len(examples), (params.batch_size,))
        trial.break_network(network, step)
        batch = trial.break_batch(examples.inputs[chosen], step)

        def compute_loss(batch: Tensor = batch, labels: Tensor = examples.labels[chosen]) -> Tensor:
            return torch.nn.functional.cross_entropy(network(batch), labels)

        watch.begin()
        loss = compute_loss()
        loss.backward()
        origin = watch.check(loss, compute_loss)
        if origin is not None:
            network.zero_grad()
            by_hooks, node = find_by_hooks(network, compute_loss), find_by_anomaly(network, compute_loss)
            yield from answers(trial, images.dataset, step, origin, by_hooks, node)
            return
        trial.update(network, params.lr, step)
    yield from answers(trial, images.dataset, None, None, None, None)


def answers(
    trial: Trial, dataset: str, step: int | None, origin: Origin | None, by_hooks: Origin | None, node: str | None
) -> Iterator[FaultRow]:
    """Every way judged: the origins of two of them, and the autograd node that anomaly detection blames."""
    fault = trial.fault

    def judged(method: str, said: str, module: bool, operation: bool, direction_and_kind: bool) -> FaultRow:
        at_step = said != NOTHING and step == trial.step
        return FaultRow(
            case=fault.name,
            method=method,
            named=float(at_step and module and operation and direction_and_kind),
            step_right=float(at_step),
            module_right=float(module),
            operation_right=float(operation),
            direction_and_kind_right=float(direction_and_kind),
            said=said,
            dataset=dataset,
        )

    for method, one in ((WATCH, origin), (HOOKS, by_hooks)):
        if one is None:
            yield judged(method, NOTHING, False, False, False)
        else:
            direction_and_kind = one.direction == fault.direction and fault.kind in (None, one.kind)
            module, operation = one.module == trial.module, one.operation == fault.operation
            yield judged(method, one.sentence, module, operation, direction_and_kind)
    # it names a node of the backward pass that returned NaN, and a line of code in place of a module
    direction_and_kind = node is not None and (fault.direction, fault.kind) == ("backward", "nan")
    said = NOTHING if node is None else f"nan returned by {node}"
    yield judged(ANOMALY, said, False, node is not None and node == fault.node, direction_and_kind)


def named_by_the_watch(rows: Sequence[FaultRow]) -> Trials:
    return Trials.of((row.seed, row.named) for row in rows if row.method == WATCH)


def told_apart(rows: Sequence[FaultRow]) -> Instances:
    watched = [row for row in rows if row.method == WATCH]
    wrong = next((f"{row.case}: {row.said}" for row in watched if not row.direction_and_kind_right), None)
    return Instances(
        [1 - row.direction_and_kind_right for row in watched],
        control=[1 - row.direction_and_kind_right for row in rows if row.method == HOOKS],
        counterexample=wrong,
    )


PART = Part(
    name="faults",
    row=FaultRow,
    run=run,
    claims=(
        Claim(
            "the_locator_names_the_origin",
            statement="A check per step and a replay name step, module, operation, direction and kind of the fault.",
            rule=Proportion("share of faults that are named right in all five", at_least=0.95),
            measure=named_by_the_watch,
            topic="Locating NaN",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "nan_and_inf_forward_and_backward_are_told_apart",
            statement="NaN is told from infinity, and a fault of the forward pass from one of the backward pass.",
            rule=Theorem("direction and kind are right", control="forward hooks, which see no gradient"),
            measure=told_apart,
            topic="NaN and Inf",
            predicted="holds",
            source="PyTorch, torch.utils._python_dispatch: a dispatch mode sees every operation of both passes",
        ),
    ),
    tables=(
        Table(
            "Who names the fault?",
            by=("case", "method"),
            columns=("named", "module_right", "operation_right", "direction_and_kind_right"),
        ),
    ),
)
