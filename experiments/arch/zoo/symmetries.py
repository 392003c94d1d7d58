"""Moves of the input that an architecture does not notice, and for each an architecture that does.

Two kinds: a network keeps a move itself; or a move only exchanges the networks of a class, because permuting its
weights undoes it: the class is then blind to that order, while each of its networks is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from experiments.arch.zoo.setup import Zoo
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem


def run(zoo: Zoo) -> Iterator[TrialRow]:
    from experiments.arch.zoo.moves import CLASSES, MOVES
    from experiments.foundation.networks.timing import reproducible

    with reproducible(zoo.seed):
        for statement, cases in (("move", MOVES), ("class", CLASSES)):
            for case, trial in cases.items():
                for _ in range(zoo.params.trials):
                    error, control_error = trial()
                    yield TrialRow(statement=statement, case=case, error=error, control_error=control_error)


PART = Part(
    name="symmetries",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "each_architecture_keeps_its_moves",
            statement="Convolutions keep shifts, attention without positions any order, recurrent cells delays.",
            rule=Each(
                Theorem(
                    "the output moves along, or stays, relative to its largest value",
                    control="an architecture that takes something else for granted",
                    tolerance=1e-10,
                ),
                per="architecture and move",
            ),
            measure=instances_by_case("move"),
            topic="CNN, RNN, LSTM, GRU, Transformer, ViT, U-Net: what each is for",
            predicted="holds",
            source="Bronstein et al. 2021: weights shared over a group's moves commute with them",
        ),
        Claim(
            "a_class_can_be_blind_where_its_networks_see",
            statement="A fixed order of pixels is nothing to the MLPs, nor is one of patches to the ViTs, as classes.",
            rule=Each(
                Theorem(
                    "with weights permuted along, the moved input gives the same output",
                    control="the same network with its old weights",
                    tolerance=1e-10,
                ),
                per="architecture and order",
            ),
            measure=instances_by_case("class"),
            topic="MLP and Vision Transformer: images",
            predicted="holds",
            source="a permutation of inputs and of the first layer's columns cancel",
        ),
    ),
    tables=(TRIALS,),
)
