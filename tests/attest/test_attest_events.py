"""Events: one form, ids in order of time, nothing personal as an actor."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attest_world import NOW, fixed_random
from hypothesis import given
from hypothesis import strategies as st

from attest import canonical, events
from attest.errors import FormatError
from attest.events import Event, uuid7

ID = "0193514e-7800-7000-8000-000000000001"
EVENT = Event("source.manifest", "operator", {"size": 3, "root": "ab"}, ID, NOW)


def test_an_event_reads_back_as_it_was_written():
    assert events.parse(EVENT.to_bytes()) == EVENT


def test_an_event_looks_as_designed():
    assert EVENT.to_bytes() == (
        b'{"actor":"operator","at":"2026-11-22T10:00:00Z","body":{"root":"ab","size":3},'
        b'"id":"0193514e-7800-7000-8000-000000000001","type":"source.manifest","v":1}'
    )


def test_the_time_is_kept_in_utc_with_whole_seconds():
    berlin = timezone(timedelta(hours=1))
    event = Event("log.genesis", "operator", {}, ID, datetime(2026, 11, 22, 11, 0, 0, 999_999, berlin))
    assert event.at == NOW
    with pytest.raises(ValueError, match="zone"):
        Event("log.genesis", "operator", {}, ID, datetime(2026, 11, 22, 11))  # noqa: DTZ001


def test_the_body_cannot_be_changed_from_outside():
    body = {"a": 1}
    event = Event("log.genesis", "operator", body, ID, NOW)
    body["a"] = 2
    assert event.body["a"] == 1
    with pytest.raises(TypeError):
        event.body["a"] = 3  # type: ignore[index]


def changed(**changes) -> bytes:
    return canonical.dumps({**canonical.loads(EVENT.to_bytes()), **changes})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        changed(v=2),
        changed(v=True),
        changed(type="consent.maybe"),
        changed(type=1),
        changed(id=ID.upper()),
        changed(id=ID.replace("-7000", "-4000")),
        changed(id=ID.replace("-8000", "-c000")),
        changed(at="2026-11-22T10:00:00+00:00"),
        changed(actor="maren.holt@example.com"),
        changed(actor="Maren Holt"),
        changed(actor=""),
        changed(body=[]),
        changed(more=1),
        EVENT.to_bytes() + b"\n",
    ],
    ids=range(16),
)
def test_bytes_that_are_not_an_event_are_refused(data):
    with pytest.raises(FormatError):
        events.parse(data)


def test_an_entry_has_at_most_65535_bytes():
    empty = len(Event("log.genesis", "operator", {"x": ""}, ID, NOW).to_bytes())
    fits = Event("log.genesis", "operator", {"x": "a" * (events.MAX_ENTRY - empty)}, ID, NOW).to_bytes()
    assert len(fits) == 65_535
    assert events.parse(fits).body["x"]
    with pytest.raises(FormatError, match="65535"):
        Event("log.genesis", "operator", {"x": "a" * (events.MAX_ENTRY - empty + 1)}, ID, NOW).to_bytes()


@given(
    st.integers(0, 2**42).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)),
    st.binary(min_size=10, max_size=10),
)
def test_an_id_is_a_uuid_of_version_7_that_holds_the_millisecond(now, noise):
    made = uuid.UUID(uuid7(now, lambda n: noise[:n]))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_ids_sort_by_time():
    random = fixed_random("ids")
    made = [uuid7(NOW + timedelta(milliseconds=n), random) for n in range(50)]
    assert made == sorted(made)


def test_a_new_event_has_a_fresh_id():
    first, second = (Event.new("log.genesis", "operator", {}, NOW) for _ in range(2))
    assert first.id != second.id
    assert events.parse(first.to_bytes()) == first


def test_every_consent_event_of_the_design_has_its_type():
    assert {name for name in events.EVENT_TYPES if name.startswith("consent.")} == {
        f"consent.{name}" for name in events.CONSENT_EVENTS
    }
