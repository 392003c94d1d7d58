from __future__ import annotations

import subprocess
import sys

import pytest

from experiments.lab import catalog
from experiments.lab.catalog import ClaimText
from experiments.lab.errors import InputError


def test_listing_imports_nothing_heavy() -> None:
    script = (
        "import sys; from experiments.lab import catalog; [s.claims for s in catalog.studies()];"
        "print([m for m in ('torch', 'hydra', 'numpy', 'pydantic', 'faiss', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("study", catalog.studies(), ids=lambda study: study.name)
def test_claims_read_as_text_are_those_of_the_module(study: catalog.Study) -> None:
    experiment = catalog.load(study.experiment)
    assert study.claims == tuple(
        ClaimText(claim.name, claim.kind, claim.statement, claim.notes, claim.rule, claim.predicted)
        for claim in experiment.claims
    )


def test_a_misspelt_experiment_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown experiment ann\.nsgg: did you mean ann\.nsg\?"):
        catalog.find("ann.nsgg")


def test_a_name_that_is_a_path_is_refused() -> None:
    with pytest.raises(InputError, match="unknown experiment"):
        catalog.find("../conf/ann.nsg")


def test_an_unknown_family_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown family an: did you mean ann\?"):
        catalog.studies("an")
