"""What would have refuted a claim is said of every rule in use."""

from __future__ import annotations

import pytest

from cli.page.refutation import what_would_refute
from experiments.lab.catalog import load, studies


@pytest.mark.parametrize("experiment", sorted({study.experiment for study in studies()}))
def test_every_claim_can_be_refuted(experiment: str) -> None:
    said = {claim.name: what_would_refute(claim.rule) for claim in load(experiment).all_claims}
    assert [
        name for name, text in said.items() if not text.strip() or text.endswith((": ", ", ")) or ": ;" in text
    ] == []
