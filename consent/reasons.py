"""The reasons for each row of a frame, packed: a number for each row, and the few combinations that occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Combination = tuple[str, ...]

WORD = 64
"""How many different reasons one number can hold."""


class Reasons(Sequence[Combination]):
    """For each row why it is left out, sorted; empty where it is taken. Reads like a list of tuples."""

    __slots__ = ("_codes", "_combinations")

    def __init__(self, codes: NDArray[np.int64], combinations: Sequence[Combination]) -> None:
        self._codes = codes
        self._combinations = tuple(combinations)

    @classmethod
    def of(cls, masks: Mapping[str, NDArray[np.bool_]], group: NDArray[np.int64], copy: str) -> Reasons:
        """Return the reasons that one mask for each reason makes.

        Args:
            masks: For each reason where it holds.
            group: For each row the row of the copy that is kept. Every copy has what any copy has.
            copy: The reason of rows that are copies of another one.
        """
        import numpy as np
        import pandas as pd

        names = sorted({*masks, copy})
        if len(names) > WORD:
            raise ValueError("there are more reasons than one number holds")
        packed = np.zeros(len(group), dtype=np.uint64)
        for place, name in enumerate(names):
            if name in masks and masks[name].any():
                packed |= masks[name].astype(np.uint64) << np.uint64(place)
        copies = np.flatnonzero(group != np.arange(len(group)))
        if len(copies):
            kept = group[copies]
            np.bitwise_or.at(packed, kept, packed[copies])
            packed[copies] = packed[kept] | np.uint64(1 << names.index(copy))
        codes, words = pd.factorize(packed)
        return cls(
            codes, [tuple(name for place, name in enumerate(names) if word >> place & 1) for word in words.tolist()]
        )

    def without(self) -> list[int]:
        """Return the rows that have no reason, in order."""
        import numpy as np

        free = np.array([not reasons for reasons in self._combinations], dtype=bool)
        return np.flatnonzero(free[self._codes]).tolist() if len(free) else []

    def totals(self) -> dict[str, int]:
        """Return the number of rows that each reason holds back, sorted by reason."""
        import numpy as np

        counts: Counter[str] = Counter()
        sizes = np.bincount(self._codes, minlength=len(self._combinations)).tolist()
        for reasons, size in zip(self._combinations, sizes, strict=True):
            counts.update(dict.fromkeys(reasons, size))
        return dict(sorted(counts.items()))

    @overload
    def __getitem__(self, row: int) -> Combination: ...
    @overload
    def __getitem__(self, row: slice) -> list[Combination]: ...
    def __getitem__(self, row: int | slice) -> Combination | list[Combination]:
        """Return the reasons of one row, or a list of those of several."""
        if isinstance(row, slice):
            return [self._combinations[code] for code in self._codes[row].tolist()]
        return self._combinations[self._codes[row]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._codes)

    def __iter__(self) -> Iterator[Combination]:
        """Go through the rows."""
        return map(self._combinations.__getitem__, self._codes.tolist())

    def __eq__(self, other: object) -> bool:
        """Tell whether another sequence holds the same reasons row by row."""
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        """Return a hash that equal sequences share."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Return the reasons as a list shows them."""
        return repr(list(self))
