"""The table and the figure of a sweep: like rows side by side, the best marked, nothing averaged over unlike ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cli.display.sweeps import Sweep, SweepJob
from experiments.lab.experiment import Experiment, Row, Table, observation
from tests.cli.display.shown import rows_of, shown
from tests.cli.display.test_tables import rendered


@observation
class EpochRow(Row):
    network: str = "wide"
    epoch: int = 1
    accuracy: float = 0.5
    name: str = ""


VIEW = Table(title="Training", by=("network", "epoch"), columns=("accuracy",))


def job(number: int, rows: Sequence[Row], status: str = "done", **overrides: str) -> SweepJob:
    return SweepJob(
        number=number, overrides=overrides, status=status, rows=rows_of(rows), verdicts=["holds", "refuted"]
    )


def lines(sweep: Sweep) -> list[list[str]]:
    """The lines of the table below its title, header and rule."""
    text = rendered(sweep.table()).splitlines()
    below = next(place for place, line in enumerate(text) if line.startswith("───"))
    return [line.split() for line in text[below + 1 :]]


def network(name: str, *accuracies: float, seed: int = 0) -> list[Row]:
    return [EpochRow(network=name, epoch=epoch, accuracy=value, seed=seed) for epoch, value in enumerate(accuracies)]


def sweep(*jobs: SweepJob, view: Table = VIEW) -> Sweep:
    experiment: Experiment[Any, Any] = shown(EpochRow, view)
    return Sweep(experiment, jobs)


def test_of_each_job_the_last_step_stands_and_the_best_is_marked() -> None:
    found = sweep(job(0, network("wide", 0.1, 0.7), lr="0.1"), job(1, network("wide", 0.9, 0.8), lr="1"))
    assert lines(found) == [["0.1", "wide", "0.7000", "1✓", "1✗"], ["1", "wide", "0.8000", "1✓", "1✗", "best"]]
    assert found.best_line() == "Best accuracy: 0.8 at lr=1."


def test_unlike_rows_have_lines_of_their_own_and_each_its_best() -> None:
    first = [*network("wide", 0.7), *network("deep", 0.2)]
    second = [*network("wide", 0.6), *network("deep", 0.4)]
    found = sweep(job(0, first, lr="0.1"), job(1, second, lr="1"))
    assert [line[:3] + line[-1:] for line in lines(found)] == [
        ["0.1", "wide", "0.7000", "best"],
        ["0.1", "deep", "0.2000", "0.2000"],
        ["1", "wide", "0.6000", "1✗"],
        ["1", "deep", "0.4000", "best"],
    ]
    assert found.best() == {0, 3}
    assert found.best_line() == ""


def test_what_a_job_chose_does_not_make_jobs_unlike() -> None:
    found = sweep(job(0, network("wide", 0.7), lr="0.1"), job(1, network("deep", 0.8), lr="1"))
    assert found.best() == {1}


def test_seeds_are_averaged() -> None:
    found = sweep(job(0, [*network("wide", 0.6), *network("wide", 0.8, seed=1)], lr="1"))
    assert lines(found)[0][2:5] == ["0.7000", "±", "1.2706"]


def test_a_job_without_rows_says_how_it_ended() -> None:
    lost = SweepJob(number=1, overrides={"lr": "1"}, status="failed")
    assert lines(sweep(job(0, network("wide", 0.6), lr="0.1"), lost))[1] == ["1", "–", "–", "failed"]


def test_keys_that_all_jobs_share_are_left_out() -> None:
    jobs = (job(0, network("wide", 0.6), lr="0.1", depth="3"), job(1, network("wide", 0.6), lr="1", depth="3"))
    assert sweep(*jobs).swept == ["lr"]
    assert sweep(jobs[0]).swept == ["lr", "depth"]


def test_a_column_without_a_direction_has_no_best() -> None:
    view = Table(title="Names", by=("network",), columns=("epoch", "name"))
    found = sweep(job(0, network("wide", 0.6), lr="0.1"), job(1, network("wide", 0.6), lr="1"), view=view)
    assert (found.metric, found.best(), found.best_line()) == ("epoch", set(), "")


def test_the_figure_is_the_metric_over_the_swept_number() -> None:
    jobs = [
        job(place, network("wide", accuracy), seed=seed, lr=lr, loss=loss)
        for place, (lr, loss, seed, accuracy) in enumerate(
            [("1", "mse", "0", 0.4), ("0.1", "mse", "1", 0.3), ("1", "mae", "2", 0.6), ("0.1", "mae", "3", 0.5)]
        )
    ]
    for one in jobs:
        del one.overrides["seed"]  # type: ignore[attr-defined]
    figure = sweep(*jobs).figure()
    assert figure is not None
    assert (figure.x, figure.y) == ("lr", "accuracy")
    assert figure.lines == (("loss=mse", (0.1, 1.0), (0.3, 0.4)), ("loss=mae", (0.1, 1.0), (0.5, 0.6)))


def test_words_and_single_points_have_no_figure() -> None:
    assert sweep(job(0, network("wide", 0.6), loss="mse"), job(1, network("wide", 0.6), loss="mae")).figure() is None
    assert sweep(job(0, network("wide", 0.6), lr="1")).figure() is None
