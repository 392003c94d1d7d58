"""``run -m``: Hydra's sweeper and launchers around the runner."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from cli.points import SweepPoint
from cli.running.plans import composition
from cli.running.sweep import run_job
from experiments.lab import catalog
from experiments.lab.record import Record, records
from tests.cli.invoking import Invoke, document


def test_a_sweep_is_one_record_per_point_and_a_table(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "-m", "steps=1,2", "rate=1,2", "--smoke")
    assert result.exit_code == 0
    (sweep,) = toys.iterdir()
    files = ["000", "001", "002", "003", "multirun.yaml", "plots", "sweep.json"]
    assert sorted(path.name for path in sweep.iterdir()) == files
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:3] == ["Does counting end?", "", "The last value: 4 jobs"]
    assert [line.split() for line in lines[5:9]] == [
        ["1", "1", "0", "1✓"],
        ["1", "2", "0", "1✓"],
        ["2", "1", "1", "1✓"],
        ["2", "2", "2", "1✓"],
    ]
    assert lines[-2:] == [f"sweep    {sweep}  (4 of 4 jobs done)", "figures  plots/sweep.png"]
    found = {(record.meta["params"]["steps"], record.meta["params"]["rate"]) for record in records(toys)}
    assert found == {(1, 1), (1, 2), (2, 1), (2, 2)}


def test_json_of_a_sweep_is_one_document(mlnotes: Invoke) -> None:
    found = document(mlnotes("run", "toys.count", "-m", "seed=3,4", "--json"))
    assert list(found) == ["sweep", "jobs"]
    assert [job["overrides"] for job in found["jobs"]] == [["seed=3"], ["seed=4"]]
    assert [job["rows"][0]["value"] for job in found["jobs"]] == [3, 4]


def test_nothing_is_written_where_one_point_is_bad(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "-m", "steps=1,1000", "fault=none,no")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "fault: expected one of none, crash, data, interrupt, wrong, random, got 'no'",
        "steps: expected an integer from 1 to 100, got 1000",
    ]
    assert not toys.exists()


def test_a_job_that_fails_hides_no_other(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "-m", "fault=data,crash,none", "--json")
    assert result.exit_code == 1
    jobs = document(result)["jobs"]
    assert [(job["status"], len(job["rows"])) for job in jobs] == [("failed", 0), ("failed", 1), ("done", 3)]
    assert "job 0 (fault=data): toy.bin: expected 4 bytes, got 3; fetch it again" in result.stderr
    assert "job 1 (fault=crash): ValueError: the sky fell" in result.stderr


def test_a_sweep_over_data_that_cannot_be_used_is_exit_2(mlnotes: Invoke) -> None:
    assert mlnotes("run", "toys.count", "-m", "fault=data", "seed=0,1").exit_code == 2


def test_an_interrupt_ends_the_sweep_and_says_where_the_jobs_are(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "-m", "fault=none,interrupt,crash")
    assert result.exit_code == 130
    assert f"the jobs so far are in {next(toys.iterdir())}" in result.stderr
    assert "to go on: mlnotes run toys.count -m fault=none,interrupt,crash --resume" in result.stderr.splitlines()
    assert sorted(record.status for record in records(toys)) == ["done", "interrupted"]


def test_a_sweep_over_parts_runs_one_after_the_other(mlnotes: Invoke, squares: Path) -> None:
    found = document(mlnotes("run", "toys.squares", "-m", "parts=laws,training", "--json"))
    parts = [list(dict.fromkeys(row["part"] for row in job["rows"])) for job in found["jobs"]]
    assert parts == [["laws"], ["training"]]
    both = document(mlnotes("run", "toys.squares", "-m", "parts=[laws,training]", "share=0.5,0.9", "--json"))
    assert [len({row["part"] for row in job["rows"]}) for job in both["jobs"]] == [2, 2]


def test_a_sweep_shows_the_headline_and_of_parts_that_were_left_out_nothing(mlnotes: Invoke, squares: Path) -> None:
    text = mlnotes("run", "toys.squares", "-m", "parts=laws,training").stdout
    assert "Accuracy" in text
    laws = next(line for line in text.splitlines() if line.startswith("laws"))
    assert laws.split()[:3] == ["laws", "–", "–"]


def sweep_of(home: Path) -> Path:
    """The one sweep that there is."""
    (sweep,) = home.glob("*-sweep-*")
    return sweep


def test_a_job_can_be_run_again_by_its_own_command(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "-m", "steps=1,2", "rate=3", "--smoke")
    commands = [record.meta["command"] for record in records(toys)]
    assert ["mlnotes", "run", "toys.count", "steps=2", "rate=3", "--smoke"] in commands


def test_a_sweep_is_shown_again(mlnotes: Invoke, toys: Path) -> None:
    ended = mlnotes("run", "toys.count", "-m", "steps=1,2").stdout
    sweep = sweep_of(toys)
    assert mlnotes("show", sweep.name).stdout == ended
    assert mlnotes("show", str(sweep)).stdout == ended
    assert "The last value: 2 jobs" in mlnotes("show", sweep.name, "--tables").stdout
    assert "Steps" in mlnotes("show", sweep.name, "--curves").stdout
    found = document(mlnotes("show", sweep.name, "--json"))
    assert [job["overrides"] for job in found["jobs"]] == [["steps=1"], ["steps=2"]]


def test_an_interrupted_sweep_goes_on_where_it_was(mlnotes: Invoke, toys: Path) -> None:
    words = ("run", "toys.count", "-m", "fault=none,interrupt", "steps=2,3")
    assert mlnotes(*words).exit_code == 130
    sweep = sweep_of(toys)
    before = {record.id: record.meta["started"] for record in records(toys)}
    assert len(before) == 3
    assert mlnotes(*words, "--resume").exit_code == 130
    after = {record.id: record.meta["started"] for record in records(toys)}
    again = [name for name, started in before.items() if after[name] != started]
    assert again == [f"{sweep.name}/002"]


def test_a_killed_job_and_what_came_after_it_are_run_and_the_rest_is_kept(mlnotes: Invoke, toys: Path) -> None:
    words = ("run", "toys.count", "-m", "steps=1,2,3")
    mlnotes(*words)
    sweep = sweep_of(toys)
    meta = json.loads((sweep / "001" / "record.json").read_text())
    killed = {**meta, "status": "running", "process": {**meta["process"], "started": 1}}
    (sweep / "001" / "record.json").write_text(json.dumps(killed))
    shutil.rmtree(sweep / "002")
    kept = (sweep / "000" / "record.json").read_text()
    assert Record(sweep / "001").status == "killed"
    result = mlnotes(*words, "--resume")
    assert result.exit_code == 0
    assert "(3 of 3 jobs done)" in result.stdout
    assert (sweep / "000" / "record.json").read_text() == kept
    assert [Record(sweep / f"00{job}").status for job in range(3)] == ["done"] * 3


def test_only_the_same_sweep_goes_on(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "-m", "steps=1,2")
    other = mlnotes("run", "toys.count", "-m", "steps=1,3", "--resume")
    assert (other.exit_code, other.stderr) == (2, f"no sweep of this command in {toys}: run it without --resume\n")
    alone = mlnotes("run", "toys.count", "--resume")
    assert alone.stderr == "--resume goes on with a sweep: add -m and the words that began it\n"


def test_quiet_names_the_best_point_where_there_is_one(mlnotes: Invoke, squares: Path) -> None:
    result = mlnotes("run", "toys.squares", "-m", "share=0.5,0.9", "-q")
    assert result.stdout == "Best accuracy: 0.9033 at share=0.9 (deep).\n"
    result = mlnotes("run", "toys.squares", "-m", "share=0.5,0.5", "-q")
    assert result.stdout.startswith("2 jobs in ")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_launchers_run_jobs_in_processes_of_their_own(launcher: str, tmp_path: Path) -> None:
    """On a study that every process finds; the toy exists in this one only."""
    pytest.importorskip(f"hydra_plugins.hydra_{launcher.partition('_')[0]}_launcher")
    study = catalog.find("ann.voronoi")
    composed = composition(study, (f"hydra/launcher={launcher}", "seed=0,1"), smoke=True)
    job = partial(run_job, study=study, smoke=True, debug=False)
    outcomes = composed.sweep(tmp_path, job)
    assert [outcome.errors for outcome in outcomes] == [(), ()]
    found = [Record(outcome.record) for outcome in outcomes if outcome.record]
    assert [(record.status, record.meta["seeds"]) for record in found] == [("done", [0]), ("done", [1])]


def test_a_job_is_the_number_of_its_headline_to_a_sweeper(squares: Path, tmp_path: Path) -> None:
    point = SweepPoint(0, ("share=0.7",), {"share": 0.7, "seeds": 2}, tmp_path)
    job = run_job(point, study=catalog.find("toys.squares"), smoke=False, debug=False)
    assert float(job) == pytest.approx(0.7 + 0.002 / 2)  # the best network's accuracy, mean over seeds 0 and 1


@pytest.mark.filterwarnings("default")  # of Optuna's plugin, which uses what a current Optuna deprecates
def test_optuna_chooses_the_points(mlnotes: Invoke, squares: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="hydra-optuna-sweeper is an extra, not installed")
    options = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=3", "hydra.sweeper.direction=maximize")
    result = mlnotes("run", "toys.squares", "-m", *options, "share=interval(0.1,0.9)", "--json")
    assert result.exit_code == 0
    assert len(document(result)["jobs"]) == 3
