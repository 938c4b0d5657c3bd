"""A person's passkeys on the pages: made, proved, witnessed, ended; and nothing that is not theirs."""

from __future__ import annotations

from portal_world import WITNESS, PortalWorld
from workplace import SUBJECT


def test_a_passkey_is_made_with_two_touches_and_counts_with_its_witness(world: PortalWorld) -> None:
    browser, device = world.browser(), world.device()
    page = browser.send(browser.get("/me/passkeys"), "/me/passkeys/new", witness=WITNESS)
    page = browser.sign(page, "/me/passkeys/made", device)
    words = page.tree.css_first(".words").text()
    assert len(words.split()) == 8
    page = browser.sign(page, "/me/passkeys/proved", device)
    assert page.tree.css_first(".words").text() == words
    assert world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).passkeys(SUBJECT)) == ()
    world.countersign()
    held = world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).passkeys(SUBJECT))
    assert [key.witness for key in held] == [WITNESS]
    assert held[0].key_id in browser.get("/me/passkeys").words


def test_a_passkey_is_ended_by_its_person(world: PortalWorld) -> None:
    browser = world.browser()
    world.enrol(browser, world.device())
    page = browser.send(browser.get("/me/passkeys"), "/me/passkeys/end")
    assert page.status == 200
    assert world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).passkeys(SUBJECT)) == ()


def test_hr_cannot_be_the_witness(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get("/me/passkeys")
    assert "hr-1" not in page.words
    refused = browser.send(page, "/me/passkeys/new", witness="hr-1")
    assert refused.status == 403
    assert "HR cannot be the witness" in refused.words
