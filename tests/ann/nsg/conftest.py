"""ann.nsg once, small, for all tests of its parts."""

from __future__ import annotations

import pytest

from experiments.ann.nsg import EXPERIMENT
from experiments.ann.nsg.setup import Params
from experiments.lab.plan import Plan, Settings
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome


@pytest.fixture(scope="package")
def outcome() -> Outcome:
    params = Params(n=400, n_queries=50, search_list_sizes=(10, 40), threads=1)
    plan = Plan(study="ann.nsg", name="ann.nsg", experiment=EXPERIMENT, params=params, settings=Settings(), smoke=True)
    found = execute(plan)
    assert found is not None
    return found
