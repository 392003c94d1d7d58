"""Learning-rate schedules as functions of progress: no state, so a resumed run needs none.

A schedule gives the factor on the base learning rate for the update that starts at ``progress`` = update / updates in
[0, 1). Source: Smith, Topin, Super-Convergence, https://arxiv.org/abs/1708.07120, 2018 (warm-up, then linear decay);
Loshchilov, Hutter, SGDR, https://arxiv.org/abs/1608.03983, 2017 (cosine).
"""

from __future__ import annotations

import math

from experiments.foundation.networks.choices import ScheduleName


def lr_factor(schedule: ScheduleName, progress: float, *, warmup: float = 0.0) -> float:
    """Factor in [0, 1] on the base learning rate.

    factor(p) = p / w                          for p < w (warm-up)
                decay((p - w) / (1 - w))       after it
    decay(t)  = 1 | 1 - t | (1 + cos(pi t)) / 2 | 1, 1/10, 1/100 from t = 0, 1/2, 3/4 on

    Args:
        schedule: constant, linear, cosine or step: the decay.
        progress: share of all updates done, in [0, 1].
        warmup: w, share of all updates in which the rate rises from 0, in [0, 1).

    >>> lr_factor("linear", 0.1, warmup=0.2), lr_factor("linear", 0.6, warmup=0.2), lr_factor("step", 0.6)
    (0.5, 0.5, 0.1)
    """
    if progress < warmup:
        return progress / warmup
    t = (progress - warmup) / (1 - warmup)
    match schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 - t
        case "cosine":
            return (1 + math.cos(math.pi * t)) / 2
        case "step":
            return 1.0 if t < 0.5 else 0.1 if t < 0.75 else 0.01
