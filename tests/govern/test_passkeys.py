"""Passkeys from a page to an audit: the ceremonies, the commands, a released skill, and receipts."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from office import govern
from passkey import ORIGIN, RP_ID, Authenticator
from release_world import MODEL, PURPOSE, SUBJECT, World, key_of

from attest import canonical, container, enrolment, evidence, keys, passkey, webauthn
from attest.errors import FormatError, SignatureError
from consent import build, notice, receipt, receipt_page
from consent.record import ConsentRecord
from extract import redaction
from extract.inspection import origin
from extract.inspection.page import skills
from extract.skill.verify import verify_skill
from govern import passkeys, withdrawing
from govern.errors import GovernError, RefusedError, UsageError, VerificationError
from govern.passkeys import Page, Signing

PAGE = Page(RP_ID, ORIGIN, "Harbour Works")
PHONE, LAPTOP = Authenticator(), Authenticator(webauthn.EDDSA, seed="laptop")


@pytest.fixture(autouse=True)
def nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors have tests of their own and take seconds to load."""
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])


@dataclass
class Office(World):
    """A workspace in which Tove has a key file, a works council watches, and a page asks."""

    def begin(self) -> Office:
        super().begin()
        for holder, role in (("wc-1", "works_council"), ("hr-1", "hr")):
            self.add("role.enrolled", enrolment.role_body(holder, role, key_of(holder), self.now))
        return self

    @property
    def ledger(self) -> Any:
        return self.workspace.ledger(self.log)

    def make(self, phone: Authenticator = PHONE, witness: str = "wc-1") -> passkey.Enrolment:
        creation = passkeys.begin_creation(PAGE, self.ledger, SUBJECT)
        return passkeys.finish_creation(creation, phone.create(creation.options), self.ledger, witness, self.now)

    def enrol(self, phone: Authenticator = PHONE) -> int:
        said = self.make(phone)
        signing = passkeys.begin_enrolment(said)
        signatures = [signing.finish(phone.get(signing.options))]
        for word in ("wc-1", "tove"):
            signatures.append(passkeys.countersign(said, keys.key_id(key_of(word)), key_of(word)))
        index, _ = passkeys.enrol(self.log, said, signatures, self.now)
        return index

    def record(self) -> ConsentRecord:
        terms = build.Terms(notice.load(), self.policy, MODEL, jurisdictions=("DE",))
        return build.given(
            pid=SUBJECT,
            terms=terms,
            now=self.now,
            purposes=[PURPOSE],
            sources=["mail.work"],
            categories=["procedures"],
            recipients=["team:own"],
            material_from=date(2026, 1, 1),
            material_until=date(2026, 3, 1),
            record_id=str(uuid.UUID(self.fresh(32))),
            nonce=self.fresh(32),
        )

    def sign(self, phone: Authenticator = PHONE) -> int:
        record, signing = passkeys.begin_signing(self.ledger, self.record(), PAGE)
        response = phone.get(signing.options)
        self.consent_index = passkeys.finish_signing(
            self.workspace, self.log, record, signing, response, self.policy, self.now
        )
        return self.consent_index

    def receipt(self, index: int, key: int | None) -> receipt.Receipt:
        note = self.workspace.sign(self.log)

        def proved(at: int) -> tuple[bytes, bytes]:
            return self.log.entry(at), self.log.proof(at, note).to_bytes()

        return receipt.receipt(*proved(index), self.workspace.log_vkey, signer=proved(key) if key is not None else None)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path).begin()


def test_the_browser_is_asked_for_what_the_verifier_will_want(office: Office) -> None:
    creation = passkeys.begin_creation(PAGE, office.ledger, SUBJECT, bytes(32))
    asked = creation.options
    assert asked["rp"] == {"id": RP_ID, "name": "Harbour Works"}
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["user"]["id"] != webauthn.to_base64url(SUBJECT.encode())
    office.enrol()
    again = passkeys.begin_creation(PAGE, office.ledger, SUBJECT)
    assert again.challenge != passkeys.begin_creation(PAGE, office.ledger, SUBJECT).challenge
    assert [each["id"] for each in again.options["excludeCredentials"]] == [webauthn.to_base64url(PHONE.credential_id)]
    _, signing = passkeys.begin_signing(office.ledger, office.record(), PAGE)
    assert signing.options["userVerification"] == "required"
    assert (signing.options["rpId"], len(signing.options["allowCredentials"])) == (RP_ID, 1)


