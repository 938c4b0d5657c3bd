"""Groups near statements: what is said again, in other words and on other days, is a habit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Fewer sentences than this do not show what a person always writes about.
_ENOUGH_TO_CENTRE = 30


def centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors without what they all share, so that being about the person's one topic is not nearness."""
    import numpy as np

    if len(vectors) < _ENOUGH_TO_CENTRE:
        return vectors
    moved = vectors - vectors.mean(axis=0, dtype=np.float64)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)


def cluster(vectors: NDArray[np.float32], similarity: int) -> list[list[int]]:
    """Group unit vectors whose mean cosine is above a threshold: average linkage.

    Args:
        vectors: One row per sentence, in the order in which ties are broken.
        similarity: Threshold in thousandths.

    Returns:
        Row numbers by group, each ascending, groups in the order of their first row.
    """
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    count = len(vectors)
    if count < 2:
        return [[i] for i in range(count)]
    # Rounding takes away what the order of sums in a matrix product may change.
    distances = np.round(1.0 - vectors @ vectors.T, 5).clip(0.0, 2.0)
    np.fill_diagonal(distances, 0.0)
    labels = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1.0 - similarity / 1000
    ).fit_predict(distances)
    groups: dict[int, list[int]] = {}
    for i, label in enumerate(labels):
        groups.setdefault(int(label), []).append(i)
    return list(groups.values())


def supporters(speaker: int, group: Sequence[int], vectors: NDArray[np.float32], similarity: int) -> list[int]:
    """Return the rows of a group that are near the one that speaks for it, itself included.

    Average linkage also joins what is only near a neighbour; a reader would not see such a sentence as evidence.
    """
    near = 1000 * (vectors[list(group)] @ vectors[speaker])
    return [i for i, value in zip(group, near, strict=True) if i == speaker or value >= similarity]


def speaker(group: Sequence[int], keep: Sequence[int], vectors: NDArray[np.float32], sides: Sequence[bool]) -> int:
    """Return the row that speaks for a group: on the side of most, likely to be kept, near to all others.

    Args:
        group: Row numbers.
        keep: Keep odds of every row, in thousandths.
        vectors: Unit vectors of every row.
        sides: For every row, whether it denies. A habit and its contrary are near in every vector space, and a single
            contrary must not speak for the habit. Of equals the first is taken.
    """
    denying = 2 * sum(sides[i] for i in group)
    able = [i for i in group if denying == len(group) or sides[i] is (denying > len(group))]
    centre = vectors[list(group)].mean(axis=0)
    return max(able, key=lambda i: (keep[i] + round(300 * float(vectors[i] @ centre)), -i))
