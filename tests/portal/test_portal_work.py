"""Jobs: done in order, by one, once more after a crash, forgotten after an hour, and nobody else's to see."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from portal_world import PortalWorld
from workplace import SUBJECT

from govern.portal import worker
from govern.portal.work import KEPT, MAX_WAITING, JobFile

LOOK = {"subject": SUBJECT, "purpose": "onboarding"}


def test_jobs_are_done_in_the_order_in_which_they_came(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(worker, "do", lambda _root, job, _progress: done.append(job.id))
    work = world.portal.work
    names = [work.order("dry_run", "hr", f"hr-{i}", LOOK, world.now) for i in range(3)]
    assert world.work() == 3
    assert done == names
    assert [work.job(name, "hr", f"hr-{i}").state for i, name in enumerate(names)] == ["done"] * 3  # type: ignore[union-attr]
    assert work.job(names[0], "hr", "hr-1") is None
    assert work.job(names[0], "dpo", "hr-0") is None


def test_what_a_crash_cut_off_is_begun_again_once(world: PortalWorld) -> None:
    work = world.portal.work
    name = work.order("dry_run", "hr", "hr-1", LOOK, world.now)
    with closing(JobFile(world.office.workspace)) as file:
        for state in ("waiting", "failed"):
            assert file.take() is not None
            file.recover()
            job = work.job(name, "hr", "hr-1")
            assert job is not None
            assert job.state == state
        assert file.take() is None
    assert job.problem == "crashed"


def test_what_a_failure_says_is_not_kept(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("Tove Lindqvist wrote: ...")

    monkeypatch.setattr(worker, "do", fails)
    name = world.portal.work.order("run", "hr", "hr-1", LOOK, world.now)
    assert world.work() == 1
    job = world.portal.work.job(name, "hr", "hr-1")
    assert job is not None
    assert (job.state, job.problem, job.result) == ("failed", "failed.ValueError", None)
    assert b"Tove" not in (world.office.workspace / "portal-jobs.sqlite").read_bytes()


def test_a_job_is_forgotten_after_an_hour(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "do", lambda *_: {"items": ["her own words"]})
    work = world.portal.work
    name = work.order("preview", "employee", SUBJECT, {**LOOK, "lang": "en"}, world.now)
    assert world.work() == 1
    file = world.office.workspace / "portal-jobs.sqlite"
    assert b"her own words" in file.read_bytes()
    world.now += KEPT
    work.order("preview", "employee", SUBJECT, {**LOOK, "lang": "en"}, world.now)
    assert work.job(name, "employee", SUBJECT) is None
    assert b"her own words" not in file.read_bytes()


def test_one_person_cannot_fill_the_row_and_a_withdrawal_always_gets_in(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get("/me/preview")
    for _ in range(MAX_WAITING):
        assert browser.send(page, "/me/preview", purpose="onboarding").status == 200
    assert browser.send(page, "/me/preview", purpose="onboarding").status == 403
    home = browser.get("/me")
    assert browser.send(home, "/me/withdraw", nth=len(home.tree.css('form[action="/me/withdraw"]')) - 1).status == 200
    assert world.portal.work.of("employee", SUBJECT)[0].kind == "clear"
