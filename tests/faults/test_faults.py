"""A quick sample of the sweep in `python -m faults`, and the order of writes of one run, checked in full."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faults import order, state, sweep, trace
from faults.driver import run

SECONDS = 24
"""How long the sample of faults may take; what is not done by then is left to the full sweep."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reason = trace.why_not()
    if reason is not None:
        pytest.skip(reason)
    return tmp_path_factory.mktemp("faults") / "run"


@pytest.fixture(scope="module")
def reference(folder: Path) -> tuple[list[trace.Call], state.Final]:
    return sweep.reference(folder)


def test_promises_hold_after_a_fault_at_points_all_over_the_run(folder, reference):
    calls, final = reference
    assert len(calls) > 200
    # Every point has one place in a cycle of odd step, so that the sample is spread over the run and over the faults.
    step = 157
    assert len(calls) % step
    started = time.monotonic()
    results = []
    for i in range(len(calls)):
        if time.monotonic() - started > SECONDS:
            break
        fault = sweep.FAULTS[i % len(sweep.FAULTS)]
        results.append(sweep.sweep(folder, fault, [calls[i * step % len(calls)]], final))
    assert [failure for result in results for failure in result.failures] == []
    assert len(results) >= len(sweep.FAULTS)


def test_nothing_is_acknowledged_or_shown_before_it_is_on_the_disk(folder):
    status, _, calls = trace.traced(state.emptied(folder))
    assert status == 0
    assert order.unsynced(calls) == []
    # The check sees it when a sync is left out: of a log's entries, of the high-water file, of a tile, of a folder.
    syncs = [i for i, call in enumerate(calls) if call.name in ("fsync", "fdatasync")]
    missed = [calls[i].what for i in syncs if order.unsynced(calls[:i] + calls[i + 1 :]) == []]
    # Not seen: SQLite's own journal while the log is being made, what a later sync covers too, what closing syncs.
    assert {what for what in missed if not what.endswith("-journal")} <= {"", "/log.sqlite", "/log.sqlite-wal"}
    assert len(missed) < len(syncs) / 4


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, list[str]]:
    """A run that nothing disturbed."""
    told: list[str] = []
    folder = state.emptied(tmp_path / "run")
    run(folder, told.append, lambda step: step())
    return folder, told


def test_the_check_sees_what_it_is_for(whole):
    folder, told = whole
    state.check(folder, told)
    for line in ("batch 1 2", "note " + state.read(folder / "published" / "checkpoint").hex()[:-2], "published 299"):
        with pytest.raises(state.BrokenError):
            state.check(folder, [*told, line])


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/42", "tile/1/000.p/1", "tile/entries/000", "checkpoint"])
def test_the_check_sees_a_published_file_that_is_missing_or_changed(whole, path):
    folder, told = whole
    file = folder / "published" / path
    data = file.read_bytes()
    file.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:] if len(data) > 40 else data[:-1] + b"\x00")
    with pytest.raises(state.BrokenError):
        state.check(folder, told)
    file.unlink()
    with pytest.raises(state.BrokenError):
        state.check(folder, told)


def test_the_check_sees_a_log_that_lost_what_it_acknowledged(whole):
    folder, told = whole
    (folder / "log.sqlite").unlink()
    with pytest.raises(state.BrokenError, match="gone"):
        state.check(folder, told)
