"""data.loader: lengths, draws and averages beside their controls, by its own rows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from experiments.data.loader import answer, counts, draws, laws
from experiments.data.loader.setup import Params
from experiments.foundation.statements.trials import TrialRow
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows, Setup
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Observed
from experiments.lab.judge.rules import compare
from experiments.lab.params import validate

SETUP = Setup(params=Params(iterated=20, largest=6), seed=0)


def test_the_formula_agrees_everywhere_and_the_other_rounding_where_the_size_divides_n_only() -> None:
    kept, _ = laws.length_trials(12, 12)
    assert (kept.error, kept.control_error) == (0, 12 - 6)  # 12 has six divisors
    _, dropped = laws.length_trials(7, 9)
    assert (dropped.error, dropped.control_error) == (0, 9 - 2)


def test_lengths_are_the_same_for_every_seed_and_count_once() -> None:
    rows = [*laws.length_trials(4, 6), *laws.length_trials(9, 6)]
    assert len(laws.lengths([*rows, *rows]).errors) == 4


@pytest.mark.parametrize("claim", laws.PART.claims, ids=lambda claim: claim.name)
def test_laws_are_decided_as_predicted(claim: Claim[Sequence[TrialRow]]) -> None:
    rows = list(laws.run(SETUP))
    assert compare(claim.rule, claim.measure(rows)).outcome == (
        "holds" if claim.predicted == "holds" else "conditional"
    )


def test_a_generator_in_the_data_set_repeats_in_every_worker_and_every_epoch() -> None:
    found = {row.source: row for row in draws.run_randomness(Setup(params=Params(workers=2), seed=5))}
    kept = found.pop("numpy, kept in the data set")
    assert (kept.distinct, kept.samples, kept.repeated) == (8, 16, 16)
    assert {(row.distinct, row.repeated) for row in found.values()} == {(16, 0)}


def test_without_mnist_its_sizes_are_not_judged() -> None:
    epoch = list(counts.epoch_rows(Params()))
    assert isinstance(counts.sizes_of_mnist(epoch), NotMeasured)


def test_mnist_is_known_by_the_names_of_its_files() -> None:
    rows = [*counts.epoch_rows(Params()), counts.CountRow(case="t10k-labels-idx1-ubyte", count=10_000, expected=10_000)]
    assert counts.sizes_of_mnist(rows) == Observed([10_000])


def test_the_answer_counts_batches_and_updates() -> None:
    rows = Rows({"counts": list(counts.epoch_rows(SETUP.params)), "updates": list(counts.run_updates(SETUP))})
    assert "here 600 batches or iterations" in answer({}, rows)
    assert "3 with gradient accumulation" in answer({}, rows)


def test_a_batch_larger_than_the_data_set_is_refused() -> None:
    with pytest.raises(InputError, match="batch_size: expected at most n = 10, got 11"):
        validate(Params, {"n": 10, "batch_size": 11})
