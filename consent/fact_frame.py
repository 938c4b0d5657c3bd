"""Reads the frame of facts column by column: values, and a mask of what is known.

Words and tuples of words are read as codes: each distinct value is tested once, and the answers are looked up. A column
that is a pandas categorical brings its codes along; any other column is coded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consent.errors import FactsError
from consent.facts import FACTS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Integers = NDArray[np.int64]

NAMES = frozenset(fact.name for fact in FACTS)


class FactFrame:
    """One frame of facts; a column that is not there is unknown in every row."""

    def __init__(self, facts: pd.DataFrame) -> None:
        if not facts.columns.is_unique:
            raise FactsError("the frame of facts has two columns of one name")
        self.size = len(facts)
        # Rows are counted from the top: columns are taken as arrays, whatever the index.
        self._columns = {name: facts[name].array for name in facts.columns if name in NAMES}
        self._known: dict[str, Mask] = {}
        self._codes: dict[str, tuple[NDArray[np.integer[Any]], list[Any]]] = {}
        self._integers: dict[str, Integers] = {}

    def all_rows(self, value: bool) -> Mask:
        """Return one bit per row, all alike."""
        import numpy as np

        return np.full(self.size, value, dtype=bool)

    def known(self, name: str) -> Mask:
        """Return where a fact is known."""
        import numpy as np

        if name not in NAMES:
            raise KeyError(name)
        if name not in self._known:
            if name not in self._columns:
                self._known[name] = self.all_rows(False)
            elif self._columns[name].dtype.kind == "O":
                self._known[name] = self._coded(name)[0] >= 0
            else:
                self._known[name] = ~np.asarray(self._columns[name].isna(), dtype=bool)
        return self._known[name]

    def is_in(self, name: str, values: Collection[str]) -> Mask:
        """Return where a fact is known and one of `values`."""
        wanted = frozenset(values)
        return self.each(name, lambda value: isinstance(value, str) and value in wanted)

    def each(self, name: str, test: Callable[[Any], bool]) -> Mask:
        """Return where a fact is known and passes `test`, which is asked once for each distinct value."""
        import numpy as np

        if name not in self._columns:
            return self.all_rows(False)
        codes, values = self._coded(name)
        # A code of -1 is an unknown value; it reads the last place of the table.
        table: Mask = np.fromiter((*map(test, values), False), dtype=bool, count=len(values) + 1)
        found: Mask = table[codes]
        return found

    def tuples(self, name: str, test: Callable[[tuple[str, ...]], bool]) -> Mask:
        """Return where a fact is known and its tuple of words passes `test`; each distinct tuple is tested once.

        Raises:
            FactsError: A value is not a tuple or list of words.
        """
        return self.each(name, lambda value: test(_words(name, value)))

    def integers(self, name: str) -> Integers:
        """Return a whole number, -1 where it is not known."""
        import numpy as np

        if name not in self._columns:
            return np.full(self.size, -1, dtype=np.int64)
        if name not in self._integers:
            column = self._columns[name]
            if column.dtype.kind in "iu":
                self._integers[name] = np.ascontiguousarray(column.to_numpy(dtype=np.int64, na_value=-1))
            else:
                values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
                whole = np.where(np.isnan(values), -1.0, values)
                if (whole != np.floor(whole)).any():
                    raise FactsError(f"the fact {name} is not a whole number")
                self._integers[name] = whole.astype(np.int64)
        return self._integers[name]

    def true(self, name: str) -> Mask:
        """Return where a fact is known and true."""
        import numpy as np

        if name not in self._columns:
            return self.all_rows(False)
        column = self._columns[name]
        if column.dtype.kind == "b":
            return np.asarray(column.to_numpy(dtype=bool, na_value=False), dtype=bool)
        return self.each(name, bool)

    def moments(self, name: str) -> Integers:
        """Return a time as microseconds since 1970; the smallest integer where it is not known.

        Raises:
            FactsError: The column has no time zone: a naive time could be any of twenty-four.
        """
        import numpy as np
        import pandas as pd

        if name not in self._columns:
            return np.full(self.size, np.iinfo(np.int64).min, dtype=np.int64)
        column = self._columns[name]
        if not isinstance(column.dtype, pd.DatetimeTZDtype):
            raise FactsError(f"the fact {name} has no time zone")
        # To a type without a zone means in UTC.
        return np.asarray(column.to_numpy(dtype="datetime64[us]")).view(np.int64)

    @staticmethod
    def moment(value: datetime) -> int:
        """Return a moment as `moments` does."""
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @staticmethod
    def day(value: object) -> int:
        """Return an ISO date as days since 1970; the smallest integer where it is none."""
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        return day.toordinal() - date(1970, 1, 1).toordinal() if day else -(2**63)

    def _coded(self, name: str) -> tuple[NDArray[np.integer[Any]], list[Any]]:
        """Return a code for each row, -1 where the fact is not known, and the value that each code stands for."""
        import numpy as np
        import pandas as pd

        if name not in self._codes:
            column = self._columns[name]
            if isinstance(column, pd.Categorical):
                self._codes[name] = column.codes, column.categories.tolist()
            else:
                try:
                    codes, values = pd.factorize(column, use_na_sentinel=True)
                except TypeError:
                    # Lists have no hash; as tuples they have.
                    plain = (tuple(value) if isinstance(value, list) else value for value in column)
                    rows = np.fromiter(plain, dtype=object, count=self.size)
                    codes, values = pd.factorize(rows, use_na_sentinel=True)
                self._codes[name] = codes, list(values)
        return self._codes[name]


def _words(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, tuple) or not all(isinstance(word, str) for word in value):
        raise FactsError(f"the fact {name} is not a tuple of words")
    return value
