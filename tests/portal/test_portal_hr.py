"""HR's pages: counts that point at nobody, runs without a path, and no way to tell who said no."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from portal_world import Browser, PortalWorld
from workplace import COLLEAGUE, SUBJECT

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
        texts.append(hr.get(page.url.removeprefix(world.origin)).text)
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
    assert "No" not in re.findall(r"subject\.(\w+)", shown[0])
    assert set(re.findall(r"<code>((?:run|subject|lifecycle)\.\w+)</code>", shown[0])) == {"subject.consent_valid"}


def test_an_allowed_run_is_told_in_numbers_of_records(world: PortalWorld) -> None:
    world.ask()
    browser = world.browser()
    world.enrol(browser, world.device())
    yes = {**YES, "source": [f"knowledge_transfer/{s}" for s in ("mail.work", "vcs.commit", "chat.public_channel")]}
    yes["category"] = ["procedures", "decision_rules", "checklists", "references", "code_style"]
    browser.sign(browser.send(browser.get("/me"), "/me/choose", **yes), "/me/sign", world.device())
    world.later(days=8)
    hr = world.browser("hr", "hr-1")
    page = hr.send(hr.get("/hr"), "/hr/order", subject=SUBJECT, purpose="knowledge_transfer", kind="run")
    assert 'http-equiv="refresh"' in page.text
    world.work()
    done = hr.get(page.url.removeprefix(world.origin))
    assert "A draft was made" in done.words
    assert 'http-equiv="refresh"' not in done.text
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


def test_the_rules_are_there_for_everybody_in_their_words(world: PortalWorld) -> None:
    mine, theirs = world.browser().get("/policy"), world.browser("hr", "hr-1").get("/policy")
    assert "Nothing is done unless you said yes" in mine.words
    assert "The worker's consent for this purpose is in force" in theirs.words
    assert "segment.pii" in mine.words


def test_that_hr_looked_is_in_the_log_once(world: PortalWorld) -> None:
    hr = world.browser("hr", "hr-1")
    hr.get("/hr")
    world.later(minutes=1)
    hr.get("/hr")
    reads = world.portal.desk.call(
        lambda desk: [data for _, data in desk.log.entries() if b'"type":"access.read"' in data]
    )
    assert len(reads) == 1
    assert b'"view":"/hr"' in reads[0]
    world.later(minutes=11)
    hr.get("/hr")
    assert world.portal.desk.call(lambda desk: sum(b'"access.read"' in data for _, data in desk.log.entries())) == 2
