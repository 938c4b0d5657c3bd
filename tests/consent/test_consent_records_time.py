"""Working time and lookback at the edges: nights that are an hour short or long, time zones, months of any length."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from consent_world import NOW, World, choice_of, facts

from consent import decide
from policies.loader import parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def in_the_day_of(zone: str, moment: str) -> dict[str, Any]:
    """Return the facts about time of a record that was written at a moment by somebody in a zone."""
    at = datetime.fromisoformat(moment)
    local = at.astimezone(ZoneInfo(zone))
    return {
        "sent_at": at.astimezone(UTC).isoformat(),
        "local_minute": local.hour * 60 + local.minute,
        "local_weekday": local.weekday(),
        "local_date": local.date().isoformat(),
    }


def denied(under: str, *rows: dict[str, Any], now: datetime = NOW, **consent: Any) -> list[bool]:
    """Return for each row whether one gate of a policy denies it."""
    world = World(policy=policy(under), now=now)
    choice = choice_of(world.record(**consent))
    found = decide.decide_records(world.policy, facts(*rows), choice, world.request())
    return [under.partition(":")[0] in why for why in found.reasons]


# A shift over the small hours of a Sunday, and one that begins where the clocks are changed.
NIGHT = 'record.working_time: {week: {sat: [{from: "20:00", to: "22:00"}], mon: [{from: "06:00", to: "07:00"}]}}'

CLOCKS = [
    # In Berlin the clocks go forward on 29 March 2026: 08:00 is 07:00 UTC the day before and 06:00 UTC the day after.
    ("Europe/Berlin", "2026-03-27T07:00:00+00:00", False),
    ("Europe/Berlin", "2026-03-27T06:59:59+00:00", True),
    ("Europe/Berlin", "2026-03-30T06:00:00+00:00", False),
    ("Europe/Berlin", "2026-03-30T05:59:59+00:00", True),
    ("Europe/Berlin", "2026-03-30T15:59:59+00:00", False),
    ("Europe/Berlin", "2026-03-30T16:00:00+00:00", True),
    # And back on 25 October 2026.
    ("Europe/Berlin", "2026-10-23T06:00:00+00:00", False),
    ("Europe/Berlin", "2026-10-26T06:00:00+00:00", True),
    ("Europe/Berlin", "2026-10-26T07:00:00+00:00", False),
    # The same moment is a working hour in one place and none in another.
    ("Asia/Shanghai", "2026-06-01T01:00:00+00:00", False),
    ("Europe/Berlin", "2026-06-01T01:00:00+00:00", True),
    ("America/Los_Angeles", "2026-06-01T01:00:00+00:00", True),
    # Zones with a part of an hour; Lord Howe changes its clocks by half an hour.
    ("Asia/Kathmandu", "2026-06-01T02:15:00+00:00", False),
    ("Asia/Kathmandu", "2026-06-01T02:14:59+00:00", True),
    ("Australia/Lord_Howe", "2026-04-03T21:00:00+00:00", True),
    ("Australia/Lord_Howe", "2026-04-05T21:30:00+00:00", False),
    ("Australia/Lord_Howe", "2026-04-05T21:29:59+00:00", True),
    # Monday here is Sunday there.
    ("Pacific/Kiritimati", "2026-06-01T00:00:00+00:00", False),
    ("Pacific/Pago_Pago", "2026-06-01T00:00:00+00:00", True),
    # The date line moved in Samoa at the end of 2011: there was no 30 December.
    ("Pacific/Apia", "2011-12-29T19:00:00+00:00", False),
    ("Pacific/Apia", "2011-12-30T19:00:00+00:00", True),
]


@pytest.mark.parametrize(("zone", "moment", "outside"), CLOCKS)
def test_working_time_is_that_of_the_place_on_that_day(zone: str, moment: str, outside: bool) -> None:
    assert denied("record.working_time: {}", in_the_day_of(zone, moment)) == [outside]


def test_the_hour_that_comes_twice_counts_twice_and_the_one_that_is_skipped_has_no_record() -> None:
    # The floor knows no night; this is about which minute a record falls on, asked in New York's November.
    twice = [in_the_day_of("America/New_York", f"2026-11-01T{hour}:30:00+00:00") for hour in ("05", "06")]
    assert [row["local_minute"] for row in twice] == [90, 90]
    assert denied("record.working_time: {}", *twice) == [True, True]
    skipped = in_the_day_of("America/New_York", "2026-03-08T07:00:00+00:00")
    assert skipped["local_minute"] == 180


def test_a_window_ends_before_the_minute_that_it_names() -> None:
    rows = [in_the_day_of("Europe/Berlin", f"2026-06-06T{time}+02:00") for time in ("19:59:59", "20:00:00", "21:59:59")]
    rows += [in_the_day_of("Europe/Berlin", f"2026-06-0{day}T06:00:00+02:00") for day in (1, 2)]
    assert denied(NIGHT, *rows) == [True, False, False, False, True]


MONTHS = [
    # (policy's limit, now, oldest that counts)
    ("P1M", "2026-03-31T10:00:00+00:00", "2026-02-28T10:00:00+00:00"),
    ("P1M", "2028-03-31T10:00:00+00:00", "2028-02-29T10:00:00+00:00"),
    ("P12M", "2028-02-29T10:00:00+00:00", "2027-02-28T10:00:00+00:00"),
    ("P30D", "2026-03-31T10:00:00+00:00", "2026-03-01T10:00:00+00:00"),
    # A day is 24 hours, whatever the clocks on the wall did that night.
    ("P1D", "2026-03-29T12:00:00+02:00", "2026-03-28T11:00:00+01:00"),
]


@pytest.mark.parametrize(("limit", "now", "oldest"), MONTHS)
def test_how_far_back_depends_on_the_month(limit: str, now: str, oldest: str) -> None:
    at, first = datetime.fromisoformat(now).astimezone(UTC), datetime.fromisoformat(oldest)
    rows = [{"sent_at": (first + step).astimezone(UTC).isoformat()} for step in (timedelta(), -timedelta(seconds=1))]
    told = datetime(2020, 1, 1, tzinfo=UTC)
    assert denied(f"record.lookback: {{max: {limit}}}", *rows, now=at, shown_at=told) == [False, True]


def test_nothing_from_before_the_notice_counts_to_the_microsecond() -> None:
    told = datetime(2026, 7, 1, 10, tzinfo=UTC)
    rows = [{"sent_at": (told + step).isoformat()} for step in (timedelta(), -timedelta(microseconds=1))]
    assert denied("record.lookback: {max: P12M, before_notice: deny}", *rows, shown_at=told) == [False, True]
    assert denied("record.lookback: {max: P12M, before_notice: allow}", *rows, shown_at=told) == [False, False]
