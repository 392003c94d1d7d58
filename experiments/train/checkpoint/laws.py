"""What saving and loading keep, what loading refuses, and what a snapshot of a state is."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.train.checkpoint.setup import Images


def run(images: Images) -> Iterator[TrialRow]:
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


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
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
