"""States of a person's employment and days of absence, as the people file lists them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from extract import fields

#: A misspelt state would hide a sick leave, so there are no others but `local_...`, which a policy may list.
STATES = frozenset(
    {
        "active", "probation", "notice", "redundancy", "improvement_plan", "disciplinary", "grievance", "sick_leave",
        "parental_leave",
    }
)  # fmt: skip
_LOCAL = re.compile(r"local_[a-z][a-z0-9_]{0,50}\Z")


@dataclass(frozen=True, slots=True)
class Absence:
    """Days of leave or sickness, both ends included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Employment:
    """A state of employment and the days on which it holds, both ends included; an end of None is open."""

    state: str
    start: date
    end: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether the state holds on that day."""
        return self.start <= day and (self.end is None or day <= self.end)


def states_on(employment: Iterable[Employment] | None, days: Collection[date]) -> tuple[str, ...] | None:
    """Return the states in force on any of the days, sorted; None where nothing is known about those days.

    Args:
        employment: As the people file lists it, or None.
        days: Today: where the person is and in UTC it need not be the same day, and then both count.
    """
    spans = tuple(employment or ())
    found = [{span.state for span in spans if span.holds(day)} for day in days]
    # A day that no span covers is no ordinary working day: nobody said what the person was then.
    return tuple(sorted(set().union(*found))) if found and all(found) else None


def parse(entry: Mapping[str, Any], where: str) -> tuple[Employment, ...] | None:
    """Return what a person's entry says under `employment`, or None where it says nothing.

    Raises:
        PeopleFileError: It is not in form; the message holds no value from it.
    """
    value = entry.get("employment")
    if value is None:
        return None
    where = f"{where}: employment"
    if not isinstance(value, list) or not value:
        fields.fail(where, "must be a list of states with `from` and `to`")
    found = []
    for item in value:
        item = fields.mapping(item, where, ("state", "from", "to"))
        state, start, end = item.get("state"), item.get("from"), item.get("to")
        if not isinstance(state, str) or not (state in STATES or _LOCAL.match(state)):
            fields.fail(where, "unknown state", f"known: {', '.join(sorted(STATES))}; others begin with local_")
        if type(start) is not date or not (end is None or (type(end) is date and start <= end)):
            fields.fail(where, "each needs `from`, a date like 2026-07-01, and may have a `to`, not before it")
        found.append(Employment(state, start, end))
    return tuple(found)


def absences(entry: Mapping[str, Any], where: str) -> tuple[Absence, ...]:
    """Return what a person's entry says under `absences`.

    Raises:
        PeopleFileError: It is not in form; the message holds no value from it.
    """
    value = entry.get("absences")
    if value is None:
        return ()
    if not isinstance(value, list):
        fields.fail(where, "absences must be a list")
    found = []
    for item in value:
        item = fields.mapping(item, f"{where}: absences", ("from", "to"))
        start, end = item.get("from"), item.get("to")
        if type(start) is not date or type(end) is not date or start > end:
            fields.fail(f"{where}: absences", "each needs `from` and `to`, dates like 2026-07-01, in this order")
        found.append(Absence(start, end))
    return tuple(found)
