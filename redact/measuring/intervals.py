"""How far a measured share can be trusted: 95 % intervals by drawing the texts anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]

#: Draws; the ends of an interval move by less than 0.003 between seeds on the sets of `docs/redaction.md`.
DRAWS = 1000
_SEED = 20260101
_AT_ONCE = 50
_Z = 1.959964


class Interval(NamedTuple):
    """A 95 % interval.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def draw(by_text: Counts, draws: int = DRAWS) -> Counts:
    """Return sums over as many texts as there are, drawn with replacement, as an array of draws by columns.

    Whole texts are drawn, not mentions: the mentions of one text leak together. The seed is fixed, so that the same
    figures have the same interval.

    Args:
        by_text: Counts, an array of texts by columns.
        draws: How often to draw.
    """
    random = np.random.default_rng(_SEED)
    texts = len(by_text)
    even = np.full(texts, 1 / max(texts, 1))
    parts = []
    for done in range(0, draws, _AT_ONCE):
        times = random.multinomial(texts, even, size=min(_AT_ONCE, draws - done))
        parts.append(times @ by_text)
    return np.concatenate(parts)


def share(part: Counts, whole: Counts, counted: tuple[float, float]) -> Interval | None:
    """Return the interval of a share, a ratio of sums.

    Where no draw differs from another, as where nothing leaked or one text holds all mentions, drawing says nothing:
    then Wilson's interval over the mentions stands.

    Args:
        part: Sums of each draw.
        whole: Sums of each draw.
        counted: The same two sums over the texts as they are.
    """
    if not counted[1]:
        return None
    values = part[whole > 0] / whole[whole > 0]
    if np.ptp(values) > 1e-12:
        return _middle(values)
    return wilson(*counted)


def wilson(part: float, whole: float) -> Interval:
    """Return Wilson's interval of a share of independent cases; `whole` is not 0."""
    p, n = part / whole, whole
    centre, half = p + _Z**2 / (2 * n), _Z * ((p * (1 - p) + _Z**2 / (4 * n)) / n) ** 0.5
    low, high = (centre - half) / (1 + _Z**2 / n), (centre + half) / (1 + _Z**2 / n)
    # Exactly 0 and 1 at the ends, which rounding misses.
    return Interval(0.0 if p == 0 else max(low, 0.0), 1.0 if p == 1 else min(high, 1.0))


def joint(
    value: Callable[[Counts, Counts], Counts], one: Mapping[str, Counts], ends: tuple[Interval, Interval]
) -> Interval:
    """Return the interval of a figure made of two shares.

    Args:
        value: The figure, of two arrays of shares.
        one: Sums of each draw: `hidden` of `gold`, `right` of `predicted`.
        ends: The intervals of both shares, for when no draw differs from another.
    """
    there = (one["gold"] > 0) & (one["predicted"] > 0)
    values = value(one["hidden"][there] / one["gold"][there], one["right"][there] / one["predicted"][there])
    if len(values) and np.ptp(values) > 1e-12:
        return _middle(values)
    low, high = (value(np.array([r]), np.array([p]))[0] for r, p in zip(*ends, strict=True))
    return Interval(float(low), float(high))


def _middle(values: Counts) -> Interval:
    low, high = np.percentile(values, (2.5, 97.5))
    return Interval(float(low), float(high))
