"""Durations as ISO 8601 writes them: calendar-aware to add, conservative to compare."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_FORM = re.compile(
    r"P(?:(?P<years>[0-9]{1,3})Y)?(?:(?P<months>[0-9]{1,4})M)?(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?:(?P<hours>[0-9]{1,5})H)?(?:(?P<minutes>[0-9]{1,5})M)?(?:(?P<seconds>[0-9]{1,5})S)?)?"
)

# Fewest and most days that n consecutive months can have, n = 0..11.
_FEWEST = (0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334)
_MOST = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: calendar months and exact seconds, kept apart because a month has no fixed length.

    `P1Y` and `P12M` are the same duration, and so are `P1W`, `P7D` and `PT168H`.

    Attributes:
        months: Calendar months, years included.
        seconds: Exact seconds; weeks, days, hours and minutes included.
    """

    months: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Return the duration that `text` writes, for instance `P12M`, `P14D`, `PT15M`, `P0D`.

        Raises:
            ValueError: The text is not an ISO 8601 duration in whole numbers.
        """
        match = _FORM.fullmatch(text)
        parts = {name: int(value) for name, value in match.groupdict().items() if value is not None} if match else {}
        # "P", "PT" and "P1DT" name no quantity, or promise one that is not there.
        if not parts or text.endswith("T"):
            raise ValueError("not an ISO 8601 duration such as P12M, P14D or PT15M")
        days = parts.get("weeks", 0) * 7 + parts.get("days", 0)
        seconds = parts.get("hours", 0) * 3600 + parts.get("minutes", 0) * 60 + parts.get("seconds", 0)
        return cls(parts.get("years", 0) * 12 + parts.get("months", 0), days * 86400 + seconds)

    def __str__(self) -> str:
        """Return the one normal form of this duration; equal durations have equal texts."""
        days, rest = divmod(self.seconds, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        date = (f"{self.months}M" if self.months else "") + (f"{days}D" if days else "")
        time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        return "P" + (date + ("T" + time if time else "") or "0D")

    def after(self, start: datetime) -> datetime:
        """Return the moment this long after `start`: months first, clamped to the month's last day, then seconds."""
        return self._shift(start, 1)

    def before(self, end: datetime) -> datetime:
        """Return the moment this long before `end`: months first, clamped to the month's last day, then seconds."""
        return self._shift(end, -1)

    def within(self, other: Duration) -> bool:
        """Tell whether this is no longer than `other` from whatever day it is counted.

        `P30D` is within `P31D` but not within `P1M`, because February is shorter; `P1M` is not within `P30D` either:
        the two cannot be compared.
        """
        if self.months <= other.months and self.seconds <= other.seconds:
            return True
        return self._longest() <= other._shortest()

    def _shift(self, moment: datetime, sign: int) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        total = moment.year * 12 + moment.month - 1 + sign * self.months
        year, month = divmod(total, 12)
        if not 1 <= year <= 9998:
            raise ValueError("the duration leaves the calendar")
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        try:
            return moment.replace(year=year, month=month + 1, day=day) + sign * timedelta(seconds=self.seconds)
        except OverflowError:
            raise ValueError("the duration leaves the calendar") from None

    def _shortest(self) -> int:
        years, months = divmod(self.months, 12)
        return (years * 365 + _FEWEST[months]) * 86400 + self.seconds

    def _longest(self) -> int:
        years, months = divmod(self.months, 12)
        # A stretch of whole years holds at most one leap day in four years, rounded up; odd months may add one more.
        leap = (years + 3) // 4 + (1 if years and months else 0)
        return (years * 365 + _MOST[months] + leap) * 86400 + self.seconds