def test_a_page_that_cannot_use_passkeys_is_refused() -> None:
    for rp_id, at in (("evil.test", ORIGIN), (RP_ID, "http://consent.example")):
        with pytest.raises(FormatError):
            Page(rp_id, at, "x")


def test_hr_and_nobody_are_no_witnesses(office: Office) -> None:
    for witness in ("hr-1", "wc-9"):
        with pytest.raises(RefusedError):
            office.make(witness=witness)


@pytest.mark.parametrize(
    "changes", [{"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"flags": 1}, {"says": {"crossOrigin": True}}]
)
def test_nothing_is_signed_or_made_elsewhere(office: Office, changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        office.make(PHONE.but(**changes))
    office.enrol()
    size = office.log.size
    with pytest.raises(SignatureError):
        office.sign(PHONE.but(**changes))
    assert office.log.size == size


def test_an_answer_to_another_question_is_refused(office: Office) -> None:
    first = passkeys.begin_creation(PAGE, office.ledger, SUBJECT)
    second = passkeys.begin_creation(PAGE, office.ledger, SUBJECT)
    with pytest.raises(SignatureError):
        passkeys.finish_creation(second, PHONE.create(first.options), office.ledger, "wc-1", office.now)
    answer = PHONE.create(first.options)
    for broken in (
        {**answer, "rawId": webauthn.to_base64url(b"other")},
        {**answer, "type": "password"},
        {**answer, "response": {}},
        {},
    ):
        with pytest.raises(FormatError):
            passkeys.finish_creation(first, broken, office.ledger, "wc-1", office.now)


def test_without_witness_or_own_key_nothing_is_enrolled(office: Office) -> None:
    said = office.make()
    signing = passkeys.begin_enrolment(said)
    own = signing.finish(PHONE.get(signing.options))
    size = office.log.size
    for signers in ((), ("wc-1",), ("tove",), ("hr-1", "tove"), ("wc-1", "mallory")):
        more = [passkeys.countersign(said, keys.key_id(key_of(word)), key_of(word)) for word in signers]
        with pytest.raises(RefusedError, match="would not count"):
            passkeys.enrol(office.log, said, [own, *more], office.now)
    assert office.log.size == size


def test_a_second_passkey_is_vouched_for_by_the_first_where_there_is_no_key_file(office: Office) -> None:
    pid = "p-other"
    creation = passkeys.begin_creation(PAGE, office.ledger, pid)
    first = passkeys.finish_creation(creation, PHONE.create(creation.options), office.ledger, "wc-1", office.now)
    assert first.by == ""
    watch = (keys.key_id(key_of("wc-1")), key_of("wc-1"))
    signing = passkeys.begin_enrolment(first)
    passkeys.enrol(
        office.log,
        first,
        [signing.finish(PHONE.get(signing.options)), passkeys.countersign(first, *watch)],
        office.now,
    )
    creation = passkeys.begin_creation(PAGE, office.ledger, pid)
    second = passkeys.finish_creation(creation, LAPTOP.create(creation.options), office.ledger, "wc-1", office.now)
    held = office.ledger.passkeys(pid)[0]
    assert second.by == held.key_id
    own, before = passkeys.begin_enrolment(second), passkeys.begin_enrolment(second, held)
    signatures = [own.finish(LAPTOP.get(own.options)), before.finish(PHONE.get(before.options))]
    passkeys.enrol(office.log, second, [*signatures, passkeys.countersign(second, *watch)], office.now)
    assert len(office.ledger.passkeys(pid)) == 2


def test_whoever_has_a_key_file_too_may_vouch_with_a_passkey_instead(office: Office) -> None:
    office.enrol()
    creation = passkeys.begin_creation(PAGE, office.ledger, SUBJECT)
    answer, held = LAPTOP.create(creation.options), office.ledger.passkeys(SUBJECT)[0]
    with_file = passkeys.finish_creation(creation, answer, office.ledger, "wc-1", office.now)
    with_phone = passkeys.finish_creation(creation, answer, office.ledger, "wc-1", office.now, held)
    assert (with_file.by, with_phone.by) == (keys.key_id(key_of("tove")), held.key_id)


def test_one_key_does_not_sign_twice_over(office: Office) -> None:
    said = office.make()
    twice = [passkeys.countersign(said, keys.key_id(key_of("wc-1")), key_of("wc-1"))] * 2
    with pytest.raises(UsageError, match="twice"):
        passkeys.enrol(office.log, said, twice, office.now)


def test_a_record_that_changed_between_beginning_and_end_is_not_logged(office: Office) -> None:
    office.enrol()
    record, signing = passkeys.begin_signing(office.ledger, office.record(), PAGE)
    response = PHONE.get(signing.options)
    size = office.log.size
    other = record.model_copy(update={"withhold": ("people_network",)})
    with pytest.raises(UsageError):
        passkeys.finish_signing(office.workspace, office.log, other, signing, response, office.policy, office.now)
    forged = Signing(signing.payload_type, other.to_payload(), signing.keys)
    with pytest.raises(SignatureError):
        passkeys.finish_signing(office.workspace, office.log, other, forged, response, office.policy, office.now)
    with pytest.raises(FormatError):
        signing.finish(LAPTOP.get(signing.options))
    assert office.log.size == size
    args = (office.workspace, office.log, record, signing, response, office.policy, office.now)
    passkeys.finish_signing(*args)
    with pytest.raises(RefusedError, match="replayed"):
        passkeys.finish_signing(*args)


def test_whoever_has_no_passkey_for_the_page_or_is_a_delegate_cannot_sign_there(office: Office) -> None:
    with pytest.raises(RefusedError, match="no passkey"):
        passkeys.begin_signing(office.ledger, office.record(), PAGE)
    office.enrol()
    elsewhere = Page(RP_ID, f"{ORIGIN}:8443", "x")
    with pytest.raises(RefusedError, match="no passkey"):
        passkeys.begin_signing(office.ledger, office.record(), elsewhere)
    record = office.record()
    delegated = record.model_copy(update={"actor": record.actor.model_copy(update={"role": "delegate"})})
    with pytest.raises(RefusedError, match="only the person"):
        passkeys.begin_signing(office.ledger, delegated, PAGE)


def take_back(office: Office, purposes: list[str], signed: Any) -> tuple[int, bool]:
    return withdrawing.withdraw(
        office.workspace, office.log, SUBJECT, office.now, channel="portal", purposes=purposes, signed=signed
    )


def test_withdrawing_by_passkey_without_and_with_a_broken_answer(office: Office) -> None:
    office.enrol()
    for phone, is_signed in ((PHONE, True), (None, False), (PHONE.but(flags=0), False)):
        office.later(hours=1)
        office.sign()
        office.later(hours=1)
        begun = passkeys.begin_withdrawal(office.ledger, SUBJECT, [PURPOSE], PAGE, office.now)
        assert begun is not None
        signed = None if phone is None else (*begun, phone.get(begun[1].options))
        index, counted = take_back(office, [PURPOSE], signed)
        assert counted is is_signed
        assert office.ledger.state(SUBJECT, PURPOSE, office.now).state == "withdrawn"
        assert canonical.loads(office.log.entry(index))["body"]["purposes"] == [PURPOSE]
    for rubbish in (None, [], "x", {"rawId": 1}):
        broken = (*begun, rubbish)
        take_back(office, [PURPOSE], broken)


def test_a_signature_that_withdraws_something_else_is_left_out(office: Office) -> None:
    office.enrol()
    office.sign()
    office.later(hours=1)
    begun = passkeys.begin_withdrawal(office.ledger, SUBJECT, [PURPOSE], PAGE, office.now)
    assert begun is not None
    signed = (*begun, PHONE.get(begun[1].options))
    assert take_back(office, [], signed)[1] is False
    assert take_back(office, ["onboarding"], signed)[1] is False
    assert passkeys.begin_withdrawal(office.ledger, "p-nobody", [PURPOSE], PAGE, office.now) is None


# Offline: the skill and the receipt.


def test_a_skill_from_a_consent_by_passkey_is_verified_alone(office: Office) -> None:
    enrolled = office.enrol()
    office.later(hours=1)
    office.sign()
    data = office.release()
    files = container.unpack(data).files
    assert evidence.passkey_file(enrolled) in files
    report = verify_skill(data, office.workspace.log_vkey, now=office.now)
    assert [c.name for c in report.checks if c.status == "fail"] == []
    (line,) = [c.value for c in report.checks if c.name == "consent"]
    assert f"signed by passkey at {ORIGIN}, witnessed by wc-1" in line
    (skill,) = skills("a.skill", files)
    assert origin.is_released(skill)


def test_a_report_checks_a_signature_by_passkey_in_the_browser(office: Office) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("Chromium is not installed")
    office.enrol()
    office.later(hours=1)
    office.sign()
    skill, page = office.root / "a.skill", office.root / "report.html"
    skill.write_bytes(office.release())
    made = run(office, "audit", "report", "-o", page, skill, "--log-key", office.workspace.log_vkey)
    assert made.code == 0, made.err
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_function("/ failed, /.test(document.getElementById('verdict').textContent)")
            verdicts = {
                name: tab.inner_text(f"[data-check={name}] .verdict") for name in ("consents", "consent", "released")
            }
            line = tab.inner_text("#verdict")
        finally:
            browser.close()
    assert verdicts == {"consents": "holds", "consent": "holds", "released": "holds"}
    assert " 0 failed" in line


@pytest.mark.parametrize("left_out", ["passkeys", "roles"])
def test_a_skill_without_passkey_or_witness_does_not_show_the_consent(office: Office, left_out: str) -> None:
    office.enrol()
    office.later(hours=1)
    office.sign()
    content = container.unpack(office.release())
    from attest.verify import verify_container

    files = {name: data for name, data in content.files.items() if f"attestation/{left_out}/" not in name}
    report = verify_container(replace(content, files=files), office.workspace.log_vkey, now=office.now)
    assert "consent" in [c.name for c in report.checks if c.status == "fail"]


def test_a_receipt_shows_and_checks_the_passkey(office: Office) -> None:
    enrolled = office.enrol()
    office.later(hours=1)
    record, signing = passkeys.begin_signing(office.ledger, office.record(), PAGE)
    index = passkeys.finish_signing(
        office.workspace, office.log, record, signing, PHONE.get(signing.options), office.policy, office.now
    )
    made = office.receipt(index, enrolled)
    assert made.signer is not None
    assert made.signer.passkey == PHONE.passkey
    page = receipt_page.page(made)
    for shown in (signing.words, ORIGIN, PHONE.passkey.key_id):
        assert shown in made.text
        assert shown.encode() in page
    vkey = office.workspace.log_vkey
    for file in (page, made.to_bytes()):
        assert receipt.check(file, vkey).signer == made.signer
    with pytest.raises(VerificationError):
        receipt.check(page.replace(signing.words.encode(), b"babab " * 8), vkey)


def test_a_receipt_with_the_enrolment_of_another_passkey_proves_nothing(office: Office) -> None:
    office.enrol()
    other = office.enrol(LAPTOP)
    index = office.sign(PHONE)
    with pytest.raises(GovernError):
        office.receipt(index, other)


def test_a_signed_withdrawal_has_a_receipt_too(office: Office) -> None:
    enrolled = office.enrol()
    office.sign()
    office.later(hours=1)
    begun = passkeys.begin_withdrawal(office.ledger, SUBJECT, [PURPOSE], PAGE, office.now)
    assert begun is not None
    signed = (*begun, PHONE.get(begun[1].options))
    index, _ = take_back(office, [PURPOSE], signed)
    made = office.receipt(index, enrolled)
    assert begun[1].words in made.text
    assert receipt.check(made.to_bytes(), office.workspace.log_vkey).event.type == "consent.withdrawn"


# The commands.


def run(office: Office, *args: object) -> Any:
    return govern(*args, workspace=office.workspace.root)


def test_the_witness_enters_a_passkey_and_it_is_listed_and_ended(office: Office) -> None:
    root, now = office.root, ("--now", "2026-03-02T09:00:00Z")
    for word in ("wc-1", "hr-1", "tove", "mallory"):
        keys.save(root / f"{word}.key", key_of(word), None)
    said = office.make()
    signing = passkeys.begin_enrolment(said)
    file = root / "tove.passkey"
    file.write_bytes(passkeys.paper(said, [signing.finish(PHONE.get(signing.options))]) + b"\n")
    watch = ("--witness", "wc-1", "--witness-key", root / "wc-1.key")
    own = ("--key", root / "tove.key")

    for args, code, word in (
        ((), 3, "names another witness"),
        (("--witness", "hr-1", "--witness-key", root / "hr-1.key", *own), 3, "HR cannot be the witness"),
        (("--witness", "wc-1", "--witness-key", root / "mallory.key", *own), 3, "not the key that the officer"),
        (watch, 3, "would not count"),
        ((*watch, "--key", root / "mallory.key"), 3, "would not count"),
    ):
        result = run(office, "keys", "passkey", file, *args, *now)
        assert (result.code, word in result.err) == (code, True), result.err
    result = run(office, "keys", "passkey", file, *watch, *own, *now, "--json")
    assert result.code == 0, result.err
    assert result.json["words"] == signing.words
    assert result.json["words"] in result.err

    listed = run(office, "keys", "list", "--json").json
    assert [key["subject"] for key in listed["keys"]] == [SUBJECT]
    assert listed["passkeys"] == [
        {
            "subject": SUBJECT,
            "key_id": PHONE.passkey.key_id,
            "index": result.json["index"],
            "witness": "wc-1",
            "origin": ORIGIN,
        }
    ]
    assert PHONE.passkey.key_id in run(office, "keys", "list").out
    ended = run(office, "keys", "end", "--subject", SUBJECT, "--passkey", PHONE.passkey.key_id, *now)
    assert ended.code == 0, ended.err
    assert run(office, "keys", "list", "--json").json["passkeys"] == []
    again = run(office, "keys", "end", "--subject", SUBJECT, "--passkey", PHONE.passkey.key_id, *now)
    assert (again.code, "unknown_key" in again.err) == (3, True)


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", json.dumps({"payload": "", "payloadType": "x"}).encode()])
def test_a_file_that_is_no_record_of_an_enrolment_is_refused(office: Office, data: bytes) -> None:
    file = office.root / "x.passkey"
    file.write_bytes(data)
    assert run(office, "keys", "passkey", file).code == 6


def test_the_command_for_receipts_finds_the_passkey(office: Office) -> None:
    office.enrol()
    office.later(hours=1)
    office.sign()
    out = office.root / "receipt.html"
    made = run(office, "consent", "receipt", "--subject", SUBJECT, "-o", out)
    assert made.code == 0, made.err
    vkey = office.root / "log.vkey"
    vkey.write_text(office.workspace.log_vkey, "utf-8")
    checked = run(office, "consent", "receipt", "--check", out, "--log-key", vkey)
    assert checked.code == 0, checked.err
    assert f"signed this very record at {ORIGIN}" in checked.out + checked.err
    for kind in ("json", "dpv", "kantara"):
        assert run(office, "consent", "export", "--subject", SUBJECT, "--format", kind, "--json").code == 0
