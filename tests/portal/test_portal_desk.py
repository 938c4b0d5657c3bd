"""The desk: what it holds follows the log and the people file, and a lost connection is not for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from portal_world import PortalWorld
from workplace import SUBJECT

from attest.errors import StoreError
from attest.log import EventLog
from attest.store import BUSY_MS
from consent.ledger import Ledger
from govern import counted
from govern.errors import RefusedError
from govern.workspace import Workspace


def test_a_lost_connection_is_told_and_the_next_visitor_gets_a_new_one(
    world: PortalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = world.browser()
    before = world.portal.desk.call(lambda desk: desk)

    def lost(*_: Any) -> Any:
        raise StoreError("the database cannot be reached")

    with monkeypatch.context() as broken:
        broken.setattr(EventLog, "entries", lost)
        broken.setattr(EventLog, "size", property(lost))
        answer = browser.get("/me")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"
        assert browser.get("/health").status == 503
    assert browser.get("/me").status == 200
    assert browser.get("/health").status == 200
    assert world.portal.desk.call(lambda desk: desk) is not before


def test_what_another_process_writes_is_seen_at_once(world: PortalWorld) -> None:
    browser = world.browser()
    assert "you were asked" not in browser.get("/me").words
    asked = world.office.run(
        *("consent", "request", "--subject", SUBJECT, "--policy", "worker_protection"),
        *("--now", world.now.isoformat()),
    )
    assert asked.code == 0
    assert "you were asked" in browser.get("/me").words


def test_the_people_file_is_read_again_when_it_changed(world: PortalWorld) -> None:
    assert world.portal.desk.call(lambda desk: desk.workspace.identities().by_pid("p-9z9z9z9z")) is None
    file = world.office.workspace / "identities.yaml"
    file.write_text(
        file.read_text() + "  - pid: p-9z9z9z9z\n    names: [Ada Brandt]\n    emails: [ada@harbour.example]\n"
    )
    assert world.portal.desk.call(lambda desk: desk.workspace.identities().by_pid("p-9z9z9z9z")) is not None


def test_an_entry_that_does_not_count_leaves_the_ledger_as_the_log_is(world: PortalWorld) -> None:
    def refused(desk: Any) -> tuple[bool, Any]:
        ledger = desk.workspace.ledger(desk.log)
        body = {"pid": SUBJECT, "key_id": "webauthn:" + "0" * 32}
        with pytest.raises(RefusedError):
            counted.append(desk.log, "passkey.ended", "operator", body, world.now, ledger)
        assert ledger.spoiled
        return desk.workspace.ledger(desk.log), Ledger.replay(desk.log.entries())

    held, replayed = world.portal.desk.call(refused)
    assert not held.spoiled
    assert (held.size, held.rejected) == (replayed.size, replayed.rejected)


def test_while_a_run_holds_the_vault_nobody_waits_and_everything_else_goes_on(world: PortalWorld) -> None:
    browser, dpo = world.browser(), world.browser("dpo", "dpo-1")
    before = world.portal.desk.call(lambda desk: desk)
    with Workspace.open(world.office.workspace).vault():
        began = time.monotonic()
        answer = browser.get("/me/taken")
        assert time.monotonic() - began < BUSY_MS / 1000 / 2
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")
        assert "needs the same keys" in answer.words
        assert "needs the same keys" in dpo.get("/dpo").words
        # Nobody has to wait to take back what they gave.
        page = browser.get("/me")
        withdrawn = browser.send(page, "/me/withdraw", nth=len(page.tree.css('form[action="/me/withdraw"]')) - 1)
        assert withdrawn.status == 200
    assert browser.get("/me/taken").status == 200
    assert world.portal.desk.call(lambda desk: desk) is before
