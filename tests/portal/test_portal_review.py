"""A draft on the pages: statement by statement, one's own only, released by passkey, and gone with the consent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from portal_world import Answer, Browser, PortalWorld
from workplace import COLLEAGUE, SUBJECT

from attest import events
from govern import jobs
from govern.portal.pages import review

YES = {
    "source": [f"knowledge_transfer/{source}" for source in ("mail.work", "vcs.commit", "chat.public_channel")],
    "category": ["procedures", "decision_rules", "checklists", "references", "code_style"],
    "first": "2025-06-01",
    "last": "2026-03-01",
    "validity": "P12M",
}


@pytest.fixture
def browser(world: PortalWorld) -> Browser:
    world.ask()
    made = world.browser()
    world.enrol(made, world.device())
    page = made.send(made.get("/me"), "/me/choose", **YES)
    assert made.sign(page, "/me/sign", world.device()).status == 200
    return made


def run(world: PortalWorld) -> Any:
    """Have HR run it, as the page does."""
    world.later(days=8)  # the policy lets nothing be read before
    order = {"subject": SUBJECT, "purpose": "knowledge_transfer"}
    name = world.portal.work.order("run", "hr", "hr-1", order)
    assert world.work() == 1
    job = world.portal.work.job(name, "hr", "hr-1")
    assert job is not None
    return job


def logged(world: PortalWorld, kind: str) -> list[Any]:
    found = world.portal.desk.call(lambda desk: [events.parse(data) for _, data in desk.log.entries()])
    return [event for event in found if event.type == kind]


def draft_page(world: PortalWorld, who: str = SUBJECT) -> tuple[Browser, Answer]:
    browser = world.browser(who=who)
    link = browser.get("/me/drafts").tree.css_first('a[href^="/me/drafts/"]')
    assert link is not None
    return browser, browser.get(str(link.attributes["href"]))


def test_a_statement_in_a_models_words_says_so(
    world: PortalWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(world).state == "done"
    warning = "These are a model's words, not yours."
    assert warning not in draft_page(world)[1].words
    monkeypatch.setattr(review, "unsure_first", lambda claims: [replace(c, mode="paraphrase") for c in claims])
    page = draft_page(world)[1]
    assert page.words.count(warning) == len(page.tree.css("section.claim")) > 0


def test_the_whole_story_of_a_skill(world: PortalWorld, browser: Browser) -> None:
    job = run(world)
    assert job.state == "done", job.problem
    person, page = draft_page(world)
    path = page.url.removeprefix(world.origin)
    claims = page.tree.css("section.claim")
    assert len(claims) == job.result["claims"] > 1
    assert page.tree.css("blockquote")

    # One is corrected, one struck, the rest may stand; nothing is released before every one has its word.
    ids = [str(section.attributes["id"]) for section in claims]
    person.send(page, path, 0, verdict="corrected", text="Run the smoke tests <b>twice</b> {{7*7}}.")
    assert person.send(page, path, 1, verdict="struck").status == 200
    early = person.post(f"{path}/release", csrf=page.form(path).css_first("input[name=csrf]").attributes["value"])
    assert early.status == 403
    assert logged(world, "skill.released") == []
    for nth in range(2, len(ids)):
        page = person.send(page, path, nth, verdict="accepted")
    assert "49" not in page.tree.css_first(".statement").text()
    assert "<b>twice</b> {{7*7}}" in page.tree.css_first(".statement").text()
    assert len(logged(world, "skill.reviewed")) == 1

    page = person.send(page, f"{path}/release")
    assert page.status == 200, page.words
    assert "Run the smoke tests" in page.words
    done = person.sign(page, f"{path}/released", world.device())
    assert done.status == 200, done.words
    (event,) = logged(world, "skill.released")
    assert "in use" in done.words

    # What was released is checked as any other skill is, from the file and the log's key alone.
    link = done.tree.css_first('a[href$="/file"]')
    file = world.root / "released.skill"
    file.write_bytes(person.get(str(link.attributes["href"])).content)
    audit = world.office.run("audit", "verify", file, "--log-key", world.office.log_key, "--now", world.now.isoformat())
    assert audit.code == 0, audit.out + audit.err

    # The person's word on it, signed the same way.
    action = str(link.attributes["href"]).removesuffix("/file")
    assert person.send(done, f"{action}/word", kind="praise").status == 400
    asked = person.send(done, f"{action}/word", kind="confirm")
    world.later(minutes=1)
    assert person.sign(asked, f"{action}/said", world.device()).status == 200
    (word,) = logged(world, "subject.response")
    assert word.body["response"] == "confirm"
    assert person.sign(asked, f"{action}/said", world.device()).status == 403

    # Who uses it asks first and says so; the person sees it.
    listed = person.get("/me/drafts").words
    assert "you stand by it" in listed
    assert "Nobody said that they used it" in listed
    moment = ("--now", world.now.isoformat())
    for by in ("team:own", "role:release"):
        assert world.office.run("skill", "verify", file, "--by", by, *moment).code == 0
    assert world.office.run("skill", "verify", file, *moment).code == 0
    assert world.office.run("skill", "verify", file, "--by", "no name", *moment).code == 2
    assert [event.body["by"] for event in logged(world, "skill.used")] == ["team:own", "role:release"]
    listed = person.get("/me/drafts").words
    assert "team:own" in listed
    assert f"{event.body['expires'][:10]}" in listed
    assert "soon" not in listed
    assert "A skill was used" in person.get("/me/history").words

    # Nobody else gets it, under whatever name.
    other = world.browser(who=COLLEAGUE)
    assert other.get(path).status == 404
    assert other.get(str(link.attributes["href"])).status == 404
    assert "Skill of" not in other.get("/me/drafts").words

    # Taken back: stopped at once, and ended by the worker.
    world.later(minutes=5)
    home = person.get("/me")
    person.send(home, "/me/withdraw", nth=len(home.tree.css('form[action="/me/withdraw"]')) - 1)
    assert len(logged(world, "skill.revoked")) == 1
    assert world.work() == 1
    assert len(logged(world, "skill.tombstoned")) == 1
    extraction = event.body["extraction_id"]
    workspace = world.portal.desk.call(lambda desk: desk.workspace)
    assert not jobs.released_path(workspace, extraction).exists()
    assert person.get(str(link.attributes["href"])).status == 404
    verdict = world.office.run("skill", "verify", file, "--by", "team:own", "--now", world.now.isoformat())
    assert verdict.code == 3
    assert len(logged(world, "skill.used")) == 2
    assert "ended" in person.get("/me/drafts").words
    world.later(minutes=5)
    again = run(world)
    assert (again.state, again.problem) == ("failed", "refused")


def test_a_draft_goes_with_the_consent(world: PortalWorld, browser: Browser) -> None:
    run(world)
    person, page = draft_page(world)
    path = page.url.removeprefix(world.origin)
    person.send(page, path, 0, verdict="accepted")
    home = person.get("/me")
    person.send(home, "/me/withdraw", nth=len(home.tree.css('form[action="/me/withdraw"]')) - 1)
    late = person.send(page, path, 1, verdict="accepted")
    assert late.status == 403
    assert "Draft of" not in person.get("/me/drafts").words


def test_words_are_taken_back_and_kinds_are_kept(world: PortalWorld, browser: Browser) -> None:
    run(world)
    person, page = draft_page(world)
    path = page.url.removeprefix(world.origin)
    total = len(page.tree.css("section.claim"))
    page = person.send(page, path, 0, verdict="struck")
    assert f"1 of {total}" in page.words
    page = person.send(page, path, 0, verdict="open")
    assert f"0 of {total}" in page.words
    assert person.send(page, f"{path}/withhold").status == 400
    assert person.send(page, f"{path}/withhold", kind="everything").status == 400
    page = person.send(page, f"{path}/withhold", kind="pitfalls")
    assert page.status == 200
    for changes in (
        {"verdict": "released"},
        {"claim": "c999", "verdict": "accepted"},
        {"verdict": "corrected", "text": " "},
    ):
        assert 400 <= person.send(page, path, 0, **changes).status < 500
    assert person.send(page, path, 0, verdict="corrected", text="x" * 601).status == 400


def test_command_and_page_change_one_review(world: PortalWorld, browser: Browser) -> None:
    job = run(world)
    person, page = draft_page(world)
    path = page.url.removeprefix(world.origin)
    person.send(page, path, 0, verdict="struck")
    first = str(page.tree.css_first("section.claim").attributes["id"])
    workspace = world.portal.desk.call(lambda desk: desk.workspace)
    file = jobs.staged_path(workspace, job.result["extraction_id"])
    listed = world.office.run("skill", "review", file, "--list", "--json", "--now", world.now.isoformat())
    assert [claim["decision"] for claim in listed.json["claims"] if claim["id"] == first] == ["struck"]


def test_a_broken_signature_releases_nothing(world: PortalWorld, browser: Browser) -> None:
    run(world)
    person, page = draft_page(world)
    path = page.url.removeprefix(world.origin)
    for nth in range(len(page.tree.css("section.claim"))):
        page = person.send(page, path, nth, verdict="accepted")
    for device in (world.device("other"), world.device().but(origin="http://localhost:1"), world.device().but(flags=1)):
        asked = person.send(page, f"{path}/release")
        assert person.sign(asked, f"{path}/released", device).status >= 400
    assert logged(world, "skill.released") == []
