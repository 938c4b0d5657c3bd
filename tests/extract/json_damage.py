"""JSON with any one of its fields replaced by any value, for readers that must not raise on it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from extract.records import Record
from extract.sources.api import Defect, Source

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def damaged(rows: list[Any]) -> st.SearchStrategy[list[Any]]:
    """Return copies of the rows in which one field, at any depth, is some other value."""
    return st.builds(lambda path, value: _replaced(rows, path, value), st.sampled_from(list(_paths(rows))[1:]), VALUES)


def write(path: Path, rows: list[Any]) -> Path:
    """Write the rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def check_all_units(source: Source) -> int:
    """Read every unit and return how many there are; each must be a record whose spans cover it, or a defect."""
    count = 0
    for unit in source.units():
        result = source.read(unit)
        assert isinstance(result, Record | Defect)
        if isinstance(result, Record):
            assert "".join(result.text[s.start : s.end] for s in result.spans) == result.text
            assert result.author_basis == "unknown" or result.author_key
        count += 1
    return count


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        yield from _paths(found, (*path, key))


def _replaced(rows: list[Any], path: tuple[Any, ...], value: Any) -> list[Any]:
    rows = copy.deepcopy(rows)
    inner: Any = rows
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return rows
