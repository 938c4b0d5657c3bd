"""A clock that goes backwards, or two clocks that disagree: the order is the log's, whatever the times say."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, fixed_random
from hypothesis import given, settings
from hypothesis import strategies as st

from attest import checkpoint, events
from attest.errors import IdempotencyError
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner, open_note

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
MOMENTS = st.integers(-55 * 365, 173 * 365).map(lambda days: NOW + timedelta(days=days))


def event(n: int, at: datetime) -> Event:
    return Event.new("skill.used", "operator", {"n": n}, at, fixed_random(f"event {n}"))


def numbers(log: EventLog) -> list[int]:
    return [events.parse(data).body["n"] for _, data in log.entries()]


@settings(max_examples=15, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=6))
def test_entries_stay_in_the_order_of_their_appends_at_any_times(moments):
    with tempfile.TemporaryDirectory() as folder, EventLog.create(Path(folder) / "log.sqlite", ORIGIN) as log:
        for n, at in enumerate(moments):
            assert log.append([event(n, at)]) == [n]
            head = checkpoint.parse(open_note(log.checkpoint(SIGNER), [SIGNER.verifier]).text)
            assert head.size == n + 1
        assert numbers(log) == list(range(len(moments)))
        log.fsck(SIGNER.verifier)


def test_two_writers_with_clocks_a_year_apart_make_one_sequence(tmp_path):
    path = tmp_path / "log.sqlite"
    EventLog.create(path, ORIGIN).close()
    with EventLog.open(path) as fast, EventLog.open(path) as slow:
        for n in range(10):
            writer, at = (fast, NOW + timedelta(days=365)) if n % 2 else (slow, NOW)
            assert writer.append([event(n, at)], key=f"key-{n}") == [n]
            writer.checkpoint(SIGNER)
        assert fast.root() == slow.root()
        assert numbers(fast) == list(range(10))
        fast.fsck(SIGNER.verifier)


def test_a_batch_that_comes_again_after_the_clock_was_set_back_is_another_batch(tmp_path):
    """The bytes are the entry: a caller who asks again must send the same ones, times included."""
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as log:
        log.append([event(0, NOW)], key="key")
        assert log.append([event(0, NOW)], key="key") == [0]
        with pytest.raises(IdempotencyError):
            log.append([event(0, NOW - timedelta(hours=1))], key="key")
        assert log.size == 1


def test_a_signed_head_holds_no_time():
    """So no clock can make two heads of one size differ."""
    text = checkpoint.Checkpoint(ORIGIN, 1, bytes(32)).text()
    assert text.split("\n") == [ORIGIN, "1", "A" * 43 + "=", ""]
