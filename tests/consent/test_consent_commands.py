"""The commands for keys, officers, approvals, mandates and consents, from the worker's and the officers' side."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from office import Result, govern

SUBJECT, FRIEND = "p-4k7q2m9x", "p-7h3d9w2c"
PEOPLE = f"""
version: 1
organisation: {{name: Harbour Works, mail_domains: [harbour.example]}}
people:
- {{pid: {SUBJECT}, timezone: UTC, names: [Tove Lind], emails: [tove@harbour.example]}}
- {{pid: {FRIEND}, timezone: UTC, names: [Anton Berg], emails: [anton@harbour.example]}}
"""
DAY = "2026-03-{:02d}T09:00:00Z"


class Desk:
    """A workspace with three officers; every command happens one day after the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.day = 0
        (root / "people.yaml").write_text(PEOPLE, "utf-8")
        self.ok("init", "--domain", "harbour.example", "--people", root / "people.yaml")
        self.officer("hr-1", "hr")
        self.officer("dpo-1", "dpo")
        self.officer("wc-1", "works_council", "--witness", "dpo-1", "--witness-key", self.key("dpo-1"))

    def key(self, name: str) -> Path:
        return self.root / f"{name}.key"

    def run(self, *args: object) -> Result:
        listing = args[1] == "list" and args[0] != "approve"
        self.day += not listing
        more = () if listing else ("--now", DAY.format(self.day))
        return govern(*args, *more, workspace=self.root / "ws")

    def ok(self, *args: object) -> Any:
        result = self.run(*args, "--json")
        assert result.code == 0, result.err
        return json.loads(result.out) if result.out.strip() else None

    def refused(self, word: str, *args: object, code: int = 3) -> None:
        result = self.run(*args)
        assert (result.code, word in result.err) == (code, True), (result.code, result.err)

    def officer(self, holder: str, role: str, *more: object) -> Any:
        return self.ok("role", "enroll", "--holder", holder, "--role", role, "--out", self.key(holder), *more)

    def approve(self, kind: str, holder: str, *more: object) -> Any:
        return self.ok("approve", kind, "--as", holder, "--key", self.key(holder), *more)

    def enroll(self, pid: str = SUBJECT, name: str = "own") -> Any:
        witness = ("--witness", "wc-1", "--witness-key", self.key("wc-1"))
        return self.ok("keys", "enroll", "--subject", pid, "--out", self.key(name), *witness)

    def sign(self, *more: object, key: str = "own") -> tuple[object, ...]:
        limits = ("--purpose", "knowledge_transfer", "--source", "mail.work", "--source", "vcs.commit")
        return (
            *("consent", "sign", "--subject", SUBJECT, "--key", self.key(key), "--policy", "worker_protection"),
            *(*limits, "--category", "procedures", *more),
        )

    def choice(self, key: str = "own") -> Any:
        found = self.ok("consent", "status", "--subject", SUBJECT, "--key", self.key(key))["choices"]
        return found["knowledge_transfer"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_officers_are_listed_until_their_role_ends(desk: Desk) -> None:
    listed = desk.ok("role", "list")["officers"]
    assert [(o["holder"], o["role"], o["witness"]) for o in listed] == [
        ("hr-1", "hr", ""),
        ("dpo-1", "dpo", ""),
        ("wc-1", "works_council", "dpo-1"),
    ]
    desk.ok("role", "end", "--holder", "hr-1")
    assert [o["holder"] for o in desk.ok("role", "list")["officers"]] == ["dpo-1", "wc-1"]
    desk.refused("witness_required", "role", "enroll", "--holder", "hr-1", "--role", "hr", "--out", desk.key("again"))
    assert not desk.key("again").exists()


def test_a_key_is_witnessed_by_an_officer_who_is_not_hr(desk: Desk) -> None:
    args = ("keys", "enroll", "--subject", SUBJECT, "--out", desk.key("own"))
    desk.refused("HR cannot be the witness", *args, "--witness", "hr-1", "--witness-key", desk.key("hr-1"))
    desk.refused("not the key that the officer", *args, "--witness", "wc-1", "--witness-key", desk.key("hr-1"))
    desk.refused("needs a name and a key", *args, "--witness", "wc-1", code=2)
    assert not desk.key("own").exists()
    assert desk.enroll()["witness"] == "wc-1"
    assert desk.ok("keys", "list")["keys"][0]["witness"] == "wc-1"


def test_approvals_are_signed_listed_and_taken_back(desk: Desk) -> None:
    paper = desk.root / "assessment.pdf"
    paper.write_bytes(b"assessment")
    run = desk.approve("run", "hr-1", "--policy", "worker_protection", "--purpose", "knowledge_transfer")
    desk.approve("impact_assessment", "dpo-1", "--document", paper, "--dated", "2026-02-01", "--until", "2027-01-01")
    desk.approve("benefit", "hr-1", "--subject", SUBJECT, "--ref", "C-17")
    assert [a["kind"] for a in desk.ok("approve", "list")["approvals"]] == ["run", "impact_assessment", "benefit"]
    desk.refused("wrong_holder", "approve", "withdraw", run["index"], "--as", "dpo-1")
    desk.ok("approve", "withdraw", run["index"], "--as", "hr-1")
    assert [a["kind"] for a in desk.ok("approve", "list")["approvals"]] == ["impact_assessment", "benefit"]


def test_an_approval_of_somebody_elses_kind_is_refused(desk: Desk) -> None:
    key = ("--as", "hr-1", "--key", desk.key("hr-1"))
    desk.refused("does not count from this role", "approve", "key_lost", *key, "--subject", SUBJECT)
    desk.refused("--document", "approve", "impact_assessment", *key, "--dated", "2026-02-01", code=2)
    desk.refused("no officer", "approve", "run", "--as", "dpo-9", "--key", desk.key("hr-1"))


def test_sign_narrow_object_renew_and_suspend(desk: Desk) -> None:
    desk.enroll()
    desk.ok("consent", "request", "--subject", SUBJECT, "--policy", "worker_protection")
    desk.ok("consent", "defer", "--subject", SUBJECT)
    assert desk.choice()["state"] == "deferred"
    desk.ok(*desk.sign("--compensation", "C-17", "--cooling-off-until", "2026-03-20"))
    first = desk.choice()
    assert (first["state"], first["sources"]) == ("given", ["mail.work", "vcs.commit"])
    assert first["notice_at"] is not None
    assert first["notice_at"] < first["signed_at"]
    desk.ok("consent", "object", "--subject", SUBJECT)
    assert (desk.choice()["state"], desk.choice()["objected"]) == ("suspended", True)
    desk.ok("consent", "renew", "--subject", SUBJECT, "--key", desk.key("own"))
    assert (desk.choice()["state"], desk.choice()["objected"]) == ("renewed", False)
    desk.ok("consent", "suspend", "--subject", SUBJECT, "--as", "dpo-1")
    assert desk.choice()["state"] == "suspended"
    desk.refused("no_transition", "consent", "defer", "--subject", SUBJECT, "--purpose", "knowledge_transfer")


def test_a_rotated_key_takes_the_place_of_the_old_one(desk: Desk) -> None:
    desk.enroll()
    desk.ok("keys", "rotate", "--subject", SUBJECT, "--key", desk.key("own"), "--out", desk.key("new"))
    desk.refused("not the key", *desk.sign())
    desk.ok(*desk.sign(key="new"))
    listed = desk.ok("keys", "list")["keys"][0]
    assert (listed["witness"], len(listed["before"])) == ("wc-1", 1)


def test_a_lost_key_is_replaced_by_two_officers_and_a_witness(desk: Desk) -> None:
    desk.enroll()
    desk.refused("has a key already", "keys", "enroll", "--subject", SUBJECT, "--out", desk.key("new"), code=2)
    desk.approve("key_lost", "dpo-1", "--subject", SUBJECT)
    desk.refused("no_quorum", "keys", "lost", "--subject", SUBJECT)
    desk.approve("key_lost", "wc-1", "--subject", SUBJECT)
    desk.ok("keys", "lost", "--subject", SUBJECT)
    desk.refused("no enrolled key", *desk.sign())
    desk.refused("needs a witness", "keys", "enroll", "--subject", SUBJECT, "--out", desk.key("new"))
    desk.enroll(name="new")
    desk.ok(*desk.sign(key="new"))


def test_a_compromised_key_takes_its_grants_along(desk: Desk) -> None:
    desk.enroll()
    given = desk.ok(*desk.sign())
    found = desk.ok("keys", "compromised", "--subject", SUBJECT, "--since", "2026-03-01")
    assert found["quarantined"] == [given["index"]]
    assert desk.choice()["state"] == "invalidated"


def test_invalidation_needs_works_council_and_data_protection_together(desk: Desk) -> None:
    desk.enroll()
    given = desk.ok(*desk.sign())
    vote = ("consent", "invalidate", "--subject", SUBJECT)
    first = desk.ok(*vote, "--as", "wc-1", "--key", desk.key("wc-1"))
    assert (first["quorum"], desk.choice()["state"]) == (False, "given")
    second = desk.ok(*vote, "--as", "dpo-1", "--key", desk.key("dpo-1"))
    assert (second["quorum"], second["quarantined"]) == (True, [given["index"]])
    assert desk.choice()["state"] == "invalidated"


def test_a_delegate_signs_within_a_witnessed_mandate(desk: Desk) -> None:
    desk.enroll()
    desk.enroll(FRIEND, "friend")
    limits = ("--purpose", "knowledge_transfer", "--source", "mail.work", "--category", "procedures")
    keys = ("--delegate-key", desk.key("friend"), "--key", desk.key("own"), "--until", "2026-06-01")
    given = desk.ok("consent", "delegate", "--subject", SUBJECT, "--delegate", FRIEND, *keys, *limits)
    narrow = (
        *("consent", "sign", "--subject", SUBJECT, "--delegate", FRIEND, "--key", desk.key("friend")),
        *("--policy", "worker_protection", *limits, "--validity", "P30D"),
    )
    desk.refused("mandate_unwitnessed", *narrow)
    for holder in ("dpo-1", "wc-1"):
        desk.approve("mandate", holder, "--subject", SUBJECT, "--mandate", given["index"])
    desk.refused("beyond_mandate", *desk.sign("--delegate", FRIEND, "--validity", "P30D", key="friend"))
    desk.ok(*narrow)
    assert (desk.choice()["state"], desk.choice()["delegate"]) == ("given", FRIEND)
    desk.ok("consent", "delegate", "--subject", SUBJECT, "--end")
    desk.refused("no_mandate", *narrow)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_an_ssh_key_signs_consents_as_it_is(desk: Desk, passphrase: str) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    path = desk.key("ssh")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    desk.ok("keys", "enroll", "--subject", SUBJECT, "--ssh-key", path)
    desk.ok(*desk.sign(key="ssh"))
    assert desk.choice("ssh")["state"] == "given"


def test_without_the_persons_key_a_no_looks_like_no_answer(desk: Desk) -> None:
    desk.enroll()
    before = desk.ok("consent", "status", "--subject", SUBJECT)["choices"]
    desk.ok(*("consent", "refuse", "--subject", SUBJECT, "--key", desk.key("own"), "--policy", "worker_protection"))
    assert desk.ok("consent", "status", "--subject", SUBJECT)["choices"] == before == {}
    assert desk.choice()["state"] == "refused"
    desk.refused("not a key of this person", "consent", "status", "--subject", SUBJECT, "--key", desk.key("wc-1"))


def test_what_no_gate_can_keep_back_is_not_promised(desk: Desk) -> None:
    desk.enroll()
    desk.refused("pitfals", *desk.sign("--withhold", "pitfals"), code=2)
    desk.ok(*desk.sign("--withhold", "pitfalls", "--withhold", "checklists"))


def test_a_looser_policy_of_another_name_suspends_what_it_replaces(desk: Desk) -> None:
    desk.enroll()
    desk.ok(*desk.sign())
    desk.ok("policy", "adopt", "us_baseline", "--replaces", "worker_protection", "--confirm", "us_baseline")
    assert desk.choice()["state"] == "suspended"
