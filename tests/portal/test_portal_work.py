"""Jobs: done in order, by one, once more after a crash, forgotten after an hour, and nobody else's to see."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from portal_world import PortalWorld
from workplace import SUBJECT

from govern.portal import worker
from govern.portal.work import MAX_WAITING
from govern.portal_jobs import FILE, KEPT, PREVIEWS_KEPT, JobFile

LOOK = {"subject": SUBJECT, "purpose": "onboarding"}


def test_jobs_are_done_in_the_order_in_which_they_came(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(worker, "do", lambda _root, job, _now, _progress: done.append(job.id))
    work = world.portal.work
    names = [work.order("dry_run", "hr", f"hr-{i}", LOOK) for i in range(3)]
    assert world.work() == 3
    assert done == names
    assert [work.job(name, "hr", f"hr-{i}").state for i, name in enumerate(names)] == ["done"] * 3  # type: ignore[union-attr]
    assert work.job(names[0], "hr", "hr-1") is None
    assert work.job(names[0], "dpo", "hr-0") is None


def test_what_a_crash_cut_off_is_begun_again_once(world: PortalWorld) -> None:
    work = world.portal.work
    name = work.order("dry_run", "hr", "hr-1", LOOK)
    with closing(JobFile(world.office.workspace)) as file:
        for state in ("waiting", "failed"):
            assert file.take() is not None
            file.recover(world.now)
            job = work.job(name, "hr", "hr-1")
            assert job is not None
            assert job.state == state
        assert file.take() is None
    assert job.problem == "crashed"


def test_what_a_failure_says_is_not_kept(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("Tove Lindqvist wrote: ...")

    monkeypatch.setattr(worker, "do", fails)
    name = world.portal.work.order("run", "hr", "hr-1", LOOK)
    assert world.work() == 1
    job = world.portal.work.job(name, "hr", "hr-1")
    assert job is not None
    assert (job.state, job.problem, job.result) == ("failed", "failed.ValueError", None)
    assert b"Tove" not in (world.office.workspace / "portal-jobs.sqlite").read_bytes()


WORDS = b"her own words"


def looked(world: PortalWorld, monkeypatch: pytest.MonkeyPatch, took: timedelta = timedelta()) -> str:
    """Have the person look, and return the name of the job."""

    def finds(*_: Any) -> dict[str, list[str]]:
        world.now += took
        return {"items": [WORDS.decode()]}

    with monkeypatch.context() as patch:
        patch.setattr(worker, "do", finds)
        name = world.portal.work.order("preview", "employee", SUBJECT, {**LOOK, "lang": "en"})
        assert world.work() == 1
    assert WORDS in (world.office.workspace / FILE).read_bytes()
    return name


def test_a_result_is_forgotten_after_an_hour_with_nobody_there(
    world: PortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(world, monkeypatch)
    world.now += PREVIEWS_KEPT
    assert world.work() == 0
    assert WORDS not in (world.office.workspace / FILE).read_bytes()


def test_a_result_is_not_shown_after_an_hour_while_the_worker_is_busy(
    world: PortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = looked(world, monkeypatch)
    world.now += PREVIEWS_KEPT
    assert world.portal.work.job(name, "employee", SUBJECT) is None
    assert WORDS not in (world.office.workspace / FILE).read_bytes()


def test_the_hour_begins_when_a_job_ends(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    name = looked(world, monkeypatch, took=2 * PREVIEWS_KEPT)
    world.now += PREVIEWS_KEPT / 2
    job = world.portal.work.job(name, "employee", SUBJECT)
    assert job is not None
    assert job.result == {"items": [WORDS.decode()]}


def test_other_results_are_kept_for_a_week(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "do", lambda *_: {"taken": {}})
    name = world.portal.work.order("dry_run", "hr", "hr-1", LOOK)
    assert world.work() == 1
    world.now += KEPT - timedelta(seconds=1)
    assert world.portal.work.job(name, "hr", "hr-1") is not None
    world.now += timedelta(seconds=1)
    assert world.portal.work.job(name, "hr", "hr-1") is None


def test_erasure_deletes_what_the_person_looked_at(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    name = looked(world, monkeypatch)
    browser = world.browser()
    assert browser.send(browser.get("/me/everything"), "/me/erase", sure="yes").status == 200
    assert world.work() == 1
    assert world.portal.work.job(name, "employee", SUBJECT) is None
    assert WORDS not in (world.office.workspace / FILE).read_bytes()


def test_erasure_by_command_deletes_it_too(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    looked(world, monkeypatch)
    erased = world.office.run("subject", "erase", "--subject", SUBJECT, "--yes", "--now", world.now.isoformat())
    assert erased.code == 0, erased.err
    assert WORDS not in (world.office.workspace / FILE).read_bytes()


def test_what_people_looked_at_does_not_outlast_the_portal(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    looked(world, monkeypatch)
    world.portal.work.close()
    assert WORDS not in (world.office.workspace / FILE).read_bytes()


def test_a_job_acts_as_of_when_it_is_begun(world: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    acted: list[datetime] = []
    monkeypatch.setattr(worker, "do", lambda _root, _job, now, _progress: acted.append(now))
    world.portal.work.order("run", "hr", "hr-1", LOOK)
    world.later(hours=3)
    world.work()
    assert acted == [world.now]


def test_one_person_cannot_fill_the_row_and_a_withdrawal_always_gets_in(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get("/me/preview")
    for _ in range(MAX_WAITING):
        assert browser.send(page, "/me/preview", purpose="onboarding").status == 200
    assert browser.send(page, "/me/preview", purpose="onboarding").status == 403
    home = browser.get("/me")
    assert browser.send(home, "/me/withdraw", nth=len(home.tree.css('form[action="/me/withdraw"]')) - 1).status == 200
    assert world.portal.work.of("employee", SUBJECT)[0].kind == "clear"
