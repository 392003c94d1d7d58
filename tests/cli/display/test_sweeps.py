"""The table of a sweep."""

from __future__ import annotations

from cli.display.sweeps import SweepJob, sweep_table
from experiments.lab.experiment import Table
from tests.cli.display.shown import rows_of, shown
from tests.cli.display.test_tables import EXPERIMENT, ROWS, VIEW, SearchRow, rendered


def test_sweep_table_shows_last_epoch_overrides_status_and_verdicts() -> None:
    jobs = [SweepJob(overrides={"n": 5}, status="done", rows=rows_of(ROWS[:2]), verdicts=["holds", "refuted"])]
    text = rendered(sweep_table(EXPERIMENT, [*jobs, SweepJob(overrides={"n": 6}, status="failed")]))
    assert "1 hold" in text
    assert "1 refuted" in text
    assert text.splitlines()[-2].split() == ["6", "failed", "–", "–", "–"]


def test_a_sweep_shows_the_headline_and_means_over_its_rows() -> None:
    headline = Table(title="Recall", by=("method",), columns=("recall_at_10",), only={"method": "nsg"})
    experiment = shown(SearchRow, VIEW, headline=headline)
    (job,) = [SweepJob(overrides={"n": 5}, status="done", rows=rows_of(ROWS))]
    text = rendered(sweep_table(experiment, [job]))
    assert text.splitlines()[-2].split()[:3] == ["5", "done", "0.9100"]
    assert text.splitlines()[-1].startswith("Recall, mean over rows")
