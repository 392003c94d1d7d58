"""The columns in which batches are measured. Imports no torch, so that an experiment's Row can have them."""

from __future__ import annotations

from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One measurement; nan where it has no such number."""

    part: str
    """curvature, symmetry, noise, memory, saddle, well or accuracy."""
    case: str
    batch_size: float = NAN
    """inf: no noise."""
    smallest_curvature: float = NAN
    loss_difference: float = NAN
    """Between weights and the same with hidden units permuted, relative."""
    control_difference: float = NAN
    """The same with only one layer permuted."""
    noise: float = NAN
    """Trace of the covariance of a batch's gradient."""
    noise_in_theory: float = NAN
    activation_kilobytes: float = NAN
    parameter_kilobytes: float = NAN
    escape_steps: float = NAN
    escape_steps_in_theory: float = NAN
    """nan: never."""
    escaped: float = NAN
    left_start: float = NAN
    in_global_basin: float = NAN
    excess_loss: float = NAN
    updates: float = NAN
    test_accuracy: float = NAN
