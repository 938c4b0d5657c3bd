"""A skill released, and answered to, by passkey: what the verifier says of it, and what is refused, nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from passkey import Authenticator
from release_world import PURPOSE, SUBJECT, key_of
from test_passkeys import LAPTOP, PAGE, PHONE, Office, run

from attest import bundle, canonical, container, dsse, evidence, keys, response
from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, SignatureError
from consent import build
from extract import redaction
from extract.inspection import origin
from extract.inspection.page import Skill, skills
from extract.skill import draft as drafts
from extract.skill.verify import verify_skill
from govern import passkey_releases, passkeys, releases, standing
from govern.cli import skill_attest
from govern.errors import GovernError, RefusedError, UsageError
from govern.passkey_releases import Begun
from govern.passkeys import Page, Signing

ELSEWHERE = Page("portal.example", "https://portal.example", "Harbour Works")


def digest_of(data: bytes) -> str:
    return standing.statement_sha256(container.unpack(data).files)


class Desk(Office):
    """An office whose page shows drafts to the person."""

    def reviewed_draft(self, **corrections: str) -> bytes:
        data = self.packed()
        self.review(data, **corrections)
        return data

    def review(self, data: bytes, **corrections: str) -> None:
        made = drafts.read(data, self.log)
        self.workspace.keep(
            self.workspace.review_path(made.extraction_id), self.reviewed(made, **corrections).to_bytes()
        )

    def begin_release(self, data: bytes | None = None) -> tuple[Begun, Signing]:
        return passkey_releases.begin_release(self.workspace, self.log, data or self.reviewed_draft(), PAGE, self.now)

    def finish_release(self, begun: Begun, answer: dict[str, Any]) -> bytes:
        return passkey_releases.finish_release(self.workspace, self.log, begun, answer, self.now)

    def release_by(self, phone: Authenticator = PHONE) -> bytes:
        begun, signing = self.begin_release()
        return self.finish_release(begun, phone.get(signing.options))

    def word_by(self, data: bytes, kind: str, phone: Authenticator = PHONE) -> int:
        said, signing = passkey_releases.begin_response(
            self.workspace, self.log, digest_of(data), SUBJECT, kind, PAGE, self.now
        )
        answer = phone.get(signing.options)
        return passkey_releases.finish_response(self.workspace, self.log, said, signing, answer, self.now)

    def failed(self, data: bytes) -> list[str]:
        report = verify_skill(data, self.workspace.log_vkey, now=self.now)
        return [check.name for check in report.checks if check.status == "fail"]

    def word(self, data: bytes) -> Any:
        return standing.word(data, self.log, self.ledger, self.now)


def inspected(data: bytes) -> Skill:
    (skill,) = skills("a.skill", container.unpack(data).files)
    return skill


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])
    made = Desk(tmp_path)
    made.begin()
    monkeypatch.setattr(releases, "circumstances", lambda *_: made.known())
    made.enrol()
    return made


def test_a_release_by_passkey_is_verified_from_the_file_alone(desk: Desk) -> None:
    desk.sign()
    data = desk.release_by()
    report = verify_skill(data, desk.workspace.log_vkey, now=desk.now)
    assert [check.name for check in report.checks if check.status == "fail"] == []
    said = {check.name: check.value for check in report.checks}
    assert any("passkey at https://consent.example; witnessed by wc-1" in value for value in said.values())
    assert origin.is_released(inspected(data))
    assert desk.standing(data).status == "released"


class Keyless(Desk):
    """A desk whose person never had a key file."""

    def add(self, kind: str, body: Any, actor: str = "operator") -> int:
        return -1 if kind == "key.enrolled" else super().add(kind, body, actor)

    def agree(self) -> None:
        """The passkey that agrees is not there yet."""

    def enrol(self, phone: Authenticator = PHONE) -> int:
        said = self.make(phone)
        signing = passkeys.begin_enrolment(said)
        own = signing.finish(phone.get(signing.options))
        witness = passkeys.countersign(said, keys.key_id(key_of("wc-1")), key_of("wc-1"))
        return passkeys.enrol(self.log, said, [own, witness], self.now)[0]


def test_who_has_a_passkey_only_consents_releases_and_answers_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])
    made = Keyless(tmp_path)
    made.begin()
    monkeypatch.setattr(releases, "circumstances", lambda *_: made.known())
    made.enrol()
    assert made.ledger.key(SUBJECT) is None
    made.sign()
    data = made.release_by()
    assert made.failed(data) == []
    made.word_by(data, "correct")
    assert made.word(data).rejected == 0
    assert made.word(data).index is not None


def test_consent_by_key_file_and_release_by_passkey_go_together(desk: Desk) -> None:
    assert desk.failed(desk.release_by()) == []


def test_release_of_a_review_by_key_file_signs_the_same_content(desk: Desk) -> None:
    begun, _ = desk.begin_release()
    made = drafts.read(begun.draft, desk.log)
    assert desk.plan(made, desk.reviewed(made)).candidate.release == begun.plan.candidate.release


@pytest.mark.parametrize(
    "phone",
    [
        PHONE.but(origin="https://evil.test"),
        PHONE.but(rp_id="evil.test"),
        PHONE.but(flags=1),
        PHONE.but(says={"crossOrigin": True}),
        PHONE.but(says={"type": "webauthn.create"}),
        PHONE.but(other_key=LAPTOP.key),
    ],
)
def test_a_wrong_assertion_releases_nothing(desk: Desk, phone: Authenticator) -> None:
    begun, signing = desk.begin_release()
    size = desk.log.size
    with pytest.raises(SignatureError):
        desk.finish_release(begun, phone.get(signing.options))
    assert desk.log.size == size


def test_an_answer_to_another_question_or_by_another_passkey_releases_nothing(desk: Desk) -> None:
    begun, signing = desk.begin_release()
    _, consent = passkeys.begin_signing(desk.ledger, desk.record(), PAGE)
    size = desk.log.size
    with pytest.raises(SignatureError):
        desk.finish_release(begun, PHONE.get(consent.options))
    with pytest.raises(FormatError):
        desk.finish_release(begun, LAPTOP.get(signing.options))
    assert desk.log.size == size


def test_without_a_passkey_for_the_page_nothing_begins(desk: Desk) -> None:
    data = desk.reviewed_draft()
    with pytest.raises(RefusedError):
        passkey_releases.begin_release(desk.workspace, desk.log, data, ELSEWHERE, desk.now)


def test_a_passkey_that_ended_before_the_end_releases_nothing(desk: Desk) -> None:
    begun, signing = desk.begin_release()
    passkeys.end(desk.log, SUBJECT, PHONE.passkey.key_id, desk.now)
    size = desk.log.size
    with pytest.raises(RefusedError):
        desk.finish_release(begun, PHONE.get(signing.options))
    assert desk.log.size == size


def test_what_changes_in_between_is_refused_and_nothing_written(desk: Desk) -> None:
    begun, signing = desk.begin_release()
    answer = PHONE.get(signing.options)
    desk.review(begun.draft, c001="")
    size = desk.log.size
    with pytest.raises(RefusedError, match="changed"):
        desk.finish_release(begun, answer)
    desk.review(begun.draft)
    desk.add("consent.withdrawn", build.withdrawal(SUBJECT, [PURPOSE], "portal"), f"employee:{SUBJECT}")
    with pytest.raises(RefusedError, match="consent"):
        desk.finish_release(begun, answer)
    assert desk.log.size == size + 1


def test_time_may_pass_and_one_answer_releases_once(desk: Desk) -> None:
    begun, signing = desk.begin_release()
    answer = PHONE.get(signing.options)
    desk.later(minutes=3)
    assert desk.failed(desk.finish_release(begun, answer)) == []
    with pytest.raises(RefusedError, match="was released"):
        desk.finish_release(begun, answer)


def test_an_unreviewed_draft_is_refused_at_the_beginning(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="review"):
        desk.begin_release(desk.packed())


def test_no_byte_of_the_release_can_be_changed(desk: Desk) -> None:
    box = container.unpack(desk.release_by())
    envelope = json.loads(box.files[evidence.RELEASE])
    payload = from_base64(envelope["payload"])
    signature = envelope["signatures"][0]
    changed = []
    for at in range(0, len(payload), 37):
        other = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
        changed.append({**envelope, "payload": to_base64(other)})
    for part in ("authenticatorData", "clientDataJSON"):
        data = from_base64(signature["webauthn"][part])
        for at in range(0, len(data), 11):
            other = to_base64(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            changed.append(
                {**envelope, "signatures": [{**signature, "webauthn": {**signature["webauthn"], part: other}}]}
            )
    # The release is looked at by itself here: that the statement covers it is another question, asked before.
    for each in changed:
        files = {**box.files, evidence.RELEASE: canonical.dumps(each)}
        assert not origin.is_released(inspected(container.pack(box.name, files)))
    files = {**box.files, evidence.RELEASE: canonical.dumps(changed[0])}
    assert "files" in desk.failed(container.pack(box.name, files))


@pytest.mark.parametrize("folder", ["passkeys/", "roles/"])
def test_a_release_without_its_enrolment_or_witness_is_not_the_persons(desk: Desk, folder: str) -> None:
    box = container.unpack(desk.release_by())
    files = {n: d for n, d in box.files.items() if not n.startswith(evidence.FOLDER + folder)}
    failed = desk.failed(container.pack(box.name, files))
    assert any("subject" in name or "released" in name for name in failed)


def test_a_word_by_a_passkey_that_is_enrolled_later_does_not_count(desk: Desk) -> None:
    data = desk.release_by()
    said, signing = passkey_releases.begin_response(
        desk.workspace, desk.log, digest_of(data), SUBJECT, "contest", PAGE, desk.now
    )
    assertion = LAPTOP.sign(dsse.pae(signing.payload_type, signing.payload))
    body = said.signed_body(assertion.to_signature(LAPTOP.passkey.key_id))
    desk.add("subject.response", body, f"employee:{SUBJECT}")
    desk.enrol(LAPTOP)
    assert (desk.word(data).status, desk.word(data).rejected) == ("unanswered", 1)
    assert desk.word_by(data, "contest", LAPTOP)
    assert desk.word(data).status == "contested"


def test_a_word_by_passkey_travels_in_the_skill(desk: Desk) -> None:
    desk.enrol(LAPTOP)
    data = desk.release_by()
    index = desk.word_by(data, "confirm", LAPTOP)
    box = container.unpack(data)
    files = bundle.refresh(desk.log, box.files, desk.workspace.sign(desk.log), responses=[index])
    packed = container.pack(box.name, files)
    assert desk.failed(packed) == []
    report = verify_skill(packed, desk.workspace.log_vkey, now=desk.now)
    assert f"confirm (entry {index}, signed)" in [check.value for check in report.checks]
    assert skill_attest._since(desk.log, desk.ledger, box.files, desk.log.size)[0] == [index]
    enrolled = desk.ledger.passkeys(SUBJECT)[1].index
    without = {n: d for n, d in files.items() if str(enrolled) not in n}
    assert desk.failed(container.pack(box.name, without)) != []


def test_a_word_by_passkey_counts_and_is_checked(desk: Desk) -> None:
    data = desk.release_by()
    index = desk.word_by(data, "contest")
    word = desk.word(data)
    assert (word.status, word.index, word.rejected) == ("contested", index, 0)
    assert desk.word_by(data, "confirm")
    assert desk.word(data).status == "confirmed"
    # What was said stays said when the passkey ends; whoever has it later says nothing.
    body = json.loads(desk.log.entry(index))["body"]
    passkeys.end(desk.log, SUBJECT, PHONE.passkey.key_id, desk.now)
    assert desk.word(data).status == "confirmed"
    desk.add("subject.response", body, f"employee:{SUBJECT}")
    assert (desk.word(data).status, desk.word(data).rejected) == ("confirmed", 1)


@pytest.mark.parametrize("changes", [{"origin": "https://evil.test"}, {"flags": 1}, {"other_key": LAPTOP.key}])
def test_a_wrong_assertion_is_no_word(desk: Desk, changes: dict[str, Any]) -> None:
    data = desk.release_by()
    size = desk.log.size
    with pytest.raises(SignatureError):
        desk.word_by(data, "confirm", PHONE.but(**changes))
    assert desk.log.size == size


def test_another_word_than_the_signed_one_is_refused(desk: Desk) -> None:
    data = desk.release_by()
    arguments = (desk.workspace, desk.log, digest_of(data), SUBJECT)
    said, _ = passkey_releases.begin_response(*arguments, "confirm", PAGE, desk.now)
    _, signing = passkey_releases.begin_response(*arguments, "contest", PAGE, desk.now)
    answer = PHONE.get(signing.options)
    with pytest.raises(UsageError):
        passkey_releases.finish_response(desk.workspace, desk.log, said, signing, answer, desk.now)
    with pytest.raises(GovernError):
        response.check(said.signed_body(signing.finish(answer)), PHONE.passkey)
    with pytest.raises(SignatureError):
        response.check(said.body(key_of("tove")), PHONE.passkey)


def test_the_report_checks_a_release_by_passkey_in_the_browser(desk: Desk) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("Chromium is not installed")
    data = desk.release_by()
    desk.word_by(data, "confirm")
    skill, page = desk.root / "a.skill", desk.root / "report.html"
    skill.write_bytes(data)
    made = run(desk, "audit", "report", "-o", page, skill, "--log-key", desk.workspace.log_vkey)
    assert made.code == 0, made.err
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_function("/ failed, /.test(document.getElementById('verdict').textContent)")
            verdict = tab.inner_text("[data-check=released] .verdict")
            line = tab.inner_text("#verdict")
        finally:
            browser.close()
    assert verdict == "holds"
    assert " 0 failed" in line
