"""What a person and a bystander see of their own, and nothing of anybody else's."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from portal_world import Browser, PortalWorld
from workplace import COLLEAGUE, SUBJECT

from attest import answers, dossier

YES = {
    "source": [f"knowledge_transfer/{source}" for source in ("mail.work", "vcs.commit", "chat.public_channel")],
    "category": ["procedures", "decision_rules", "checklists", "references", "code_style"],
    "first": "2025-06-01",
    "last": "2026-03-01",
    "validity": "P12M",
}
BASHIR = "bashir.haddad@harbour.example"


@pytest.fixture
def ran(world: PortalWorld) -> PortalWorld:
    """A world in which a run has read the subject's messages."""
    world.ask()
    browser = world.browser()
    world.enrol(browser, world.device())
    browser.sign(browser.send(browser.get("/me"), "/me/choose", **YES), "/me/sign", world.device())
    world.later(days=8)
    order = {"subject": SUBJECT, "purpose": "knowledge_transfer"}
    world.portal.work.order("run", "hr", "hr-1", order)
    assert world.work() == 1
    return world


def vkey(world: PortalWorld) -> str:
    return (world.office.workspace / "log.vkey").read_text().strip()


def test_a_person_sees_their_own_messages_before_deciding(world: PortalWorld) -> None:
    world.ask()
    browser = world.browser()
    page = browser.send(browser.get("/me/preview"), "/me/preview", purpose="knowledge_transfer")
    path = page.url.removeprefix(world.origin)
    assert "data-job" in page.text
    assert world.work() == 1
    page = browser.get(path)
    rows = page.tree.css("tbody tr")
    assert len(rows) == len(world.office.place.mails) + len(world.office.place.chats) + len(world.office.place.commits)
    assert "messages would be read" in page.words
    assert any("always tag the build" in row.text() for row in rows)
    for role, who in (("employee", COLLEAGUE), ("hr", "hr-1"), ("dpo", "dpo-1")):
        assert world.browser(role, who).get(path).status == 404
    # What was shown is kept nowhere but in the job, and there for an hour.
    world.later(hours=2)
    browser = world.browser()
    assert browser.get(path).status == 404
    assert b"always tag the build" not in (world.office.workspace / "portal-jobs.sqlite").read_bytes()


def test_what_was_taken_is_told_with_a_file_that_proves_it(ran: PortalWorld) -> None:
    browser = ran.browser()
    page = browser.get("/me/taken")
    assert "messages with you" in page.words
    answer = answers.verify(browser.get("/me/taken/answer.json").content, vkey(ran))
    assert answer.pid == SUBJECT
    assert len(answer.found) > 10
    theirs = answers.verify(ran.browser(who=COLLEAGUE).get("/me/taken/answer.json").content, vkey(ran))
    assert theirs.pid == COLLEAGUE
    assert 0 < len(theirs.found) < len(answer.found)


def test_history_tells_what_the_log_says_of_one_person(ran: PortalWorld) -> None:
    browser = ran.browser()
    page = browser.get("/me/history")
    for said in ("You were asked", "You said yes", "The run was sealed", "A passkey of yours was entered"):
        assert said in page.words
    assert ran.browser(who=COLLEAGUE).get("/me/history").words.count("You said yes") == 0
    assert browser.get("/me/history?from=999999").status == 200
    assert browser.get("/me/history?from=-1%27").status == 200


def test_everything_can_be_taken_along(ran: PortalWorld) -> None:
    browser = ran.browser()
    file = browser.get("/me/everything/export.zip")
    found = dossier.verify(file.content, vkey(ran))
    assert found.answer.pid == SUBJECT
    asked = browser.send(browser.get("/me/everything"), "/me/everything/ask")
    assert "not answered yet" in asked.words
    told = ran.browser("dpo", "dpo-1").get("/dpo").words
    assert f"Asked on {ran.now:%Y-%m-%d}, to be answered by {ran.now + timedelta(hours=1):%Y-%m-%d %H:%M}" in told
    assert "overdue" not in told
    ran.later(hours=2)
    assert "overdue" in ran.browser("dpo", "dpo-1").get("/dpo").words


def test_erasure_takes_back_and_shreds(ran: PortalWorld) -> None:
    browser = ran.browser()
    page = browser.get("/me/everything")
    assert browser.send(page, "/me/erase").status == 400
    assert browser.send(page, "/me/erase", sure="yes").status == 200
    assert ran.work() == 1
    kinds = ran.portal.desk.call(lambda desk: [json.loads(data)["type"] for _, data in desk.log.entries()])
    assert "consent.withdrawn" in kinds
    assert "salt.shredded" in kinds
    assert "skill.tombstoned" in kinds
    assert "No finished run" in browser.get("/me/taken").words


def test_a_bystander_learns_what_became_of_messages_with_them_and_vetoes(ran: PortalWorld) -> None:
    browser = ran.browser("bystander", BASHIR)
    page = browser.get("/bystander")
    assert "messages with you" in page.words
    assert answers.verify(browser.get("/bystander/answer.json").content, vkey(ran)).found
    page = browser.send(page, "/bystander/veto")
    assert "Your veto stands" in page.words
    page = browser.send(page, "/bystander/veto", lift="yes")
    assert "Your veto stands" not in page.words
    stranger = ran.browser("bystander", "somebody@else.example").get("/bystander")
    assert "No finished run" in stranger.words
    for path in ("/me", "/me/history", "/hr", "/dpo", "/policy"):
        assert browser.get(path).status == 404


def test_the_officer_finds_what_waits_for_their_witness(world: PortalWorld) -> None:
    browser, device = world.browser(), world.device()
    page = browser.send(browser.get("/me/passkeys"), "/me/passkeys/new", witness="council-1")
    page = browser.sign(page, "/me/passkeys/made", device)
    words = page.tree.css_first(".words").text()
    browser.sign(page, "/me/passkeys/proved", device)
    council = world.browser("works_council", "council-1")
    page = council.get("/council")
    assert words in page.words
    link = str(page.tree.css_first('a[href^="/witness/"]').attributes["href"])
    file = world.root / "waiting.passkey"
    file.write_bytes(council.get(link).content)
    assert world.browser("dpo", "dpo-1").get(link).status == 404
    assert world.browser().get(link).status == 404
    done = world.office.run(
        *("keys", "passkey", file, "--witness", "council-1", "--witness-key", world.office.officer("council-1")),
        *("--now", world.now.isoformat()),
    )
    assert done.code == 0
    assert council.get(link).status == 404
    assert words not in council.get("/council").words


def test_officers_see_no_person_in_what_is_due(ran: PortalWorld) -> None:
    browser: Browser = ran.browser()
    home = browser.get("/me")
    browser.send(home, "/me/withdraw", nth=len(home.tree.css('form[action="/me/withdraw"]')) - 1)
    page = ran.browser("dpo", "dpo-1").get("/dpo")
    assert f"since {ran.now:%Y-%m-%d}" in page.words
    assert SUBJECT not in page.words
    for role, who, path in (("works_council", "council-1", "/council"), ("hr", "hr-1", "/hr")):
        assert "since 2026" not in ran.browser(role, who).get(path).words
