"""Circumstances: what people file and log say at one moment; what nobody said is unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from extract import circumstances, identity
from extract.employment import Employment, states_on

PEOPLE = """
version: 1
organisation:
  jurisdictions: [DE]
  works_council: true
people:
  - pid: p-4k7q2m9x
    timezone: Pacific/Auckland
    language: de
    manager: p-8z2w3n5c
    employment:
      - {state: active, from: 2020-01-01}
      - {state: sick_leave, from: 2026-05-05, to: 2026-05-05}
    last_day: 2026-12-31
    minor: false
    jurisdictions: [NZ]
  - pid: p-8z2w3n5c
"""
APPROVALS = ("one",)
LEDGER: Any = SimpleNamespace(approvals=lambda now: APPROVALS)


def _of(pid: str = "p-4k7q2m9x", now: datetime = datetime(2026, 5, 1, 9, tzinfo=UTC), **more: Any) -> Any:
    given: dict[str, Any] = {
        "operator": "op", "announced": 7, "cascades": (), "access": (), "raw_kept": (), "salts": (), **more,
    }  # fmt: skip
    return circumstances.of(identity.parse(PEOPLE.encode()), LEDGER, pid, now, **given)


def test_people_file_and_log_are_put_together() -> None:
    found = _of()
    assert found.employment == ("active",)
    assert (found.last_day, found.minor, found.language) == (date(2026, 12, 31), False, "de")
    assert (found.jurisdictions, found.works_council) == (("DE", "NZ"), True)
    assert (found.operator, found.manager, found.announced) == ("op", "p-8z2w3n5c", 7)
    assert found.approvals == APPROVALS
    assert found.state_as_of == datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_what_nobody_said_is_unknown() -> None:
    found = _of("p-8z2w3n5c", operator=None, announced=None)
    unknown = (found.employment, found.minor, found.language, found.jurisdictions, found.manager, found.operator)
    assert set(unknown) == {None}
    assert found.announced is None
    assert _of("p-nobody9").employment is None


def test_a_day_that_has_begun_for_the_person_counts_as_well_as_the_day_in_utc() -> None:
    # Noon in UTC is past midnight in Auckland: the sick day has begun there, and not yet here.
    assert _of(now=datetime(2026, 5, 4, 13, tzinfo=UTC)).employment == ("active", "sick_leave")
    assert _of(now=datetime(2026, 5, 4, 9, tzinfo=UTC)).employment == ("active",)
    assert _of(now=datetime(2026, 5, 5, 20, tzinfo=UTC)).employment == ("active", "sick_leave")


def test_a_log_that_is_a_copy_says_from_when() -> None:
    then = datetime(2026, 4, 1, tzinfo=UTC)
    assert _of(as_of=then).state_as_of == then


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        (None, None),
        ((), None),
        ((Employment("active", date(2026, 6, 1)),), None),
        ((Employment("active", date(2020, 1, 1), date(2026, 4, 30)),), None),
        ((Employment("active", date(2026, 5, 1), date(2026, 5, 1)),), ("active",)),
    ],
)
def test_a_day_that_no_state_covers_is_unknown(spans: Any, found: tuple[str, ...] | None) -> None:
    assert states_on(spans, {date(2026, 5, 1)}) == found
    assert states_on(spans, {date(2026, 5, 1), date(2026, 5, 2)}) is None
