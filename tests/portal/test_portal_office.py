"""An officer's signature on the pages: a passkey made once with the key file, then witnessing and signing papers."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from passkey import Authenticator
from portal_world import WITNESS, Answer, Browser, PortalWorld
from workplace import SUBJECT

ROLES = {"works_council": "council-1", "dpo": "dpo-1", "hr": "hr-1"}


def officer_of(world: PortalWorld, holder: str) -> Any:
    return world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).officer(holder))


def equip(world: PortalWorld, role: str = "works_council", seed: str = "desk") -> tuple[Browser, Authenticator]:
    """Make an officer's first passkey on the page, and sign its record with the key file."""
    holder = ROLES[role]
    browser, device = world.browser(role, holder), world.device(seed)
    page = touch(world, browser, device)
    assert page.url.endswith("/office")
    link = next(a for a in page.tree.css("a") if (a.attributes["href"] or "").startswith("/office/passkeys/"))
    file = world.root / f"{holder}.passkey"
    file.write_bytes(browser.get(str(link.attributes["href"])).content)
    done = world.office.run(
        *("role", "passkey", file, "--key", world.office.officer(holder), "--now", world.now.isoformat())
    )
    assert done.code == 0, done.err
    assert page.tree.css_first(".words").text() in done.out
    return browser, device


def touch(world: PortalWorld, browser: Browser, device: Authenticator) -> Answer:
    page = browser.send(browser.get("/office"), "/office/passkeys/new")
    page = browser.sign(page, "/office/passkeys/made", device)
    return browser.sign(page, "/office/passkeys/proved", device)


def ask_for_witness(world: PortalWorld) -> tuple[Browser, str]:
    """Make a person's passkey that waits for its witness; return the eight words on their screen."""
    person, phone = world.browser(), world.device()
    page = person.send(person.get("/me/passkeys"), "/me/passkeys/new", witness=WITNESS)
    page = person.sign(page, "/me/passkeys/made", phone)
    page = person.sign(page, "/me/passkeys/proved", phone)
    return person, page.tree.css_first(".words").text()


def test_a_witness_signs_on_the_page_and_the_person_s_passkey_counts(world: PortalWorld) -> None:
    council, device = equip(world)
    person, words = ask_for_witness(world)
    page = council.get("/council")
    assert words in page.words
    page = council.send(page, "/witness")
    assert page.tree.css_first(".words").text() == words
    assert SUBJECT in page.words
    page = council.sign(page, "/witness/signed", device)
    assert page.url.endswith("/office")
    assert words not in page.words
    (held,) = world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).passkeys(SUBJECT))
    assert held.witness == WITNESS
    assert held.key_id in person.get("/me/passkeys").words
    assert {json.loads(e)["body"]["view"] for e in world.entries("access.read")} == {"/office", "/council"}
    (entry,) = world.entries("passkey.enrolled")
    signers = [each["keyid"] for each in json.loads(entry)["body"]["envelope"]["signatures"]]
    assert officer_of(world, WITNESS).passkeys[0].key_id in signers


def test_without_a_passkey_the_page_says_how_and_the_file_still_works(world: PortalWorld) -> None:
    ask_for_witness(world)
    page = world.browser("works_council", WITNESS).get("/council")
    assert page.tree.css('form[action="/witness"]') == []
    assert "You have no passkey for this page yet" in page.words
    world.countersign()
    assert len(world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).passkeys(SUBJECT))) == 1


def test_a_second_passkey_of_an_officer_needs_no_file(world: PortalWorld) -> None:
    browser, first = equip(world)
    bag = world.device("bag")
    page = browser.send(browser.get("/office"), "/office/passkeys/new")
    page = browser.sign(page, "/office/passkeys/made", bag)
    page = browser.sign(page, "/office/passkeys/proved", bag)
    page = browser.sign(page, "/office/passkeys/proved", first)
    assert page.url.endswith("/office")
    assert [key.credential_id for key in officer_of(world, WITNESS).passkeys] == [
        first.credential_id,
        bag.credential_id,
    ]
    page = browser.send(page, "/office/passkeys/end", nth=0)
    assert [key.credential_id for key in officer_of(world, WITNESS).passkeys] == [bag.credential_id]
    assert "not found" not in page.words


