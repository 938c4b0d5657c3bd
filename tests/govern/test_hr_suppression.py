"""Small counts are hidden so that they stay hidden: no table with the same shown numbers is the only one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.suppression import MINIMUM, Cell, Table, rounded, suppress

ROWS, COLUMNS = ("a", "b", "c"), ("x", "y", "z")


def table_of(values: list[list[int]]) -> dict[Cell, int]:
    return {(ROWS[i], COLUMNS[j]): n for i, row in enumerate(values) for j, n in enumerate(row)}


def hide_under(minimum: int, counts: dict[Cell, int]) -> Table:
    rows = sorted({row for row, _ in counts})
    columns = sorted({column for _, column in counts})
    return suppress(counts, rows, columns, lambda cell, count: count < minimum)


def possible(table: Table, limit: int) -> dict[Cell, set[int]]:
    """Return by trying everything which values each hidden cell can have, given what is shown."""
    hidden = [cell for cell, count in table.cells.items() if count is None]
    found: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for values in product(range(limit + 1), repeat=len(hidden)):
        full = {**table.cells, **dict(zip(hidden, values, strict=True))}
        rows_fit = all(
            total is None or total == sum(full[r, c] or 0 for c in table.columns)
            for r, total in table.row_totals.items()
        )
        if rows_fit and all(
            total is None or total == sum(full[r, c] or 0 for r in table.rows)
            for c, total in table.column_totals.items()
        ):
            for cell, value in zip(hidden, values, strict=True):
                found[cell].add(value)
    return found


small_tables = st.tuples(st.integers(1, 2), st.integers(1, 3)).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, 4), min_size=size[1], max_size=size[1]), min_size=size[0],
                          max_size=size[0])
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(small_tables)
def test_no_hidden_cell_follows_from_what_is_shown(values: list[list[int]]) -> None:
    shown = hide_under(2, table_of(values))
    for cell, candidates in possible(shown, 6).items():
        assert len(candidates) > 1, cell


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=3))
def test_every_small_cell_is_hidden_and_every_shown_number_is_true(values: list[list[int]]) -> None:
    counts = table_of(values)
    shown = hide_under(MINIMUM, counts)
    for cell, count in shown.cells.items():
        assert count is None or count == counts[cell] >= MINIMUM
    for row, total in shown.row_totals.items():
        assert total is None or total == sum(counts[row, c] for c in shown.columns)
    for column, total in shown.column_totals.items():
        assert total is None or total == sum(counts[r, column] for r in shown.rows)


@given(st.lists(st.lists(st.integers(MINIMUM, 40), min_size=2, max_size=2), min_size=1, max_size=3))
def test_nothing_is_hidden_where_no_cell_is_small(values: list[list[int]]) -> None:
    shown = hide_under(MINIMUM, table_of(values))
    assert None not in {*shown.cells.values(), *shown.row_totals.values(), *shown.column_totals.values()}


def test_one_small_cell_takes_another_or_a_total_with_it_in_its_row_and_in_its_column() -> None:
    shown = hide_under(MINIMUM, table_of([[20, 3, 9], [30, 40, 50], [11, 12, 13]]))
    hidden = {cell for cell, count in shown.cells.items() if count is None}
    assert ("a", "y") in hidden
    assert shown.row_totals["a"] is None or sum(1 for row, _ in hidden if row == "a") > 1
    assert shown.column_totals["y"] is None or sum(1 for _, column in hidden if column == "y") > 1
    assert shown.row_totals["b"] == 120
    assert len(hidden) < 5


def test_a_row_of_zeros_loses_its_total() -> None:
    # Hidden cells that add up to 0 are all 0.
    shown = hide_under(MINIMUM, table_of([[0, 0], [50, 60]]))
    assert shown.row_totals["a"] is None


def test_a_single_small_number_is_shown_nowhere() -> None:
    shown = hide_under(MINIMUM, {("a", "x"): 3})
    assert {*shown.cells.values(), *shown.row_totals.values(), *shown.column_totals.values()} == {None}


@pytest.mark.parametrize(("count", "down"), [(None, None), (0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (124, 120)])
def test_counts_are_rounded_down_to_fives(count: int | None, down: int | None) -> None:
    assert rounded(count) == down
