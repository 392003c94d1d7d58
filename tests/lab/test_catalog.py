from __future__ import annotations

import subprocess
import sys
from operator import attrgetter
from pathlib import Path

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
    claims = catalog.load(study.experiment).all_claims
    real = [ClaimText(claim.name, claim.kind, claim.statement, claim.topic) for claim in claims]
    assert sorted(study.claims, key=attrgetter("name")) == sorted(real, key=attrgetter("name"))


CORE = '''"""Does it?"""
def claim() -> None: Claim("not_one", statement=1)
'''
PART = '''"""A part."""
from x import Claim
PART: Part[Setup, Row] = Part(
    name="laws",
    claims=(
        Claim("b_holds", statement="B" " holds.", rule=Each(Ratio("b", at_least=2), per="loss"), topic="b"),
        Claim("a_holds", statement="A.", rule=SlopeBelow("a", limit=1), topic="a"),
    ),
)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source of an experiment in a folder, with its study."""
    package, conf = tmp_path / "experiments" / "toys" / "count", tmp_path / "conf" / "toys"
    package.mkdir(parents=True)
    conf.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Does it?\n\nMore.\n"""\n' + "EXPERIMENT = Experiment(claims=())\n")
    (package / "laws.py").write_text(PART)
    (package / "setup.py").write_text(CORE)
    (conf / "count.yaml").write_text("# @package _global_\n# Three steps.\nexperiment: toys.count\n")
    (conf / "count_large.yaml").write_text("# @package _global_\n# Nine.\nexperiment: toys.count\n")
    monkeypatch.setattr(catalog, "EXPERIMENTS", tmp_path / "experiments")
    monkeypatch.setattr(catalog, "CONF", tmp_path / "conf")
    return package


def test_a_folder_is_read_file_by_file_as_text(folder: Path) -> None:
    first, second = catalog.studies("toys")
    assert (first.name, first.experiment, first.summary) == ("toys.count", "toys.count", "Three steps.")
    assert (second.name, second.experiment, second.summary) == ("toys.count_large", "toys.count", "Nine.")
    assert (first.question, first.module) == ("Does it?", folder / "__init__.py")
    assert (
        first.claims
        == second.claims
        == (
            ClaimText("b_holds", "conditional", "B holds.", "b"),
            ClaimText("a_holds", "slope", "A.", "a"),
        )
    )


@pytest.mark.parametrize(
    "claim",
    [
        'Claim(statement="A.", rule=Fact("a", 1), topic="a")',
        'Claim("a", rule=Fact("a", 1), topic="a")',
        'Claim("a", statement=f"{1}.", rule=Fact("a", 1), topic="a")',
        'Claim("a", statement=A, rule=Fact("a", 1), topic="a")',
        'Claim("a", statement="A.", topic="a")',
    ],
)
def test_a_claim_that_cannot_be_read_as_text_is_one_line_with_its_place(folder: Path, claim: str) -> None:
    (folder / "training.py").write_text(f'"""Training."""\n\nPART = Part(\n    claims=({claim},),\n)\n')
    with pytest.raises(InputError) as caught:
        _ = catalog.find("toys.count").claims
    (problem,) = caught.value.problems
    assert problem.startswith(f"{folder / 'training.py'}, line 4: expected Claim(")


def test_a_file_is_read_alone(folder: Path) -> None:
    (folder.parent / "other.py").write_text('"""Really?"""\n' + PART)
    config = catalog.CONF / "toys" / "other.yaml"
    config.write_text("# @package _global_\n# Other.\nexperiment: toys.other\n")
    study = catalog.find("toys.other")
    assert (study.question, study.files) == ("Really?", (folder.parent / "other.py",))
    assert [claim.name for claim in study.claims] == ["b_holds", "a_holds"]


def test_a_misspelt_experiment_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown experiment ann\.nsgg: did you mean ann\.nsg\?"):
        catalog.find("ann.nsgg")


def test_a_name_that_is_a_path_is_refused() -> None:
    with pytest.raises(InputError, match="unknown experiment"):
        catalog.find("../conf/ann.nsg")


def test_an_unknown_family_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown family an: did you mean ann\?"):
        catalog.studies("an")
