"""The laws of Delaunay graphs on other data, and the limits of the dimension."""

from __future__ import annotations

import pytest

from experiments.ann.delaunay import degrees, laws
from experiments.ann.delaunay.laws import LawRow
from experiments.ann.delaunay.setup import Params, prepare
from experiments.foundation.statements.trials import TrialRow
from experiments.lab.errors import InputError
from experiments.lab.judge.rules import compare


@pytest.mark.parametrize("dataset", ["uniform", "clustered", "gauss"])
def test_no_law_is_broken_and_every_control_is(dataset):
    tried = [row for row in laws.run(prepare(Params(dataset=dataset, dims=(3,)), 0)) if isinstance(row, LawRow)]
    assert len(tried) == 5
    assert max(row.error for row in tried) < 1e-9
    assert min(row.control_error for row in tried) > 0.1


def test_greedy_needs_a_control_that_misses_inside_and_outside():
    def trials(inside: float, outside: float) -> list[TrialRow]:
        found = {"greedy to points": inside, "greedy to queries": outside}
        return [TrialRow(statement=name, case="", error=0, control_error=missed) for name, missed in found.items()]

    claim = next(claim for claim in laws.PART.claims if claim.name == "greedy_never_misses")
    assert compare(claim.rule, claim.measure(trials(3, 4))).outcome == "holds"
    assert compare(claim.rule, claim.measure(trials(3, 0))).outcome != "holds"


def test_degree_of_a_part_alone_and_its_share():
    (row,) = degrees.run(prepare(Params(dims=(2,), n=30), 0))
    assert row.complete_share == row.mean_degree / 29 < 6 / 29


def test_seven_dimensions_have_to_be_asked_for_and_images_have_too_many():
    with pytest.raises(ValueError, match="say allow_slow=true or leave 7 out"):
        Params(dims=(2, 7))
    with pytest.raises(InputError, match=r"expected vectors of 2 to 6 dimensions .* digits has 64"):
        prepare(Params(dataset="digits"), 0)
