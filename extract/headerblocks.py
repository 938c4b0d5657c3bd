"""Finds the header block of a mail inside a body, as Outlook, Lotus Notes and forwarding by hand leave it."""

from __future__ import annotations

from typing import NamedTuple

from extract import markers as m
from extract.page import Page
from extract.records import SpanKind

_REACH = 14
_LONG = 80


class Cut(NamedTuple):
    """Where a quotation is announced: lines `start` to `end` say so, and what is below is `kind`."""

    start: int
    end: int
    kind: SpanKind


def names(page: Page, kinds: list[SpanKind | None]) -> dict[int, str]:
    """Return the field of each free line that looks like a header: `from`, `to`, `cc`, `date`, `subject`, `other`."""
    if ":" not in page.text and "：" not in page.text:
        return {}
    found: dict[int, str] = {}
    for i, line in enumerate(page.bare):
        if kinds[i] is None and (":" in line or "：" in line) and (field := name_of(line)):
            found[i] = field
    return found


def name_of(line: str) -> str | None:
    """Return the field that a line without surrounding white space states, or None."""
    colon = line.find(":", 0, m.HEADER_NAME_MAX)
    if colon < 0:
        colon = line.find("：", 0, m.HEADER_NAME_MAX)
    if colon <= 0 or line.startswith("//", colon + 1):
        return None
    name = line[:colon].strip(" \t*").lower()
    field = m.HEADER_FIELDS.get(name)
    if field is None and name.startswith(m.HEADER_PREFIXES) and " " not in name:
        return "other"
    return field


def end_below(page: Page, kinds: list[SpanKind | None], found: dict[int, str], i: int) -> int:
    """Return where the header block ends that starts at or just below line `i`; `i` itself if there is none."""
    start = page.following(i - 1, 2)
    if start is None or start not in found or kinds[start] is not None:
        return i
    end = start
    while end < len(page.bare) and page.bare[end] and kinds[end] is None and end - start < _REACH:
        # A line that states no field goes on from the one above.
        if end not in found and len(page.bare[end]) > _LONG:
            break
        end += 1
    while end > start and (end - 1) not in found and page.bare[end - 1][-1:] not in ">,;":
        end -= 1
    return end


def block_at(page: Page, kinds: list[SpanKind | None], found: dict[int, str], i: int) -> Cut | None:
    """Return the header block whose first field stands at line `i`, with what is drawn or named above it."""
    if i not in found:
        return None
    seen: set[str] = set()
    last, gap = i, 0
    for j in range(i, min(i + _REACH, len(page.bare))):
        if kinds[j] is not None:
            break
        if not page.bare[j]:
            gap += 1
            if gap > 1:
                break
        elif field := found.get(j):
            gap = 0
            seen.add(field)
            last = j
        elif gap:
            break
    date = _notes_date(page, kinds, i)
    if not _is_block(page.lines[i], seen, date is not None):
        return None
    start = i if date is None else _notes_name(page, kinds, date)
    for back in (start - 1, start - 2):
        if back >= 0 and kinds[back] is None and m.RULE.match(page.lines[back]):
            start = back
            break
        if back < 0 or page.bare[back]:
            break
    return Cut(start, last + 1, "quoted")


def _is_block(first: str, seen: set[str], notes: bool) -> bool:
    """Say whether these fields make a header block rather than a list that somebody typed."""
    return (
        {"from", "subject"} <= seen
        or ({"from", "date"} <= seen and ("to" in seen or "@" in first))
        or ({"to", "subject"} <= seen and (notes or "cc" in seen or "date" in seen))
        or ({"other", "subject"} <= seen and len(seen) >= 3)
        or (notes and "to" in seen)
        or ({"from", "to"} <= seen and "@" in first)
    )


def _notes_name(page: Page, kinds: list[SpanKind | None], date: int) -> int:
    """Return where the sender's name starts, alone on a line or two above the date of a Lotus Notes block."""
    start = date
    for back in (date - 1, date - 2):
        if back < 0 or kinds[back] is not None or not page.bare[back] or len(page.bare[back]) >= _LONG:
            break
        start = back
    return start


def _notes_date(page: Page, kinds: list[SpanKind | None], i: int) -> int | None:
    """Return the line of the bare date above a Lotus Notes header block."""
    for back in range(i - 1, max(i - 4, -1), -1):
        if not page.bare[back] or m.RESPOND_TO.match(page.lines[back]):
            continue
        return back if kinds[back] is None and m.NOTES_DATE.match(page.lines[back]) else None
    return None
