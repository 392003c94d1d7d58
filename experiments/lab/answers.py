"""Numbers and lists in words, for the one or two sentences that answer an experiment's question.

An answer states what was measured, so it is right whichever way the verdict falls.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from experiments.lab.experiment import Row, kept
from experiments.lab.judge.judge import Finding


def mean(rows: Sequence[Row], column: str, **only: object) -> float:
    """Mean of a column over the rows whose columns equal ``only``; NaN where there are none."""
    values = [float(getattr(row, column)) for row in kept(rows, only)]
    return statistics.fmean(values) if values else math.nan


def number(value: float, digits: int = 3) -> str:
    """A number for reading: ``digits`` significant figures, thousands apart, tiny and huge ones as powers of ten.

    >>> number(0.12345), number(12345.6), number(1.2e-7), number(float("nan"))
    ('0.123', '12,300', '1.2e-7', 'an unknown number')
    """
    if math.isnan(value):
        return "an unknown number"
    if value and not 1e-4 <= abs(value) < 1e9 and math.isfinite(value):
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{float(f'{value:.{digits}g}'):,.{_decimals(value, digits)}f}" if math.isfinite(value) else f"{value}"


def percent(share: float, digits: int = 3) -> str:
    """A share in percent.

    >>> percent(0.98765), percent(0.5)
    ('98.8 %', '50 %')
    """
    return "an unknown share" if math.isnan(share) else f"{float(f'{100 * share:.{digits}g}'):g} %"


def listing(words: Iterable[str], last: str = "and") -> str:
    """Words in a sentence.

    >>> listing(["He", "Xavier", "default"]), listing([])
    ('He, Xavier and default', 'none')
    """
    items = list(words)
    return f" {last} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items) or "none"


def verdict(finding: Finding) -> str:
    """A finding's verdict in words, with its conditions by name.

    A conditional one reads "holds for he and is refuted for xavier and default".
    """
    if finding.verdict == "conditional":
        return f"holds for {listing(finding.under('holds'))} and is refuted for {listing(finding.under('refuted'))}"
    words = {"holds": "holds", "refuted": "is refuted", "failed": "could not be judged", "not judged": "was not judged"}
    return words.get(finding.verdict, "is undecided")


def _decimals(value: float, digits: int) -> int:
    """Decimals that show ``digits`` significant figures, without trailing zeros."""
    rounded = f"{float(f'{value:.{digits}g}'):.10f}".rstrip("0")
    return len(rounded.partition(".")[2])
