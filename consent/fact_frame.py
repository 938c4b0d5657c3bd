"""Reads the frame of facts column by column: values, and a mask of what is known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from consent.errors import FactsError
from consent.facts import FACTS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NAMES = frozenset(fact.name for fact in FACTS)


class FactFrame:
    """One frame of facts; a column that is not there is unknown in every row."""

    def __init__(self, facts: pd.DataFrame) -> None:
        self._facts = facts.reset_index(drop=True)
        if not self._facts.columns.is_unique:
            raise FactsError("the frame of facts has two columns of one name")
        self.size = len(facts)
        self._known: dict[str, NDArray[np.bool_]] = {}

    def all_rows(self, value: bool) -> NDArray[np.bool_]:
        """Return one bit per row, all alike."""
        import numpy as np

        return np.full(self.size, value, dtype=bool)

    def known(self, name: str) -> NDArray[np.bool_]:
        """Return where a fact is known."""
        if name not in NAMES:
            raise KeyError(name)
        if name not in self._known:
            self._known[name] = (
                self._facts[name].notna().to_numpy(dtype=bool) if name in self._facts else self.all_rows(False)
            )
        return self._known[name]

    def is_in(self, name: str, values: Collection[str]) -> NDArray[np.bool_]:
        """Return where a fact is known and one of `values`."""
        if name not in self._facts:
            return self.all_rows(False)
        return self._facts[name].isin(list(values)).to_numpy(dtype=bool) & self.known(name)

    def integers(self, name: str) -> NDArray[np.int64]:
        """Return a numeric fact, -1 where it is not known."""
        import numpy as np

        if name not in self._facts:
            return np.full(self.size, -1, dtype=np.int64)
        column = self._facts[name]
        values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        whole = np.where(np.isnan(values), -1.0, values)
        if (whole != np.floor(whole)).any():
            raise FactsError(f"the fact {name} is not a whole number")
        return whole.astype(np.int64)

    def true(self, name: str) -> NDArray[np.bool_]:
        """Return where a fact is known and true."""
        known = self.known(name)
        if name not in self._facts:
            return known
        return self._facts[name].fillna(False).to_numpy(dtype=bool) & known

    def moments(self, name: str) -> NDArray[np.int64]:
        """Return a time as microseconds since 1970; the smallest integer where it is not known.

        Raises:
            FactsError: The column has no time zone: a naive time could be any of twenty-four.
        """
        import numpy as np
        import pandas as pd

        if name not in self._facts:
            return np.full(self.size, np.iinfo(np.int64).min, dtype=np.int64)
        column = self._facts[name]
        if not isinstance(column.dtype, pd.DatetimeTZDtype):
            raise FactsError(f"the fact {name} has no time zone")
        naive: NDArray[np.datetime64] = (
            column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        )
        return naive.astype(np.int64)

    @staticmethod
    def moment(value: datetime) -> int:
        """Return a moment as `moments` does."""
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def days(self, name: str) -> NDArray[np.int64]:
        """Return a day as days since 1970; the smallest integer where it is not known or not an ISO date."""
        import numpy as np
        import pandas as pd

        if name not in self._facts:
            return np.full(self.size, np.iinfo(np.int64).min, dtype=np.int64)
        codes, unique = pd.factorize(self._facts[name], use_na_sentinel=True)
        table = np.array([self.day(value) for value in unique] + [np.iinfo(np.int64).min], dtype=np.int64)
        return table[codes]

    @staticmethod
    def day(value: object) -> int:
        """Return an ISO date as `days` does."""
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        return day.toordinal() - date(1970, 1, 1).toordinal() if day else -(2**63)

    def tuples(self, name: str, test: Callable[[tuple[str, ...]], bool]) -> NDArray[np.bool_]:
        """Return where a fact is known and its tuple of words passes `test`; each distinct tuple is tested once.

        Raises:
            FactsError: A value is not a tuple or list of words.
        """
        import numpy as np

        found = self.all_rows(False)
        answers: dict[tuple[str, ...], bool] = {}
        if name not in self._facts:
            return found
        values = self._facts[name].to_numpy(dtype=object)
        for row in np.flatnonzero(self.known(name)).tolist():
            value = values[row]
            words = tuple(value) if isinstance(value, list) else value
            if not isinstance(words, tuple):
                raise FactsError(f"the fact {name} is not a tuple of words")
            answer = answers.get(words)
            if answer is None:
                if not all(isinstance(word, str) for word in words):
                    raise FactsError(f"the fact {name} is not a tuple of words")
                answer = answers[words] = test(words)
            found[row] = answer
        return found
