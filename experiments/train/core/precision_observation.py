"""The columns in which number formats are measured. Imports no torch, so that an experiment's Row can have them."""

from __future__ import annotations

from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One measurement; nan where it has no such number."""

    part: str
    """format, update, underflow, exactness, exponent, scaler, rescue, accuracy, operation or bytes."""
    case: str
    number_format: str
    relative_update: float = NAN
    moved: float = NAN
    """Way that the weight went in its own format / exact way."""
    moved_with_master: float = NAN
    """The same with a float32 copy."""
    eps: float = NAN
    largest: float = NAN
    smallest: float = NAN
    torch_agrees: float = NAN
    """1 if torch.finfo says the same four limits as the number of bits."""
    square_sum: float = NAN
    """20 * 20 summed 4096 times by a matrix product."""
    exponent: float = NAN
    """k of a scale 2^k, or e of gradients in [2^e, 2^(e+1))."""
    share: float = NAN
    """Of gradients with that exponent, or of gradients that became 0."""
    gradient_error: float = NAN
    """|scaled gradient / scale - gradient| / |gradient|, largest over all entries resp. of the whole vector."""
    skipped: float = NAN
    scale_factor: float = NAN
    """Scale after / before the scaler's step."""
    final_loss: float = NAN
    test_accuracy: float = NAN
    diverged: float = NAN
    milliseconds: float = NAN
    kilobytes: float = NAN
