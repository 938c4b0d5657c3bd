"""Passkeys of officers from a page to an audit: made beside the key file, witnessing, approving, ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from office import govern
from passkey import ORIGIN, Authenticator
from release_world import SUBJECT, key_of
from test_passkeys import PAGE, PHONE, Office, nothing_personal

from attest import container, evidence, keys, role_passkey
from attest.errors import FormatError, SignatureError
from extract.skill.verify import verify_skill
from govern import approving, office_passkeys, passkeys
from govern.errors import RefusedError, UsageError
from govern.passkeys import Page

__all__ = ["nothing_personal"]

DESK, BAG = Authenticator(seed="desk"), Authenticator(seed="bag")


class Council(Office):
    """An office in which the works council has a passkey beside its key file."""

    def role_record(self, device: Authenticator = DESK, holder: str = "wc-1") -> role_passkey.RolePasskey:
        creation = office_passkeys.begin_creation(PAGE, self.ledger.officer(holder))
        answer = device.create(creation.options)
        return office_passkeys.finish_creation(creation, answer, self.ledger.officer(holder), self.now)

    def equip(self, device: Authenticator = DESK, holder: str = "wc-1") -> int:
        officer, said = self.ledger.officer(holder), self.role_record(device, holder)
        before = office_passkeys.before_of(officer, PAGE)
        touched = office_passkeys.begin_enrolment(said)
        signatures = [touched.finish(device.get(touched.options))]
        if before is not None:
            again = office_passkeys.begin_enrolment(said, before)
            signatures.append(again.finish(DESK.get(again.options)))
        else:
            signatures.append(office_passkeys.countersign(said, officer.key_id, key_of(holder)))
        return office_passkeys.enrol(self.log, officer, said, signatures, self.now)

    def enrol(self, phone: Authenticator = PHONE, device: Authenticator = DESK) -> int:
        """Enrol the person's passkey, witnessed by a passkey of the works council."""
        said = self.make(phone)
        own = passkeys.begin_enrolment(said)
        watch = office_passkeys.begin_witness(self.ledger.officer("wc-1"), said, PAGE)
        signatures = [
            own.finish(phone.get(own.options)),
            watch.finish(device.get(watch.options)),
            passkeys.countersign(said, keys.key_id(key_of("tove")), key_of("tove")),
        ]
        return passkeys.enrol(self.log, said, signatures, self.now)[0]


@pytest.fixture
def council(tmp_path: Path) -> Council:
    return Council(tmp_path).begin()  # type: ignore[return-value]


def test_a_skill_whose_passkey_was_witnessed_by_a_passkey_is_verified_alone(council: Council, tmp_path: Path) -> None:
    first, second = council.equip(), council.equip(BAG)
    enrolled = council.enrol(device=BAG)
    council.later(hours=1)
    _sign(council)
    data = council.release()
    files = container.unpack(data).files
    assert {evidence.passkey_file(enrolled), *map(evidence.role_passkey_file, (first, second))} <= set(files)
    report = verify_skill(data, council.workspace.log_vkey, now=council.now)
    assert [c.name for c in report.checks if c.status == "fail"] == []
    (line,) = [c.value for c in report.checks if c.name == "consent"]
    assert f"signed by passkey at {ORIGIN}, witnessed by wc-1" in line
    # Without the passkey of the witness, or the one that vouched for it, nothing shows that anybody watched.
    content = container.unpack(data)
    for index in (first, second):
        gone = evidence.role_passkey_file(index)
        rest = {name: body for name, body in content.files.items() if name not in (gone, evidence.proof_file(gone))}
        found = verify_skill(container.pack(content.name, rest), council.workspace.log_vkey, now=council.now)
        assert "consent" in {c.name for c in found.checks if c.status == "fail"}


def _sign(council: Council) -> None:
    record, signing = passkeys.begin_signing(council.ledger, Office.record(council), PAGE)
    response = PHONE.get(signing.options)
    council.consent_index = passkeys.finish_signing(
        council.workspace, council.log, record, signing, response, council.policy, council.now
    )


