"""Intervals by drawing messages again: the same draws for every figure, so that differences are paired."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DRAWS = 2000
_SEED = 20260101


class Interval(NamedTuple):
    """A figure and its 95 % interval, in the same integer unit.

    Attributes:
        value: The figure.
        low: 2.5 % of the draws lie below.
        high: 2.5 % of the draws lie above.
    """

    value: int
    low: int
    high: int


def interval(of: Callable[[NDArray[np.intp]], float], rows: int, unit: float) -> Interval:
    """Return a figure over all rows, with the interval of it over rows drawn with replacement.

    Args:
        of: Returns the figure over rows of these numbers; NaN or infinite where they do not say.
        rows: How many rows there are, 1 at least.
        unit: What 1.0 is in the integer unit.
    """
    import numpy as np

    random = np.random.default_rng(_SEED)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = [of(random.integers(0, rows, rows)) for _ in range(_DRAWS)]
        value = of(np.arange(rows))
    told = np.array([d for d in drawn if math.isfinite(d)] or [value])
    low, high = np.percentile(told, [2.5, 97.5])
    return Interval(round(unit * value), round(unit * low), round(unit * high))
