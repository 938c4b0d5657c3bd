"""Facts as the vault keeps them: one record's row as canonical JSON, and back into a frame to decide over again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from attest import canonical
from attest.errors import FormatError
from attest.shape import exact
from extract.records import FAILURE

if TYPE_CHECKING:
    import pandas as pd

    from extract.gating import Gated

VERSION = 2
VOLUME = "record.volume"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = {"v": int, "facts": dict, "drawn": bool, "residual": bool, "failed": bool, "copies": list}


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """What was known of one record when it was decided over.

    Attributes:
        facts: Fact by name, in the types of `consent.facts.FACTS`; None is unknown.
        drawn: Whether the draw of `record.volume` reached it: that alone cannot be told from its own facts.
        residual: Whether the second scan of its redacted text still found something.
        failed: Whether no process could read all of its text.
        copies: Rows of all copies of it, itself included; the first is the one that is kept.
    """

    facts: Mapping[str, Any]
    drawn: bool
    residual: bool
    failed: bool
    copies: tuple[int, ...]


def rows(gated: Gated, redacted: Gated) -> list[bytes]:
    """Return what is to be kept of each record.

    Args:
        gated: The records as the gates decided over them.
        redacted: The same after redaction, which may have left more of them out.
    """
    from consent.facts import FACTS

    columns = {fact.name: _plain(gated.facts[fact.name]) for fact in FACTS}
    groups: dict[int, list[int]] = defaultdict(list)
    for i, kept in enumerate(columns["duplicate_of"]):
        groups[kept].append(i)
    found = []
    for i, (before, after) in enumerate(zip(gated.reasons, redacted.reasons, strict=True)):
        kept = columns["duplicate_of"][i]
        others = [j for j in groups[kept] if j != kept]
        found.append(
            canonical.dumps(
                {
                    "v": VERSION,
                    "facts": {name: values[i] for name, values in columns.items()},
                    "drawn": VOLUME not in before,
                    "residual": "segment.pii" in after,
                    "failed": FAILURE in after,
                    "copies": [kept, *others],
                }
            )
        )
    return found


def parse(data: bytes) -> Kept:
    """Read one row.

    Raises:
        FormatError: The bytes are not what `rows` gives.
    """
    from consent.facts import FACTS

    value = exact(canonical.loads(data), "kept facts", _SHAPE)
    if value["v"] != VERSION or not all(type(row) is int for row in value["copies"]):
        raise FormatError("kept facts are of a version that is not known")
    # A fact that a later version added is unknown, and denies.
    facts = {fact.name: _typed(fact.dtype, value["facts"].get(fact.name)) for fact in FACTS}
    return Kept(facts, value["drawn"], value["residual"], value["failed"], tuple(value["copies"]))


def frame(kept: Mapping[int, Kept]) -> pd.DataFrame:
    """Return a frame of facts of some records: copies of each other, by row of the extraction.

    Args:
        kept: What was kept, by row, in the order of the extraction.
    """
    import pandas as pd

    from consent.facts import FACTS
    from extract.facts import column

    place = {row: i for i, row in enumerate(kept)}
    values = [
        {**each.facts, "duplicate_of": place.get(each.facts["duplicate_of"], place[row])} for row, each in kept.items()
    ]
    index = pd.RangeIndex(len(values))
    return pd.DataFrame({f.name: column(f, [v[f.name] for v in values], index) for f in FACTS}, index=index)


def _plain(column: pd.Series[Any]) -> Sequence[Any]:
    """Return a column as values that JSON has; a moment in microseconds since 1970."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if pd.isna(v) else (v.to_pydatetime() - _EPOCH) // timedelta(microseconds=1) for v in column]
    return [list(v) if isinstance(v, tuple) else None if pd.isna(v) else v for v in column.astype(object).tolist()]


def _typed(dtype: str, value: Any) -> Any:
    if value is None:
        return None
    if dtype == "object":
        return tuple(value)
    return _EPOCH + timedelta(microseconds=value) if dtype.startswith("datetime") else value
