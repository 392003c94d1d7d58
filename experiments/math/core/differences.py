"""Numerical derivatives: three schemes for floats, and the definition itself in 60 digits.

Errors for a step h: forward h |f''| / 2, central h^2 |f'''| / 6, each plus rounding of about eps |f| / h, so the
best h is about eps^(1/2) and eps^(1/3); the complex step has no difference to cancel and its error stays at eps.
Source: Squire, Trapp: Using Complex Variables to Estimate Derivatives of Real Functions, SIAM Review 40(1), 1998.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import mpmath
import numpy as np
from numpy.typing import NDArray

from experiments.foundation.statements.expressions import Program, arithmetic

Scheme = Literal["forward", "central", "complex"]
SCHEMES: tuple[Scheme, ...] = ("forward", "central", "complex")
DIGITS = 60


def difference(f: Callable[[Any], Any], x: Any, h: float, scheme: Scheme) -> Any:
    """df/dx at x by a finite step h > 0, in the floating-point type of ``x`` (a numpy scalar).

    The step is rounded so that x + h is exact; otherwise the error of the argument would be counted as one of the
    scheme. forward: (f(x+h) - f(x)) / h. central: (f(x+h) - f(x-h)) / 2h. complex: Im f(x + ih) / h, for analytic f.
    """
    real = type(x)
    if scheme == "complex":
        step = real(h)
        return real((f(x + 1j * step)).imag / step)
    step = real(real(x + real(h)) - x)
    if step == 0:
        return real(np.nan)
    if scheme == "forward":
        return (f(x + step) - f(x)) / step
    return (f(x + step) - f(x - step)) / (real(2) * step)


def best_step(scheme: Scheme, eps: float) -> float:
    """The step that balances truncation and rounding, up to the constant of f: eps^(1/2) forward, eps^(1/3) central.

    Raises:
        ValueError: the complex step, which has none.
    """
    if scheme == "complex":
        raise ValueError("the complex step has no best step: every small one is as good")
    return float(eps ** {"forward": 1 / 2, "central": 1 / 3}[scheme])


def by_definition(f: Callable[[Any], Any], x: Any) -> Any:
    """lim (f(x+h) - f(x-h)) / 2h with h = 1e-15 and 60 digits: right to about 1e-29 |f'''|, and free of any rule."""
    with mpmath.workdps(DIGITS):
        x, h = mpmath.mpf(x), mpmath.mpf(10) ** -15
        return (f(x + h) - f(x - h)) / (2 * h)


def difference_errors(
    program: Program,
    points: NDArray[np.float64],
    steps: NDArray[np.float64],
    scheme: Scheme,
    dtype: Literal["float32", "float64"],
) -> NDArray[np.float64]:
    """Relative error of the derivative of a program of one input for each step h (n,), computed in ``dtype``: (n,).

    The root mean square over the points (m,): one point's error passes through 0 by luck. NaN where h is lost in x + h
    or the function leaves its domain.

    Raises:
        ValueError: the derivative at a point is 0, infinite or complex, so that there is no relative error.
    """
    real = np.dtype(dtype).type
    floats = arithmetic(np, real)
    squares = np.zeros(len(steps))
    for x in points.astype(real):
        truth = _true_derivative(program, float(x))
        with np.errstate(all="ignore"):
            values = [float(difference(lambda t: program([t], floats), x, float(h), scheme)) for h in steps]
        squares += np.array([float((mpmath.mpf(value) - truth) / truth) ** 2 for value in values])
    return np.sqrt(squares / len(points))


def _true_derivative(program: Program, x: float) -> mpmath.mpf:
    truth = by_definition(lambda t: program([t], arithmetic(mpmath, mpmath.mpf)), x)
    if not (isinstance(truth, mpmath.mpf) and mpmath.isfinite(truth) and truth != 0):
        raise ValueError(f"expected a derivative that is real and not 0 at x = {x:.6g}, got {mpmath.nstr(truth, 6)}")
    return truth