def test_the_command_enters_what_the_page_made(council: Council, tmp_path: Path) -> None:
    said = council.role_record()
    touched = office_passkeys.begin_enrolment(said)
    file, key = tmp_path / "wc-1.passkey", tmp_path / "wc.key"
    file.write_bytes(office_passkeys.paper(said, [touched.finish(DESK.get(touched.options))]))
    keys.save(key, key_of("wc-1"), None)
    asked = ("role", "passkey", file, "--now", council.now.isoformat())
    other = tmp_path / "hr.key"
    keys.save(other, key_of("hr-1"), None)
    refused = govern(*asked, "--key", other, workspace=council.workspace.root)
    assert (refused.code, "not the key that the officer enrolled" in refused.err) == (3, True)
    done = govern(*asked, "--key", key, "--json", workspace=council.workspace.root)
    assert done.code == 0, done.err
    assert json.loads(done.out)["key_id"] == DESK.passkey.key_id
    again = govern(*asked, "--key", key, workspace=council.workspace.root)
    assert again.code == 3
    listed = govern("role", "list", "--json", workspace=council.workspace.root).json["officers"]
    assert next(each["passkeys"] for each in listed if each["holder"] == "wc-1")[0]["key_id"] == DESK.passkey.key_id
    ended = govern(
        *("role", "end", "--holder", "wc-1", "--passkey", DESK.passkey.key_id, "--now", council.now.isoformat()),
        workspace=council.workspace.root,
    )
    assert ended.code == 0, ended.err
    assert council.ledger.officer("wc-1").passkeys == ()


def test_a_person_s_record_is_no_officer_s(council: Council) -> None:
    said = council.make()
    with pytest.raises(FormatError, match="such an enrolment"):
        office_passkeys.read_paper(passkeys.paper(said, [{"keyid": "x", "sig": "AA=="}]))
    with pytest.raises(FormatError):
        passkeys.read_paper(office_passkeys.paper(council.role_record(), [{"keyid": "x", "sig": "AA=="}]))
    with pytest.raises(FormatError, match="too long"):
        office_passkeys.read_paper(b" " * (passkeys.MAX_PAPER + 1))


@pytest.mark.parametrize(
    "changes", [{"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"flags": 1}, {"says": {"crossOrigin": True}}]
)
def test_nothing_is_made_witnessed_or_approved_elsewhere(council: Council, changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        council.role_record(DESK.but(**changes))
    council.equip()
    size = council.log.size
    with pytest.raises(SignatureError):
        council.enrol(device=DESK.but(**changes))
    officer = council.ledger.officer("wc-1")
    said = approving.statement(officer, "run", council.now)
    begun = office_passkeys.begin_approval(officer, said, PAGE)
    with pytest.raises(SignatureError):
        office_passkeys.finish_approval(said, begun, DESK.but(**changes).get(begun.options))
    assert council.log.size == size


def test_an_approval_by_passkey_counts_once_and_says_what_was_shown(council: Council) -> None:
    council.equip()
    officer = council.ledger.officer("wc-1")
    said = approving.statement(officer, "run", council.now, subject=SUBJECT)
    other = approving.statement(officer, "run", council.now)
    begun = office_passkeys.begin_approval(officer, said, PAGE)
    with pytest.raises(UsageError, match="another approval"):
        office_passkeys.finish_approval(other, begun, DESK.get(begun.options))
    body = office_passkeys.finish_approval(said, begun, DESK.get(begun.options))
    index, after = approving.give(council.workspace, council.log, said, body, council.now)
    assert [(each.index, each.subject) for each in after.approvals(council.now)] == [(index, SUBJECT)]
    with pytest.raises(RefusedError, match="replayed"):
        approving.give(council.workspace, council.log, said, body, council.now)
    approving.withdraw(council.log, "wc-1", index, "portal", council.now)
    assert council.ledger.approvals(council.now) == ()


def test_whoever_has_no_passkey_here_or_may_not_sign_it_is_told_before(council: Council) -> None:
    officer = council.ledger.officer("wc-1")
    said = approving.statement(officer, "run", council.now)
    with pytest.raises(RefusedError, match="no passkey"):
        office_passkeys.begin_approval(officer, said, PAGE)
    council.equip()
    officer = council.ledger.officer("wc-1")
    with pytest.raises(RefusedError, match="no passkey"):
        office_passkeys.begin_approval(officer, said, Page(PAGE.rp_id, f"{ORIGIN}:8443", "x"))
    with pytest.raises(RefusedError, match="does not count from this role"):
        approving.statement(officer, "impact_assessment", council.now, sha256="0" * 64, dated=council.now)
    with pytest.raises(UsageError, match="needs --document"):
        approving.statement(officer, "collective_agreement", council.now)
    with pytest.raises(RefusedError, match="another witness"):
        office_passkeys.begin_witness(council.ledger.officer("hr-1"), council.make(), PAGE)
