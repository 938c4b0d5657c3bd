"""A yes, a no and a way back on the pages: what is shown is signed, and what is signed is in the log."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from portal_world import Answer, Browser, PortalWorld
from workplace import COLLEAGUE, SUBJECT

from attest import events, fingerprint, webauthn
from consent import receipt as receipts
from consent.ledger import Ledger


def ledger(world: PortalWorld) -> Ledger:
    return world.portal.desk.call(lambda desk: Ledger.replay(desk.log.entries()))


def entries(world: PortalWorld, kind: str) -> list[Any]:
    found = world.portal.desk.call(lambda desk: [events.parse(data) for _, data in desk.log.entries()])
    return [event for event in found if event.type == kind]


YES = {
    "source": ["knowledge_transfer/mail.work", "knowledge_transfer/vcs.commit", "onboarding/mail.work"],
    "category": ["procedures", "checklists"],
    "withhold": ["pitfalls"],
    "first": "2025-06-01",
    "last": "2026-03-01",
    "validity": "P3M",
}


def say_yes(world: PortalWorld, browser: Browser, **changes: Any) -> Answer:
    page = browser.send(browser.get("/me"), "/me/choose", **{**YES, **changes})
    assert page.status == 200, page.text
    return browser.sign(page, "/me/sign", world.device())


@pytest.fixture
def browser(world: PortalWorld) -> Browser:
    made = world.browser()
    world.enrol(made, world.device())
    return made


def test_nothing_is_ticked_and_nothing_is_suggested(world: PortalWorld) -> None:
    page = world.browser().get("/me")
    assert page.status == 200
    assert page.tree.css("input[type=checkbox]")
    assert not page.tree.css("input[checked]")
    give, withdraw = page.tree.css(".pair a.button")[0], page.tree.css('form[action="/me/withdraw"] button')[0]
    assert give.text() == "Decide"
    assert withdraw.text() == "Take everything back"


def test_a_yes_holds_exactly_what_was_ticked(world: PortalWorld, browser: Browser) -> None:
    page = browser.send(browser.get("/me"), "/me/choose", **YES)
    words = page.tree.css_first(".words").text()
    signed = browser.sign(page, "/me/sign", world.device())
    (event,) = entries(world, "consent.given")
    state = ledger(world).state(SUBJECT, "knowledge_transfer", world.now)
    assert state.live
    assert state.sources == ("mail.work", "vcs.commit")
    assert ledger(world).state(SUBJECT, "onboarding", world.now).sources == ("mail.work",)
    assert not ledger(world).state(SUBJECT, "self_assist", world.now).live
    assert state.record is not None
    assert state.record.method == "webauthn"
    assert state.record.withhold == ("pitfalls",)
    assert [state.choice.from_, state.choice.until] == ["2025-06-01", "2026-03-01"] if state.choice else False
    assert fingerprint.words(bytes.fromhex(state.record.sha256)) == words
    assert words in signed.words  # on the receipt, too
    assert event.actor == f"employee:{SUBJECT}"


def test_a_no_is_signed_the_same_way(world: PortalWorld, browser: Browser) -> None:
    page = browser.send(browser.get("/me"), "/me/choose")  # nothing ticked is no yes
    assert page.status == 400
    form = browser.get("/me")
    token = form.form("/me/choose").css_first("input[name=csrf]").attributes["value"]
    page = browser.post("/me/refuse", csrf=token)
    browser.sign(page, "/me/sign", world.device())
    assert set(ledger(world).refused(SUBJECT, world.now)) == {"knowledge_transfer", "onboarding", "self_assist"}


def test_it_is_taken_back_with_one_press_and_without_the_passkey(world: PortalWorld, browser: Browser) -> None:
    say_yes(world, browser)
    other_device_less = world.browser()
    page = other_device_less.get("/me")
    last = len(page.tree.css('form[action="/me/withdraw"]')) - 1
    answer = other_device_less.send(page, "/me/withdraw", nth=last)
    assert answer.status == 200
    assert "/me/receipts/" in answer.url
    assert not any(state.live for state in ledger(world).states(SUBJECT, world.now).values())
    (event,) = entries(world, "consent.withdrawn")
    assert "envelope" not in event.body


def test_one_source_is_taken_back_and_the_rest_stays(world: PortalWorld, browser: Browser) -> None:
    say_yes(world, browser)
    page = browser.get("/me")
    browser.send(page, "/me/withdraw", nth=0)
    assert ledger(world).state(SUBJECT, "knowledge_transfer", world.now).sources == ("vcs.commit",)
    assert ledger(world).state(SUBJECT, "onboarding", world.now).sources == ("mail.work",)


def test_a_withdrawal_can_bear_a_signature(world: PortalWorld, browser: Browser) -> None:
    say_yes(world, browser)
    page = browser.send(browser.get("/me"), "/me/withdraw/signed")
    browser.sign(page, "/me/withdraw", world.device())
    (event,) = entries(world, "consent.withdrawn")
    assert "envelope" in event.body
    assert not any(state.live for state in ledger(world).states(SUBJECT, world.now).values())


def test_a_broken_signature_does_not_stop_a_withdrawal(world: PortalWorld, browser: Browser) -> None:
    say_yes(world, browser)
    page = browser.send(browser.get("/me"), "/me/withdraw/signed")
    browser.sign(page, "/me/withdraw", world.device("somebody else's phone").but(seed="phone"))
    (event,) = entries(world, "consent.withdrawn")
    assert "envelope" not in event.body
    assert not any(state.live for state in ledger(world).states(SUBJECT, world.now).values())


def test_the_receipt_is_checked_without_the_portal(world: PortalWorld, browser: Browser) -> None:
    signed = say_yes(world, browser)
    vkey = (world.office.workspace / "log.vkey").read_text().strip()
    for kind in ("json", "html"):
        file = browser.get(signed.url.removeprefix(world.origin) + f"/receipt.{kind}")
        assert "attachment" in file.headers["content-disposition"]
        made = receipts.check(file.content, vkey)
        assert made.signer is not None
        assert made.signer.passkey is not None
        assert made.event.type == "consent.given"


def test_nobody_sees_a_receipt_of_somebody_else(world: PortalWorld, browser: Browser) -> None:
    say_yes(world, browser)
    size = world.portal.desk.call(lambda desk: desk.log.size)
    other = world.browser(who=COLLEAGUE)
    for index in [*range(size + 2), "-1", "x", "9" * 40, "%2e%2e"]:
        for more in ("", "/receipt.json", "/receipt.html"):
            assert other.get(f"/me/receipts/{index}{more}").status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://localhost:9999"},
        {"rp_id": "consent.example"},
        {"flags": webauthn.PRESENT},
        {"flags": 0},
        {"seed": "another phone", "other_key": None},
        {"says": {"crossOrigin": True}},
    ],
    ids=["origin", "host", "not verified", "not present", "another passkey", "in a frame"],
)
def test_a_signature_that_is_not_in_order_gives_nothing(
    world: PortalWorld, browser: Browser, change: dict[str, Any]
) -> None:
    page = browser.send(browser.get("/me"), "/me/choose", **YES)
    refused = browser.sign(page, "/me/sign", replace(world.device(), **change))
    assert refused.status >= 400
    assert entries(world, "consent.given") == []


def test_a_signature_counts_once_and_for_one_record(world: PortalWorld, browser: Browser) -> None:
    first = browser.send(browser.get("/me"), "/me/choose", **YES)
    second = browser.send(browser.get("/me"), "/me/choose", **{**YES, "validity": "P12M"})
    options = json.loads(str(first.form("/me/sign").attributes["data-options"]))
    answer = json.dumps(world.device().get(options))
    swapped = browser.send(second, "/me/sign", response=answer)
    assert swapped.status >= 400
    assert entries(world, "consent.given") == []
    assert browser.send(first, "/me/sign", response=answer).status == 200
    assert browser.send(first, "/me/sign", response=answer).status == 403
    assert len(entries(world, "consent.given")) == 1


def test_what_one_session_began_no_other_finishes(world: PortalWorld, browser: Browser) -> None:
    page = browser.send(browser.get("/me"), "/me/choose", **YES)
    options = json.loads(str(page.form("/me/sign").attributes["data-options"]))
    begun = page.form("/me/sign").css_first("input[name=begun]").attributes["value"]
    thief = world.browser()
    token = thief.get("/me").form("/me/choose").css_first("input[name=csrf]").attributes["value"]
    answer = thief.post("/me/sign", csrf=token, begun=begun, response=json.dumps(world.device().get(options)))
    assert answer.status == 403
    assert entries(world, "consent.given") == []


def test_it_waits_no_longer_than_a_quarter_of_an_hour(world: PortalWorld, browser: Browser) -> None:
    page = browser.send(browser.get("/me"), "/me/choose", **YES)
    world.later(minutes=15)
    assert browser.sign(page, "/me/sign", world.device()).status == 403


@pytest.mark.parametrize(
    "change",
    [
        {"source": ["knowledge_transfer/chat.dm"]},
        {"source": ["spying/mail.work"]},
        {"source": ["knowledge_transfer"]},
        {"category": ["emotions"]},
        {"withhold": ["everything"]},
        {"validity": "P100Y"},
        {"validity": "x"},
        {"first": "yesterday"},
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"last": ["2026-03-01", "2026-03-02"]},
    ],
)
def test_a_form_that_no_page_offers_is_refused(world: PortalWorld, browser: Browser, change: dict[str, Any]) -> None:
    refused = browser.send(browser.get("/me"), "/me/choose", **{**YES, **change})
    assert 400 <= refused.status < 500
    assert entries(world, "consent.given") == []


def test_without_a_passkey_the_page_says_what_to_do(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.send(browser.get("/me"), "/me/choose", **YES)
    assert page.status == 403
    assert "need a passkey" in page.words


def test_the_person_is_reminded_before_a_yes_ends(world: PortalWorld, browser: Browser) -> None:
    browser.sign(browser.send(browser.get("/me"), "/me/choose", **YES), "/me/sign", world.device())
    assert "It ends soon" not in browser.get("/me").words
    world.later(days=75)
    assert "It ends soon" in world.browser().get("/me").words
    world.later(days=30)
    assert "It ends soon" not in world.browser().get("/me").words
