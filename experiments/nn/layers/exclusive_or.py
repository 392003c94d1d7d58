"""Exclusive or, tried with a random line, trained linear layers, trained ReLU layers and two ReLUs by hand."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from experiments.foundation.statements.trials import TrialRow
from experiments.nn.core.xor import POINTS, right, train_on_all_four, two_relus

HIDDEN = 8


def xor_trials(generator: torch.Generator) -> Iterator[TrialRow]:
    """No linear classifier may have more than three right, which the ReLU networks, the control, must have.

    Networks start from torch's global random state.
    """
    line = torch.randn(3, generator=generator)
    linear = nn.Sequential(nn.Linear(2, HIDDEN), nn.Linear(HIDDEN, 1))
    bent = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
    by_line = right(POINTS @ line[:2] + line[2])
    by_linear, by_bent = (right(train_on_all_four(network)) for network in (linear, bent))
    by_hand = right(two_relus(POINTS))
    for case, found, control in (("a random line", by_line, by_hand), ("trained linear layers", by_linear, by_bent)):
        yield TrialRow(statement="xor", case=case, error=float(found > 3), control_error=float(control > 3))
    missed, missed_by_control = float(by_hand < 4), float(by_linear < 4)
    yield TrialRow(statement="xor by ReLU", case="two ReLUs", error=missed, control_error=missed_by_control)
