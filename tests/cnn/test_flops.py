"""Laws of counting, modules of the user's own, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from experiments.cnn.flops import EXPERIMENT, answer, costs
from experiments.cnn.flops.laws import convolution_trials, hand_trials, rate_trial
from experiments.cnn.flops.own import load_module
from experiments.cnn.flops.setup import Params, prepare
from experiments.cnn.flops.times import YOURS
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.params import validate


def test_torch_misses_or_overcounts_all_of_these_but_the_grouped_convolution() -> None:
    right = [trial.case for trial in hand_trials() if trial.statement == "torch by hand" and trial.error == 0]
    assert right == ["conv, groups"]


def test_convolutions_have_as_many_macs_as_their_outputs_sum_to_over_ones() -> None:
    trials = list(convolution_trials(30, torch.Generator().manual_seed(0)))
    assert max(trial.error for trial in trials) == 0
    assert min(trial.control_error for trial in trials) > 0


def test_the_count_repeats_and_the_rate_does_not() -> None:
    trial = rate_trial(5)
    assert trial.error == 0
    assert trial.control_error > 0


MODULES = """
import threading
from torch import nn
import neighbor

class Net(nn.Linear):
    def __init__(self):
        super().__init__(neighbor.SIZE, 2)

class Locked(nn.Linear):
    def __init__(self):
        super().__init__(2, 2)
        self.lock = threading.Lock()

instance = Net()
number = 3

class Sum(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.embedding, self.linear = nn.Embedding(10, width), nn.Linear(width, 2)

    def forward(self, ids, weights):
        return self.linear(self.embedding(ids) * weights)

def broken():
    raise ValueError("no\\nweights")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "neighbor.py").write_text("SIZE = 7\n")
    (tmp_path / "own.py").write_text(MODULES)
    (tmp_path / "wrong.py").write_text("1 +\n")
    return tmp_path / "own.py"


def test_own_modules_are_found_in_files_and_packages(file: Path) -> None:
    assert [load_module(f"{file}:{name}").in_features for name in ("Net", "instance")] == [7, 7]
    assert isinstance(load_module("torch.nn:Identity"), nn.Identity)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("own.py", r"expected FILE.py:NAME, package.module:NAME or NAME\(width=8\) with plain values, got 'own.py'"),
        ("{}/own.py:Net(neighbor.SIZE)", r"with plain values, got"),
        ("{}/own.py:Sum(depth=2)", r"Sum\(depth=2\) cannot be made: TypeError: .*depth"),
        ("{}/none.py:Net", r"expected a Python file, there is no .*none.py"),
        ("{}/own.py:Nett", r"expected 'Nett' in .*own.py, it has none"),
        ("{}/own.py:number", r"to give a torch.nn.Module, got int"),
        ("{}/own.py:broken", r"cannot be made: ValueError: no weights; give its arguments"),
        ("{}/wrong.py:Net", r"wrong.py cannot be run: SyntaxError"),
        ("no_such_package:Net", r"no_such_package cannot be imported: ModuleNotFoundError"),
    ],
)
def test_what_gives_no_module_is_refused_in_one_line(file: Path, reference: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_module(reference.format(file.parent))
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)


def test_code_of_the_user_neither_ends_the_run_nor_prints_into_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ends.py").write_text("import sys\nprint('said')\nsys.exit(0)\n")
    with pytest.raises(InputError, match=r"ends.py cannot be run: SystemExit: 0"):
        load_module(f"{tmp_path}/ends.py:Net")
    assert capsys.readouterr() == ("", "said\n")


def test_own_modules_are_counted_and_timed_without_laws(file: Path) -> None:
    networks = prepare(Params(model=f"{file}:Net", input="[1,7]"), 0)
    assert EXPERIMENT.own is not None
    assert EXPERIMENT.own.given(networks.params)
    parts = [EXPERIMENT.part(name) for name in EXPERIMENT.own.parts]
    rows = {part.name: [event for event in part.run(networks) if isinstance(event, part.row)] for part in parts}
    assert [row.macs for row in rows["models"]] == [row.macs for row in rows["layers"]] == [14]
    assert [(row.case, row.macs) for row in rows["times"]] == [(YOURS, 14)]
    assert answer({}, Rows(rows)).endswith("own.py:Net costs 28 FLOPs and has 16 parameters.")


def test_modules_that_cannot_be_copied_are_refused_with_advice_or_run_as_they_are(file: Path) -> None:
    with pytest.raises(InputError, match=r"Locked cannot be copied without its numbers: .*; try device=cpu"):
        prepare(Params(model=f"{file}:Locked"), 0)
    (row,) = costs.MODELS.run(prepare(Params(model=f"{file}:Locked", input="[1,2]", device="cpu"), 0))
    assert row.macs == 4


def test_inputs_have_types_and_names(file: Path) -> None:
    params = Params(model=f"{file}:Sum(width=5)", input="{ids: int64[1,4], weights: [1,4,5]}")
    (row,) = costs.MODELS.run(prepare(params, 0))
    assert (row.parameters, row.macs) == (10 * 5 + 5 * 2 + 2, 4 * 5 * 2)


@pytest.mark.parametrize("text", ["[1,7", "int65[1,7]", "{ids int64[1,2]}", "{ids: int64[1,2], }x", "1,7", "{}"])
def test_inputs_of_no_form_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="input: expected"):
        validate(Params, {"input": text})


def test_unknown_models_and_wrong_inputs_are_refused_with_advice(file: Path) -> None:
    with pytest.raises(InputError, match=r"^unknown model resnet19: did you mean resnet18\?$"):
        prepare(Params(model="resnet19"), 0)
    with pytest.raises(
        InputError, match=r"Net does not run on an input of shape \[1, 3, 224, 224\].*int64\[1,20\].*try device=cpu"
    ):
        list(costs.MODELS.run(prepare(Params(model=f"{file}:Net"), 0)))
