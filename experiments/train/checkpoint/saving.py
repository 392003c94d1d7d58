"""Trainings resumed from checkpoints that lack one part each; what saving, loading and a snapshot keep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem
from experiments.train.checkpoint.setup import COMPLETE, Images


@observation
class ResumedRow(Row):
    """One update of a resumed training, beside the same update of the uninterrupted one."""

    case: str
    """What the checkpoint lacks."""
    step: int
    """Updates since the stop."""
    difference: float
    """Largest difference of a weight or buffer from the uninterrupted training's."""
    dataset: str


def run(images: Images) -> Iterator[ResumedRow]:
    from experiments.train.core.resuming import weights_of

    whole = images.stopped()
    checkpoint = whole.save()
    expected = []
    for _ in range(images.params.steps - images.params.stop_at):
        whole.advance(1)
        expected.append(weights_of(whole.network))
    for case in images.params.drop:
        resumed = images.stranger()
        resumed.load(checkpoint, drop=None if case == COMPLETE else case)
        for step, weights in enumerate(expected, 1):
            resumed.advance(1)
            difference = float((weights_of(resumed.network) - weights).abs().max())
            yield ResumedRow(case=case, step=step, difference=difference, dataset=images.split.name)


def distance(rows: Sequence[ResumedRow]) -> Instances:
    errors, control = ([row.difference for row in rows if row.case == case] for case in (COMPLETE, "optimizer"))
    return Instances(errors, control=control)


def same_at_the_end(rows: Sequence[ResumedRow]) -> Mapping[str, Instances]:
    """Per part: 1 where the training that lacked it ends with the same bits."""
    same: dict[str, list[float]] = {}
    for row in at_the_end(rows):
        same.setdefault(row.case, []).append(float(row.difference == 0))
    complete = same.pop(COMPLETE, [])
    return {f"without the {case}": Instances(errors, control=complete) for case, errors in same.items()}


def at_the_end(rows: Sequence[ResumedRow]) -> list[ResumedRow]:
    last = max(row.step for row in rows)
    return [row for row in rows if row.step == last]


def drifted(rows: Sequence[ResumedRow]) -> str:
    """What the curve shows."""
    ended = at_the_end(rows)
    off = {case: mean(ended, "difference", case=case) for case in dict.fromkeys(row.case for row in ended)}
    most = max(off, key=lambda case: off[case])
    whole = number(off.get(COMPLETE, math.nan), 2)
    return f"A complete checkpoint ends {whole} off; without the {most} weights are {number(off[most], 2)} off"


PART = Part(
    name="resumed",
    row=ResumedRow,
    run=run,
    claims=(
        Claim(
            "a_complete_checkpoint_resumes_bit_by_bit",
            statement="A training resumed from a complete checkpoint equals the uninterrupted one bit by bit.",
            rule=Theorem("no weight differs after any update", control="a checkpoint without the optimizer's state"),
            measure=distance,
            topic="Resuming a training",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
        Claim(
            "without_one_part_the_training_differs",
            statement="A checkpoint that lacks any one part leads to another training.",
            rule=Each(Theorem("some weight differs at the end", control="a complete checkpoint"), per="part"),
            measure=same_at_the_end,
            topic="What a checkpoint has to hold",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
    ),
    tables=(Table("Resumed minus uninterrupted, mean over the updates since the stop", ("case",), ("difference",)),),
    curves=(Curve("drift", "step", "difference", "case", title=drifted),),
)


def run_laws(images: Images) -> Iterator[TrialRow]:
    from experiments.train.core import resuming

    trained = images.stopped()
    state = trained.network.state_dict()
    loaded = resuming.round_trip(state)
    yield TrialRow(
        statement="round trip",
        case="weights",
        error=resuming.largest_difference(state, loaded),
        control_error=resuming.largest_difference(state, images.stranger().network.state_dict()),
    )
    yield TrialRow(
        statement="refusal",
        case="pickled object",
        error=float(not resuming.refuses_objects(weights_only=True)),
        control_error=float(not resuming.refuses_objects(weights_only=False)),
    )
    copy = images.stranger().network
    copy.load_state_dict(loaded)
    tested = images.split.test.inputs
    predicted = trained.network.eval()(tested).detach()
    in_eval, in_train = (
        float((copy.train(training)(tested).detach() - predicted).abs().max()) for training in (False, True)
    )
    yield TrialRow(statement="predictions", case="eval mode", error=in_eval, control_error=in_train)
    trained.network.train()
    still, live = (resuming.drift_of_snapshot(trained, copied=copied) for copied in (True, False))
    yield TrialRow(statement="snapshot", case="copied state", error=still, control_error=live)


LAWS = Part(
    name="laws",
    row=TrialRow,
    run=run_laws,
    claims=(
        Claim(
            "weights_survive_the_round_trip",
            statement="Weights saved and loaded are the same to the last bit.",
            rule=Theorem("no weight differs after saving and loading", control="another network's weights"),
            measure=instances("round trip"),
            topic="Saving and loading",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
        Claim(
            "safe_loading_refuses_objects",
            statement="torch.load with weights_only=True refuses a pickled object.",
            rule=Theorem("the object is refused", control="weights_only=False"),
            measure=instances("refusal"),
            topic="Safe loading",
            predicted="holds",
            source="PyTorch, torch.load (weights_only), documentation of version 2.13",
        ),
        Claim(
            "a_loaded_network_predicts_the_same_in_eval_mode",
            statement="A loaded network predicts the same in eval mode, but not in train mode.",
            rule=Theorem("no logit differs in eval mode", control="train mode"),
            measure=instances("predictions"),
            topic="Predicting after loading",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
        Claim(
            "a_copy_of_the_state_stays",
            statement="A copied state stays as it was while training goes on; state_dict itself moves along.",
            rule=Theorem("the copy is unchanged after one more update", control="state_dict without a copy"),
            measure=instances("snapshot"),
            topic="Snapshots of a state",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
    ),
    tables=(TRIALS,),
)
