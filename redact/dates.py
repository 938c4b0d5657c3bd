"""Days as distances: an absolute date in a text becomes `[DAY+12]`, counted from the day the text was written.

English and German forms of a day. A date whose day and month could be either way round, and one that no calendar has,
becomes `[DAY]`. Months and years without a day stay, and so do weekdays and words such as "tomorrow".
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from redact.finding import Replaced

if TYPE_CHECKING:
    from redact.engine import Redacted

#: Presidio's name for a date.
ENTITY = "DATE_TIME"

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner", "february feb februar", "march mar märz mrz maerz", "april apr", "may mai",
            "june jun juni", "july jul juli", "august aug", "september sep sept", "october oct oktober okt",
            "november nov", "december dec dezember dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = rf"(?P<%s>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_YEAR = r"(?P<%s>(?:19|20)\d\d)(?!\d)"

_DATE = re.compile(
    "|".join(
        (
            r"(?P<y1>(?:19|20)\d\d)(?P<s1>[-/.])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})(?!\d)",
            r"(?P<d2>\d{1,2})\.[ ]?(?P<m2>\d{1,2})\.[ ]?(?P<y2>(?:19|20)?\d\d)(?!\d)",
            r"(?P<a3>\d{1,2})(?P<s3>[/-])(?P<b3>\d{1,2})(?P=s3)(?P<y3>(?:19|20)\d\d)(?!\d)",
            rf"(?P<d4>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)?[ -]{_NAME % 'm4'}(?:,?[ -]{_YEAR % 'y4'})?",
            rf"{_NAME % 'm5'} (?:the )?(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:])(?:,? {_YEAR % 'y5'})?",
            r"(?:(?<=\bam )|(?<=\bvom )|(?<=\bbis )|(?<=\bzum )|(?<=\bab ))(?P<d6>\d{1,2})\.(?P<m6>\d{1,2})\.(?!\d)",
        )
    ),
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[\w./-]$")


def relative(result: Redacted, written: date | None) -> Redacted:
    """Return a redacted text with its dates as distances in days.

    It comes after redaction, so that a date of birth is a date of birth and no distance from which the age could be
    told.

    Args:
        result: The redacted text.
        written: The day it was written; None where nobody knows, which leaves `[DAY]` of every date.
    """
    parts: list[str] = []
    spans: list[Replaced] = []
    old = iter([*result.spans, None])
    waiting = next(old)
    at = size = shift = 0  # shift: from the redacted text to the clean original
    for m in _DATE.finditer(result.text):
        if _BEFORE.search(result.text[max(0, m.start() - 1) : m.start()]):
            continue
        day = _day(m, written)
        token = "[DAY]" if day is None or written is None else f"[DAY{(day - written).days:+d}]"
        while waiting is not None and waiting.end <= m.start():
            shift = waiting.last - waiting.end
            spans.append(waiting._replace(start=waiting.start - at + size, end=waiting.end - at + size))
            waiting = next(old)
        size += m.start() - at
        first, last = m.start() + shift, m.end() + shift
        spans.append(Replaced(size, size + len(token), ENTITY, "pattern", first, last, "day"))
        parts += (result.text[at : m.start()], token)
        size += len(token)
        at = m.end()
    if not parts:
        return result
    while waiting is not None:
        spans.append(waiting._replace(start=waiting.start - at + size, end=waiting.end - at + size))
        waiting = next(old)
    counts = dict(sorted(Counter(span.entity for span in spans).items()))
    return replace(result, text="".join((*parts, result.text[at:])), counts=counts, spans=tuple(spans))


def _day(m: re.Match[str], written: date | None) -> date | None:
    found = m.groupdict()
    if found["a3"]:
        first, second = int(found["a3"]), int(found["b3"])
        if first <= 12 and second <= 12 and first != second:
            return None
        return _made(int(found["y3"]), min(first, second) if first > 12 or second > 12 else first, max(first, second))
    kind = next(k for k in "12456" if found[f"d{k}"])
    year, month = found.get(f"y{kind}"), found[f"m{kind}"]
    number = int(month) if month.isdigit() else _MONTHS[month.lower()]
    day = int(found[f"d{kind}"])
    if year:
        return _made(int(year) + (2000 if len(year) == 2 else 0), number, day)
    if written is None:
        return None
    # Without a year the nearest such day is meant.
    near = [d for d in (_made(written.year + step, number, day) for step in (-1, 0, 1)) if d is not None]
    return min(near, key=lambda d: abs((d - written).days)) if near else None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
