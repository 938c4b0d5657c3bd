"""The end of a consent: an ISO 8601 duration counted in calendar months and exact seconds.

The verifier reads consent records alone, so it does not share this with the package that writes them.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from attest.errors import FormatError

_FORM = re.compile(
    r"P(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})S)?)?"
)


def end_of(start: datetime, duration: str) -> datetime:
    """Return the moment that lies a duration after `start`.

    Months come first and are clamped to the last day of the month: P1M after 31 January is 28 or 29 February.

    Args:
        start: An aware time.
        duration: Such as `P12M`, `P14D`, `PT15M`.

    Raises:
        FormatError: The duration is not in form, or leads out of the calendar.
    """
    match = _FORM.fullmatch(duration)
    if match is None or duration.endswith("T") or not any(match.groups()):
        raise FormatError("a duration is not written like P12M or P14D")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    year, month = divmod(start.year * 12 + start.month - 1 + 12 * years + months, 12)
    try:
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        moved = start.replace(year=year, month=month + 1, day=day)
        return moved + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        raise FormatError("a duration leads out of the calendar") from None
