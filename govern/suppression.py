"""Hides small cells of a table of counts, and so many others with them that none follows from the totals.

A count of a few people points at them, and so does its complement. A hidden cell whose row or column total is shown
may still follow by subtraction; then another cell, or the total, is hidden too (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MINIMUM = 5
"""Smallest count that is shown, and smallest number of people that must be left outside it."""

Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Counts as they may be shown; None is a hidden number.

    Attributes:
        rows: Names of the rows.
        columns: Names of the columns.
        cells: The count of each row and column.
        row_totals: Sum of each row.
        column_totals: Sum of each column.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Cell, int | None]
    row_totals: Mapping[str, int | None]
    column_totals: Mapping[str, int | None]


def suppress(
    counts: Mapping[Cell, int],
    rows: Sequence[str],
    columns: Sequence[str],
    hides: Callable[[Cell, int], bool] = lambda cell, count: count < MINIMUM,
) -> Table:
    """Return a table of counts in which no hidden cell can be computed from what is shown.

    Args:
        counts: The counts, none negative; a cell that is not there counts 0.
        rows: Names of the rows.
        columns: Names of the columns.
        hides: Says for a cell and its count whether it must be hidden, whatever the others are.
    """
    full = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    hidden = {cell for cell, count in full.items() if hides(cell, count)}
    shown = {(0, row) for row in rows} | {(1, column) for column in columns}  # lines whose total is shown
    while (told := next((cell for cell in sorted(hidden) if _determined(cell, full, hidden, shown)), None)) is not None:
        lines = [line for line in ((0, told[0]), (1, told[1])) if line in shown]
        beside = {line: [c for c in full if c not in hidden and c[line[0]] == line[1]] for line in lines}
        line = max(lines, key=lambda line: len(beside[line]))
        if len(beside[line]) > 1:
            # The smallest other count says the least, and is missed the least.
            hidden.add(min(beside[line], key=lambda cell: (full[cell], cell)))
        else:
            # A total of one number that is shown, and of hidden ones, is worth less than that number. There is such a
            # line: without a total nothing follows from the others.
            shown.discard(line)
    return Table(
        tuple(rows),
        tuple(columns),
        {cell: None if cell in hidden else count for cell, count in full.items()},
        {r: sum(full[r, c] for c in columns) if (0, r) in shown else None for r in rows},
        {c: sum(full[r, c] for r in rows) if (1, c) in shown else None for c in columns},
    )


def _determined(cell: Cell, full: Mapping[Cell, int], hidden: set[Cell], shown: set[tuple[int, str]]) -> bool:
    """Say whether the shown numbers leave one value only for a hidden cell, all counts being whole and not negative.

    Another table with the same shown numbers differs from this one by a closed walk over hidden cells that adds 1 and
    takes 1 in turn. Lines whose total is hidden take up any difference: for the walk they are one place.
    """
    steps: dict[object, set[object]] = {}
    for other in hidden:
        if other == cell:
            continue
        row, column = ((0, other[0]), (1, other[1]))
        start, end = (row if row in shown else None), (column if column in shown else None)
        steps.setdefault(start, set()).add(end)  # one more here
        if full[other] > 0:
            steps.setdefault(end, set()).add(start)  # one less here
    row, column = ((0, cell[0]), (1, cell[1]))
    start, end = (row if row in shown else None), (column if column in shown else None)
    can_rise = _reaches(steps, end, start)
    can_fall = full[cell] > 0 and _reaches(steps, start, end)
    return not (can_rise or can_fall)


def _reaches(steps: Mapping[object, set[object]], start: object, end: object) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        place = waiting.pop()
        if place == end:
            return True
        new = steps.get(place, set()) - seen
        seen |= new
        waiting += new
    return False


def rounded(count: int | None, step: int = MINIMUM) -> int | None:
    """Return a count rounded down to a multiple, so that one person more or less shows only at a boundary."""
    return None if count is None else count - count % step
