"""A sweep and an erasure that die at any step: the next one completes what was begun, and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from withdrawal_world import CUSTOMER, INES, SUBJECT, Memory, World, content, fake_model, moment

from attest.log import EventLog
from attest.vault import Vault
from govern import erasure, lineage, rederive
from govern.workspace import Workspace

NOW = moment("2026-03-06T09:00:00Z")
EFFECTS: tuple[tuple[Any, str], ...] = (
    (EventLog, "append"),
    (Workspace, "keep"),
    (Vault, "put"),
    (Vault, "put_facts"),
    (Vault, "drop_facts"),
    (Vault, "shred"),
    (Path, "unlink"),
)
"""Everything that a sweep or an erasure changes outside of its own memory."""


class Crash(BaseException):
    """The process is gone; no handler of errors runs on."""


@contextmanager
def dying(at: int) -> Iterator[list[int]]:
    """Die before the effect number `at`; whatever a dead process would still try has no effect either."""
    done = [0]

    def mortal(effect: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if done[0] >= at:
                raise Crash
            done[0] += 1
            return effect(*args, **kwargs)

        return wrapped

    with contextmanager(_patched)(mortal), suppress(Crash):
        yield done


def _patched(mortal: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    patches = [mock.patch.object(owner, name, mortal(getattr(owner, name))) for owner, name in EFFECTS]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


@pytest.fixture(scope="module", autouse=True)
def model() -> Any:
    """A predictable model for all of it."""
    with fake_model() as backend:
        yield backend


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with one draft."""
    root = tmp_path_factory.mktemp("made")
    world = World(Memory(root), root).begin()
    world.extract()
    return world


def sweep(world: World, now: datetime = NOW) -> list[rederive.Settled]:
    """Sweep as the command does."""
    workspace = Workspace.open(world.workspace)
    with workspace.log() as log, workspace.vault() as vault:
        erasure.recover(workspace, log, vault, now)
        return rederive.Sweep(workspace, log, vault, now).run()


def settled(world: World) -> tuple[lineage.Artefact, list[lineage.Artefact]]:
    """Return the first artefact and all that came after it, as the log has them."""
    workspace = Workspace.open(world.workspace)
    with workspace.log() as log, workspace.vault() as vault:
        assert lineage.of_workspace(workspace, log, vault, NOW) == []
        first, *others = lineage.artefacts(lineage.entries(log)).values()
    return first, others


def assert_ended_once(world: World) -> None:
    """Each artefact has at most one revocation and one tombstone."""
    for kind in ("skill.revoked", "skill.tombstoned"):
        names = [e["body"]["extraction_id"] for e in world.events(kind)]
        assert len(names) == len(set(names))


def test_a_sweep_that_dies_at_any_step_is_completed_and_nothing_is_done_twice(made: World, tmp_path: Path) -> None:
    start = made.copy(tmp_path / "start")
    start.veto(INES)
    whole = start.copy(tmp_path / "whole")
    sweep(whole)
    (draft,) = whole.staged()
    expected = content(draft)
    steps, ended = 0, False
    while not ended:
        world = start.copy(tmp_path / f"{steps}")
        with dying(steps) as done:
            sweep(world)
            ended = True
        assert ended or done[0] == steps
        sweep(world)
        old, others = settled(world)
        (draft,) = world.staged()
        assert old.tombstone_index is not None
        assert draft.name == f"{old.replaced_by}.draft.skill"
        assert content(draft) == expected
        assert_ended_once(world)
        # What a dead run left sealed and without a draft has a tombstone of its own.
        live = [a for a in others if a.tombstone_index is None]
        assert [a.extraction_id for a in live] == [old.replaced_by]
        jobs = sorted(p.name for p in (world.workspace / "extractions").glob("[!.]*.job.json"))
        assert jobs == [f"{old.replaced_by}.job.json"]
        steps += 1
    assert steps >= 15


def test_a_withdrawal_that_dies_at_any_step_after_it_was_said_is_completed(made: World, tmp_path: Path) -> None:
    start = made.copy(tmp_path / "start")
    workspace = Workspace.open(start.workspace)
    with workspace.log() as log:
        workspace.append(log, "consent.withdrawn", f"employee:{SUBJECT}", {"pid": SUBJECT, "purposes": None}, NOW)
    steps, ended = 0, False
    while not ended:
        world = start.copy(tmp_path / f"{steps}")
        with dying(steps):
            sweep(world)
            ended = True
        sweep(world)
        old, others = settled(world)
        assert (old.tombstone_index is not None, old.replaced_by, others) == (True, None, [])
        assert_ended_once(world)
        assert {p.suffix for p in (world.workspace / "extractions").iterdir()} == {".jsonl"}
        steps += 1
    assert steps >= 6


def test_an_erasure_that_dies_at_any_step_is_logged_once_and_exactly(made: World, tmp_path: Path) -> None:
    def erase(world: World) -> None:
        workspace = Workspace.open(world.workspace)
        with workspace.log() as log, workspace.vault() as vault:
            erasure.erase(workspace, log, vault, (f"mailto:{CUSTOMER}",), NOW)

    steps, ended, kinds = 0, False, set()
    while not ended:
        world = made.copy(tmp_path / f"{steps}")
        with dying(steps):
            erase(world)
            ended = True
        workspace = Workspace.open(world.workspace)
        with workspace.log() as log, workspace.vault() as vault:
            gone = sum(destroyed for _, destroyed in vault.holdings().values())
            erasure.recover(workspace, log, vault, NOW)
            erasure.recover(workspace, log, vault, NOW)
        said = [e["body"]["records"] for e in world.events("salt.shredded")]
        assert said == ([3] if gone else [])
        assert list((world.workspace / "erasures").glob("*.json")) == []
        kinds.add(gone)
        steps += 1
    # Some died before, some after: then the log says what the vault shows.
    assert kinds == {0, 3}


def test_a_person_half_erased_in_a_crash_is_erased_by_saying_so_again(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path)
    workspace = Workspace.open(world.workspace)
    with workspace.log() as log, workspace.vault() as vault:
        # All names in one transaction: there is no half.
        with dying(2):
            erasure.erase(workspace, log, vault, (INES, f"mailto:{CUSTOMER}"), NOW)
        assert vault.records_of(INES) == []
        assert vault.records_of(f"mailto:{CUSTOMER}") == []
        again = erasure.erase(workspace, log, vault, (INES, f"mailto:{CUSTOMER}"), NOW)
    assert again.records == {}
    assert [e["body"]["records"] for e in world.events("salt.shredded")] == [6]