def test_a_paper_is_signed_with_the_digest_of_its_document_and_taken_back(world: PortalWorld) -> None:
    dpo, device = equip(world, "dpo")
    action = "/office/sign/impact_assessment"
    digest = hashlib.sha256(b"An assessment of the risks").hexdigest()
    said = {"sha256": digest, "dated": "2026-02-20", "until": "2026-12-31", "only_policy": "1"}
    page = dpo.send(dpo.get(action), action, **said)
    assert page.status == 200, page.text
    assert all(said in page.words for said in (digest, "2026-02-20", "worker_protection"))
    page = dpo.sign(page, "/office/signed", device)
    assert page.url.endswith("/office")
    given = json.loads(world.entries("approval.given")[-1])["body"]
    assert (given["kind"], given["holder"]) == ("impact_assessment", "dpo-1")
    approvals = world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).approvals(world.now))
    made = approvals[-1]
    assert (made.sha256, f"{made.until:%Y-%m-%d}", made.policy is not None) == (digest, "2027-01-01", True)
    shown = page.tree.css('form[action="/office/withdraw"]')
    dpo.send(page, "/office/withdraw", nth=len(shown) - 1)
    left = world.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).approvals(world.now))
    assert [each.index for each in left] == [each.index for each in approvals[:-1]]


def test_what_a_paper_lacks_is_said_and_nothing_is_begun(world: PortalWorld) -> None:
    dpo, _ = equip(world, "dpo")
    action = "/office/sign/impact_assessment"
    size = len(world.entries("approval.given"))
    digest = "0" * 64
    for fields in (
        {"sha256": "", "dated": "2026-02-20"},
        {"sha256": digest},
        {"sha256": digest, "dated": "20.2.2026"},
        {"sha256": "no digest", "dated": "2026-02-20"},
        {"sha256": digest, "dated": "2026-02-20", "purpose": "anything"},
    ):
        page = dpo.send(dpo.get(action), action, **fields)
        assert page.status == 400, page.words
        assert "data-passkey" not in page.text
    assert "This is missing: Document" in dpo.send(dpo.get(action), action, dated="2026-02-20").words
    lost = dpo.send(dpo.get("/office/sign/key_lost"), "/office/sign/key_lost", subject="p-zzzzzzzz")
    assert lost.status == 400
    assert len(world.entries("approval.given")) == size


def test_each_office_signs_its_own_papers_and_nobody_else_s(world: PortalWorld) -> None:
    hr, council = world.browser("hr", "hr-1"), world.browser("works_council", "council-1")
    assert council.get("/office/sign/impact_assessment").status == 404
    assert council.get("/office/sign/mandate").status == 404
    assert hr.get("/office/sign/collective_agreement").status == 404
    assert hr.get("/office/sign/benefit").status == 200
    ask_for_witness(world)
    assert "wait for your witness" not in hr.get("/office").words
    (record,) = world.portal.desk.call(lambda desk: desk.door.papers(WITNESS, world.now))
    key_id = json.loads(base64.b64decode(json.loads(record)["payload"]))["key_id"]
    assert council.get(f"/witness/{key_id}").status == 200
    assert world.browser("dpo", "dpo-1").get(f"/witness/{key_id}").status == 404
    assert hr.get(f"/witness/{key_id}").status == 404
    for path in ("/office", "/office/sign/run", f"/office/passkeys/{key_id}"):
        assert world.browser().get(path).status == 404
        assert world.stranger().get(path).status == 401
    assert council.get(f"/office/passkeys/{key_id}").status == 404


def test_a_forged_answer_enters_nothing(world: PortalWorld) -> None:
    council, device = equip(world)
    ask_for_witness(world)
    other = world.device("mallory")
    for answer in (other, device.but(flags=1), device.but(origin="https://evil.test")):
        page = council.send(council.get("/council"), "/witness")
        assert council.sign(page, "/witness/signed", answer).status in (400, 409)
    assert world.entries("passkey.enrolled") == []
    page = council.send(council.get("/council"), "/witness")
    council.sign(page, "/witness/signed", device)
    # The same answer again: it was used.
    assert council.sign(page, "/witness/signed", device).status == 403
    assert len(world.entries("passkey.enrolled")) == 1


def test_another_session_cannot_finish_what_one_began(world: PortalWorld) -> None:
    council, device = equip(world)
    action = "/office/sign/run"
    page = council.send(council.get(action), action, subject=SUBJECT)
    assert page.status == 200, page.words
    other = world.browser("works_council", WITNESS)
    csrf = other.get("/office").tree.css_first('input[name="csrf"]').attributes["value"]
    assert other.sign(page, "/office/signed", device, csrf=csrf).status == 403
    assert council.sign(page, "/office/signed", device).status == 200


@pytest.mark.parametrize("lang", ["de", "zh"])
def test_the_pages_speak_the_officer_s_language(world: PortalWorld, lang: str) -> None:
    browser, _ = equip(world)
    browser.send(browser.get("/office"), "/language", lang=lang)
    for path in ("/office", "/office/sign/run", "/office/sign/collective_agreement"):
        page = browser.get(path)
        assert f'<html lang="{lang}"' in page.text
        assert "Sign" not in page.words.replace("Signature", "")
