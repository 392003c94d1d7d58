"""What may be said of the findings of many studies together: rates of predictions that came true, and false discovery.

Each study errs with at most its level, so the expected number of studies with a wrong verdict is at most the sum of
their levels. Among the verdicts that are published, Benjamini and Hochberg's procedure keeps the expected share of
wrong ones below a rate.

Source: Benjamini, Hochberg, Controlling the False Discovery Rate, J. R. Statist. Soc. B 57, 1995; it holds for the
positive dependence that claims of one study have (Benjamini, Yekutieli, Ann. Statist. 29, 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments.lab.judge.judge import FAMILY_WISE_ALPHA, Finding
from experiments.lab.judge.predicted import BASES, Basis

FALSE_DISCOVERY_RATE = 0.05
PILOT = "pilot"


@dataclass(frozen=True)
class Rate:
    """Of claims that were judged, how many came out as predicted."""

    as_predicted: int
    judged: int

    def __str__(self) -> str:
        return f"{self.as_predicted} of {self.judged}"


@dataclass(frozen=True)
class Book:
    """The findings of several studies."""

    by_study: Mapping[str, Sequence[Finding]]

    @property
    def judged(self) -> list[Finding]:
        """The findings with a verdict."""
        return [one for findings in self.by_study.values() for one in findings if one.verdict != "not judged"]

    def of(self, basis: Basis) -> list[Finding]:
        return [one for one in self.judged if one.basis == basis]

    @property
    def expected_wrong(self) -> float:
        """Studies with a wrong statistical verdict to be expected at most."""
        return FAMILY_WISE_ALPHA * sum(
            any(one.basis == "statistical" and one.verdict != "not judged" for one in findings)
            for findings in self.by_study.values()
        )

    @property
    def discoveries(self) -> tuple[list[Finding], list[Finding]]:
        """Decided statistical verdicts: those that stand at the false discovery rate, and those that do not."""
        tested = [one for one in self.of("statistical") if one.p_value is not None]
        adjusted = adjusted_p_values([one.p_value or 0.0 for one in tested])
        decided = [pair for pair in zip(tested, adjusted, strict=True) if pair[0].verdict not in ("inconclusive",)]
        stand = [one for one, p in decided if p <= FALSE_DISCOVERY_RATE]
        return stand, [one for one, p in decided if p > FALSE_DISCOVERY_RATE]

    def lines(self) -> list[str]:
        """Rates, apart for what the verdicts rest on; then what may be wrong among the statistical ones."""
        statistical, exact, shown = (self.of(basis) for basis in BASES)
        pilots = [one for one in statistical if one.source.startswith(PILOT)]
        others = [one for one in statistical if one not in pilots]
        said = [
            f"statistical: {rate(statistical)} as predicted ({rate(others)} by a source, {rate(pilots)} by pilots)"
            if statistical
            else "",
            f"exact: {rate(exact)}" if exact else "",
            f"{len(shown)} counterexample{'s' * (len(shown) > 1)} shown" if shown else "",
        ]
        lines = ["; ".join(filter(None, said))] if any(said) else []
        if statistical:
            stand, fall = self.discoveries
            lines.append(
                f"wrong verdicts expected in at most {self.expected_wrong:.2g} studies; {len(stand)} of "
                f"{len(stand) + len(fall)} decided verdicts stand at a false discovery rate of 5 %"
                + (f", not {', '.join(one.claim for one in fall)}" if fall else "")
            )
        return lines


def rate(findings: Sequence[Finding]) -> Rate:
    return Rate(sum(one.as_predicted for one in findings), len(findings))


def adjusted_p_values(p_values: Iterable[float]) -> list[float]:
    """Benjamini and Hochberg's: the smallest false discovery rates at which each is a discovery.

    >>> adjusted_p_values([0.25, 0.125, 1.0, 0.5])
    [0.5, 0.5, 1.0, 0.6666666666666666]
    """
    from scipy.stats import false_discovery_control  # costs a second to import

    values = list(p_values)
    return [float(p) for p in false_discovery_control(values)] if values else []
