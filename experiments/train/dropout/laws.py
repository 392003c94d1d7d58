"""Inverted dropout, ours and torch's: the mean, the values that survive and the eval mode."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.foundation.statements.trials import TRIALS, TrialRow, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.train.dropout.setup import Images


def run(images: Images) -> Iterator[TrialRow]:
    """The control does not divide by 1 - p; that of the eval mode is the train mode."""
    import torch

    from experiments.train.core.dropout_schedules import inverted_dropout

    torch.manual_seed(images.seed)
    p, n = max(images.params.rates), images.params.law_entries
    ones = torch.ones(n, dtype=torch.float64)
    layer = torch.nn.Dropout(p)
    own = inverted_dropout(ones, p, torch.Generator().manual_seed(images.seed))
    for case, dropped in (("own", own), ("torch", layer(ones))):
        unscaled = dropped * (1 - p)
        in_five_errors, in_five_errors_unscaled = (
            float((values.mean() - 1).abs()) / (5 * (p / (1 - p) / n) ** 0.5) - 1 for values in (dropped, unscaled)
        )
        yield TrialRow(
            statement="mean kept, in 5 standard errors",
            case=case,
            error=in_five_errors,
            control_error=in_five_errors_unscaled,
        )
        off, off_unscaled = (float((values[values != 0] - 1 / (1 - p)).abs().max()) for values in (dropped, unscaled))
        yield TrialRow(statement="survivors are 1 / (1 - p)", case=case, error=off, control_error=off_unscaled)
    kept, changed = layer.eval()(ones), layer.train()(ones)
    yield TrialRow(
        statement="identity in eval mode",
        case="torch",
        error=float((kept - ones).abs().max()),
        control_error=float((changed - ones).abs().max()),
    )


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "dropout_keeps_the_mean",
            statement="Dropout keeps the mean, multiplies survivors by 1 / (1 - p) and is the identity in eval mode.",
            rule=Theorem(
                "the mean is within 5 standard errors, the rest equal",
                control="dropout without rescaling",
                tolerance=1e-12,
            ),
            measure=tried,
            topic="The law of dropout",
            predicted="holds",
            source="Srivastava et al., Dropout, JMLR 15, 2014",
        ),
    ),
    tables=(TRIALS,),
)
