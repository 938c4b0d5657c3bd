"""Durations: one text per length, calendar arithmetic, conservative comparison."""

from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from policies.duration import Duration

durations = st.builds(
    Duration, st.integers(0, 60), st.one_of(st.integers(0, 400).map(lambda d: d * 86400), st.integers(0, 10**6))
)
moments = st.integers(0, 3_600_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@pytest.mark.parametrize(
    ("text", "normal"),
    [("P1Y", "P12M"), ("P12M", "P12M"), ("P2W", "P14D"), ("PT60M", "PT1H"), ("PT24H", "P1D"), ("P0D", "P0D"),
     ("PT0S", "P0D"), ("P1Y2M3DT4H5M6S", "P14M3DT4H5M6S")],
)  # fmt: skip
def test_equal_lengths_have_one_text(text: str, normal: str) -> None:
    assert str(Duration.parse(text)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "12M",
        "P-1D",
        "P1.5D",
        "P1,5D",
        "p1d",
        "P1D ",
        "P1M1Y",
        "PT1D",
        "P99999M",
        "P１D",
        "P1D\n",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        Duration.parse(text)


@given(durations)
def test_text_round_trips(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@given(durations, moments)
def test_addition_agrees_with_dateutil(duration: Duration, start: datetime) -> None:
    delta = timedelta(seconds=duration.seconds)
    assert duration.after(start) == start + relativedelta(months=duration.months) + delta
    assert duration.before(start) == start - relativedelta(months=duration.months) - delta


@given(durations, durations, moments)
def test_within_holds_from_every_start(a: Duration, b: Duration, start: datetime) -> None:
    if a.within(b):
        assert a.after(start) <= b.after(start)


@given(durations, durations, durations)
def test_within_is_a_partial_order(a: Duration, b: Duration, c: Duration) -> None:
    assert a.within(a)
    if a.within(b) and b.within(a):
        assert a == b
    if a.within(b) and b.within(c):
        assert a.within(c)


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [("P30D", "P31D", True), ("P28D", "P1M", True), ("P30D", "P1M", False), ("P1M", "P30D", False),
     ("P1M", "P31D", True), ("P12M", "P366D", True), ("P365D", "P12M", True), ("P12M", "P365D", False)],
)  # fmt: skip
def test_months_compare_with_days_only_where_the_calendar_allows(short: str, long: str, expected: bool) -> None:
    assert Duration.parse(short).within(Duration.parse(long)) is expected


def test_a_month_after_the_last_of_january_is_the_last_of_february() -> None:
    assert Duration.parse("P1M").after(datetime(2028, 1, 31, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


def test_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Duration.parse("P1D").after(datetime(2026, 1, 1))  # noqa: DTZ001


def test_leaving_the_calendar_is_an_error_and_no_wrap() -> None:
    with pytest.raises(ValueError, match="calendar"):
        Duration.parse("P9999M").before(datetime(300, 1, 1, tzinfo=UTC))
