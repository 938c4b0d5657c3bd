"""HR's pages: counts that point at nobody, runs without a path, and no way to tell who said no."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from portal_world import Browser, PortalWorld
from workplace import COLLEAGUE, SUBJECT

from govern.portal.pages import hr as hr_page
from govern.portal_jobs import JobFile

YES = {"source": ["knowledge_transfer/mail.work"], "category": ["procedures"], "first": "2025-06-01",
       "last": "2026-03-01", "validity": "P12M"}  # fmt: skip


def refuse(world: PortalWorld, browser: Browser) -> None:
    page = browser.get("/me")
    token = page.form("/me/choose").css_first("input[name=csrf]").attributes["value"]
    browser.sign(browser.post("/me/refuse", csrf=token), "/me/sign", world.device())


def withdraw(world: PortalWorld, browser: Browser) -> None:
    browser.sign(browser.send(browser.get("/me"), "/me/choose", **YES), "/me/sign", world.device())
    world.later(minutes=1)
    page = browser.get("/me")
    browser.send(page, "/me/withdraw", nth=len(page.tree.css('form[action="/me/withdraw"]')) - 1)
    world.work()


def defer(world: PortalWorld, _: Browser) -> None:
    assert world.office.run("consent", "defer", "--subject", SUBJECT, "--now", world.now.isoformat()).code == 0


def object_(world: PortalWorld, _: Browser) -> None:
    assert world.office.run("consent", "object", "--subject", SUBJECT, "--now", world.now.isoformat()).code == 0


def silence(world: PortalWorld, _: Browser) -> None:
    pass


def seen_by_hr(world: PortalWorld) -> str:
    """Everything that HR gets to see, with what differs from sign-in to sign-in taken out."""
    hr = world.browser("hr", "hr-1")
    texts = [hr.get("/hr").text]
    for kind in ("dry_run", "run"):
        page = hr.send(hr.get("/hr"), "/hr/order", nth=0, subject=SUBJECT, purpose="knowledge_transfer", kind=kind)
        texts.append(page.text)
        world.work()
        job = page.url.removeprefix(world.origin)
        # Too early to tell: neither that it ended, nor that somebody else's job came first.
        texts.append(hr.get(job).text)
        world.now += hr_page.SLOT
        texts.append(hr.get(job).text)
    texts.append(hr.get("/hr").text)
    text = "\n".join(texts)
    text = re.sub(r'value="[A-Za-z0-9_-]{32}"', "CSRF", text)
    text = re.sub(r"/hr/jobs/[0-9a-f]{24}", "/hr/jobs/ID", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "TIME", text)


@pytest.mark.parametrize("decide", [refuse, withdraw, defer, object_], ids=lambda decide: decide.__name__)
def test_hr_cannot_tell_who_decided_from_who_never_answered(
    tmp_path: Path, decide: Callable[[PortalWorld, Browser], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="govern.portal")
    shown, lines = [], []
    for what in (decide, silence):
        world = PortalWorld(tmp_path / what.__name__).begin()
        world.ask()
        browser = world.browser()
        world.enrol(browser, world.device())
        what(world, browser)
        world.later(hours=1)
        caplog.clear()
        shown.append(seen_by_hr(world))
        lines.append([{k: v for k, v in record.fields.items() if k != "ms"} for record in caplog.records])
        world.end()
    assert shown[0] == shown[1]
    assert lines[0] == lines[1]
    assert set(re.findall(r"<code>((?:run|subject|lifecycle)\.\w+)</code>", shown[0])) == {"subject.consent_valid"}


def expire(world: PortalWorld, _: Browser) -> None:
    world.later(days=40)


def withdraw_and_fail(world: PortalWorld, _: Browser) -> None:
    withdraw_all(world)
    with closing(JobFile(world.office.workspace)) as file:
        job = file.take()
        assert job is not None
        assert job.kind == "clear"
        file.end(job.id, world.now, problem="failed.OSError")
    world.later(days=40)


def withdraw_and_clear(world: PortalWorld, _: Browser) -> None:
    withdraw_all(world)
    assert world.work() == 1
    world.later(days=40)


def withdraw_all(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get("/me")
    browser.send(page, "/me/withdraw", nth=len(page.tree.css('form[action="/me/withdraw"]')) - 1)


@pytest.mark.parametrize("decide", [withdraw_and_clear, withdraw_and_fail], ids=lambda decide: decide.__name__)
def test_after_a_run_hr_cannot_tell_a_withdrawal_from_an_end_by_time(
    tmp_path: Path, decide: Callable[[PortalWorld, Browser], None]
) -> None:
    shown = []
    for what in (decide, expire):
        world = PortalWorld(tmp_path / what.__name__).begin()
        world.ask()
        browser = world.browser()
        ran(world, browser, validity="P1M")
        what(world, browser)
        shown.append(seen_by_hr(world))
        world.end()
    assert shown[0] == shown[1]
    assert "<dt>Extractions</dt><dd>1</dd>" in shown[0]


def test_a_run_made_again_without_a_source_is_no_further_run_to_hr(world: PortalWorld) -> None:
    world.ask()
    ran(world, world.browser())
    world.later(hours=2)
    before = world.browser("hr", "hr-1").get("/hr").words
    browser = world.browser()
    page = browser.get("/me")
    browser.send(page, "/me/withdraw", source="chat.public_channel")
    assert world.work() == 1
    assert b'"why":"part_taken_back"' in world.entries("skill.tombstoned")[0]
    assert world.browser("hr", "hr-1").get("/hr").words == before


def ran(world: PortalWorld, browser: Browser, validity: str = "P12M") -> None:
    """Have the person sign, and HR run."""
    world.enrol(browser, world.device())
    yes = {**YES, "source": [f"knowledge_transfer/{s}" for s in ("mail.work", "vcs.commit", "chat.public_channel")]}
    yes |= {"category": ["procedures", "decision_rules", "checklists", "references", "code_style"]}
    browser.sign(browser.send(browser.get("/me"), "/me/choose", **yes | {"validity": validity}), "/me/sign",
                 world.device())  # fmt: skip
    world.later(days=8)
    hr = world.browser("hr", "hr-1")
    page = hr.send(hr.get("/hr"), "/hr/order", subject=SUBJECT, purpose="knowledge_transfer", kind="run")
    assert "data-job" in page.text
    world.work()
    assert "data-job" in hr.get(page.url.removeprefix(world.origin)).text
    world.now += hr_page.SLOT
    assert "A draft was made" in hr.get(page.url.removeprefix(world.origin)).words


def test_an_allowed_run_is_told_in_numbers_of_records(world: PortalWorld) -> None:
    world.ask()
    ran(world, world.browser())
    hr = world.browser("hr", "hr-1")
    done = hr.get(str(hr.get("/hr").tree.css_first('a[href^="/hr/jobs/"]').attributes["href"]))
    assert "data-job" not in done.text
    numbers = [int(node.text()) for node in done.tree.css("dd") if node.text().isdigit()]
    assert numbers
    assert all(number % 5 == 0 for number in numbers)
    for quote in world.office.place.mails:
        assert quote[:30] not in done.text
    assert hr.get("/me/drafts").status == 404


def test_nobody_else_sees_a_job_and_nothing_else_can_be_ordered(world: PortalWorld) -> None:
    hr = world.browser("hr", "hr-1")
    page = hr.send(hr.get("/hr"), "/hr/order", subject=COLLEAGUE, purpose="onboarding", kind="dry_run")
    path = page.url.removeprefix(world.origin)
    assert page.status == 200
    for role, who in (("employee", SUBJECT), ("dpo", "dpo-1"), ("works_council", "council-1")):
        assert world.browser(role, who).get(path).status == 404
    wrong: list[dict[str, Any]] = [
        {"kind": "clear"},
        {"kind": "../run"},
        {"subject": "p-nobody00"},
        {"purpose": "spying"},
    ]
    for changes in wrong:
        order = {"subject": SUBJECT, "purpose": "onboarding", "kind": "run", **changes}
        assert 400 <= hr.send(hr.get("/hr"), "/hr/order", **order).status < 500


def test_hr_asks_and_the_person_finds_the_question(world: PortalWorld) -> None:
    hr = world.browser("hr", "hr-1")
    asked = hr.send(hr.get("/hr"), "/hr/ask", subject=SUBJECT, purpose="onboarding")
    assert asked.status == 200
    assert "you were asked" in world.browser().get("/me").words


def test_that_hr_looked_is_in_the_log_once(world: PortalWorld) -> None:
    hr = world.browser("hr", "hr-1")
    hr.get("/hr")
    world.later(minutes=1)
    hr.get("/hr")
    reads = world.entries("access.read")
    assert len(reads) == 1
    assert b'"view":"/hr"' in reads[0]
    world.later(minutes=11)
    hr.get("/hr")
    assert len(world.entries("access.read")) == 2


def test_a_veto_does_not_show_in_the_numbers_of_a_run(tmp_path: Path) -> None:
    shown = []
    for vetoes in (False, True):
        world = PortalWorld(tmp_path / str(vetoes)).begin()
        world.ask()
        if vetoes:
            command = ("subject", "veto", "--subject", COLLEAGUE, "--now", world.now.isoformat())
            assert world.office.run(*command).code == 0
        hr = world.browser("hr", "hr-1")
        page = hr.send(hr.get("/hr"), "/hr/order", subject=SUBJECT, purpose="knowledge_transfer", kind="dry_run")
        world.work()
        world.now += hr_page.SLOT
        shown.append(hr.get(page.url.removeprefix(world.origin)).words)
        world.end()
    assert "What a run would take" in shown[0]
    assert "participant_veto" not in shown[1]
    # Nothing to subtract from: no total of what was seen or left out stands beside the reasons.
    assert not re.search(r"(?i)\bseen\b|left out \d", shown[1])
