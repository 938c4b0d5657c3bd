"""The verifier: each lie is caught by the question that it is about."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from attest_world import (
    EXTRACTION,
    LOG_KEY,
    NAME,
    NOW,
    ORIGIN,
    OTHER_KEY,
    OTHER_PID,
    PID,
    POLICY,
    SUBJECT_KEY,
    Story,
    fixed_key,
    leaves,
    tell,
)

from attest import bundle, canonical, container, dsse, evidence, proof, statement
from attest.disposition import Dispositions
from attest.duration import end_of
from attest.encoding import from_time, to_time
from attest.errors import ContainerError, FormatError
from attest.keys import key_id
from attest.log import EventLog
from attest.note import NoteSigner
from attest.verify import main, verify_skill
from govern.errors import InputError

QUESTIONS = [
    "container",
    "statement signed by the log",
    "files",
    "release in the log",
    "release names this statement",
    "seal in the log",
    "manifest before the seal",
    "disposition tree",
    "every record has a disposition",
    "counts",
    "subject's key enrolled",
    "subject released this content",
    "consent",
    "expiry",
    "order",
    "policy",
    "witnesses",
    "time-stamp",
    "subject's word on accuracy",
    "authenticity of the sources",
    "what this does not prove",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The skill of the unchanged story."""
    return tell(tmp_path_factory.mktemp("told") / "log.sqlite")


@pytest.fixture
def log_path(tmp_path):
    return tmp_path / "log.sqlite"


def failed(report) -> set[str]:
    assert report.ok == (not report.failed)
    return {check.name for check in report.failed}


def test_a_skill_that_came_about_as_it_should_passes_every_check(told):
    report = told.verify()
    assert report.ok
    assert [check.name for check in report.checks] == QUESTIONS
    assert [check.number for check in report.checks] == list(range(1, 22))
    assert [check.status for check in report.checks] == ["pass"] * 16 + ["info"] * 5
    values = {check.name: check.value for check in report.checks}
    assert values["witnesses"] == "unwitnessed"
    assert values["subject's word on accuracy"] == "unanswered"
    assert values["counts"] == "5 seen = 3 taken + 2 left out"
    assert values["authenticity of the sources"] == "A0: 3, A1: 2"


def test_no_check_says_verified_and_every_check_says_what_it_means(told):
    text = told.verify().text()
    assert "verified" not in text.lower().replace("unverified", "")
    assert all(check.meaning for check in told.verify().checks)
    assert text.endswith("16 checks passed, 0 failed, 5 for information.\n")


COUNTS = Dispositions(leaves()).counts()

# One lie per story, and the question that must catch it. Others may fail with it.
LIES = {
    "forged statement": (Story(statement_signer=OTHER_KEY), "statement signed by the log"),
    "log is another": (Story(predicate={"log_origin": "example.com/govern/else"}), "statement signed by the log"),
    "consent of another person": (Story(consent_body={"pid": OTHER_PID}), "consent"),
    "record of another person": (
        Story(record={"subject": {"pid": OTHER_PID, "relation": "x", "employment_state": "y"}}),
        "consent",
    ),
    "consent signed by another": (Story(consent_signer=OTHER_KEY), "consent"),
    "consent refused": (Story(consent_event="consent.refused"), "consent"),
    "consent withdrawn": (Story(consent_event="consent.withdrawn"), "consent"),
    "consent says another event": (Story(record={"event": "refused"}), "consent"),
    "consent names another record": (Story(consent_body={"record_sha256": "0" * 64}), "consent"),
    "consent to another purpose": (
        Story(record={"choices": [{"purpose": "onboarding", "decision": "given"}]}),
        "consent",
    ),
    "consent says no to the purpose": (
        Story(record={"choices": [{"purpose": "knowledge_transfer", "decision": "refused"}]}),
        "consent",
    ),
    "consent says both": (
        Story(
            record={
                "choices": [
                    {"purpose": "knowledge_transfer", "decision": "refused"},
                    {"purpose": "knowledge_transfer", "decision": "given"},
                ]
            }
        ),
        "consent",
    ),
    "consent under another policy": (Story(record={"policy": {"sha256": "0" * 64}}), "consent"),
    "consent before its key": (Story(consent_before_key=True), "consent"),
    "consent after the seal": (Story(consent_after_seal=True), "order"),
    "seal names another consent": (Story(seal_body={"consent_index": 1}), "consent"),
    "seal under another policy": (Story(seal_body={"policy": {"sha256": "0" * 64}}), "policy"),
    "key of another person": (Story(enrolled_pid=OTHER_PID), "subject's key enrolled"),
    "key not signed by itself": (Story(enrolment_signer=OTHER_KEY), "subject's key enrolled"),
    "key signed another person": (Story(enrolment_says={"pid": OTHER_PID}), "subject's key enrolled"),
    "key signed another key": (Story(enrolment_says={"key_id": key_id(OTHER_KEY)}), "subject's key enrolled"),
    "stated key is another": (
        Story(predicate={"subject_key": {"key_id": key_id(OTHER_KEY), "index": 1}}),
        "subject's key enrolled",
    ),
    "expired": (Story(expires=NOW + timedelta(hours=1)), "expiry"),
    "outlives the consent": (Story(expires=NOW + timedelta(days=364)), "expiry"),
    "consent had ended": (Story(record={"validity": "P1M"}), "expiry"),
    "consent without an end": (Story(record={"validity": "forever"}), "consent"),
    "sealed counts do not add up": (
        Story(seal_body={"counts": {"taken": 3, "taken_redacted": 1, "left_out": 2, "by_reason": {}}}),
        "counts",
    ),
    "stated authenticity is better": (Story(predicate={"authenticity": {"A4": 5}}), "counts"),
    "sealed root is another": (Story(seal_body={"root": "0" * 64}), "disposition tree"),
    "sealed size is another": (Story(seal_body={"size": 6}), "disposition tree"),
    "manifest of other records": (Story(manifest_body={"root": "0" * 64}), "every record has a disposition"),
    "manifest of more records": (Story(manifest_body={"size": 6}), "every record has a disposition"),
    "manifest after the seal": (Story(manifest_after_seal=True), "manifest before the seal"),
    "seal of another manifest": (Story(seal_body={"manifest_index": 0}), "manifest before the seal"),
    "steps out of order": (Story(seal_body={"steps": {"gated": 6, "redacted": 5, "distilled": 4}}), "order"),
    "not a seal": (Story(seal_type="extraction.gated"), "seal in the log"),
    "stated seal is another": (Story(predicate={"seal": {"index": 1}}), "seal in the log"),
    "stated manifest is another": (
        Story(predicate={"manifest": {"index": 3, "root": "0" * 64, "size": 5}}),
        "manifest before the seal",
    ),
    "stated consent is another record": (
        Story(predicate={"consents": [{"index": 2, "record_sha256": "0" * 64}]}),
        "consent",
    ),
    "stated subject is another": (Story(predicate={"subject": OTHER_PID}), "consent"),
    "stated root is another": (
        Story(predicate={"dispositions": {"root": "0" * 64, "size": 5, "counts": COUNTS}}),
        "disposition tree",
    ),
    "stated counts are others": (
        Story(
            predicate={
                "dispositions": {
                    "root": Dispositions(leaves()).root.hex(),
                    "size": 5,
                    "counts": {**COUNTS, "taken": 1},
                }
            }
        ),
        "counts",
    ),
    "a step left out": (Story(seal_body={"steps": {"gated": 4, "distilled": 6}}), "seal in the log"),
    "seal of another extraction": (Story(seal_body={"extraction_id": "other"}), "seal in the log"),
    "seal of another subject": (Story(seal_body={"subject": OTHER_PID}), "seal in the log"),
    "manifest of another extraction": (Story(manifest_body={"extraction_id": "other"}), "manifest before the seal"),
    "release of another extraction": (Story(released_body={"extraction_id": "o"}), "release names this statement"),
    "release of another statement": (
        Story(released_body={"statement_sha256": "0" * 64}),
        "release names this statement",
    ),
    "release of another seal": (Story(released_body={"seal_index": 1}), "release names this statement"),
    "release to another expiry": (
        Story(released_body={"expires": "2030-01-01T00:00:00Z"}),
        "release names this statement",
    ),
    "not a release": (Story(released_type="skill.revoked"), "release in the log"),
    "released by another key": (Story(release_signer=OTHER_KEY), "subject released this content"),
    "released other content": (Story(release_content={"SKILL.md": b"# Mild\n"}), "subject released this content"),
    "released another skill": (Story(release_says={"skill": "other"}), "subject released this content"),
    "released another extraction": (Story(release_says={"extraction_id": "o"}), "subject released this content"),
    "released to another expiry": (
        Story(release_says={"expires": "2026-12-01T00:00:00Z"}),
        "subject released this content",
    ),
    "stated release is another": (Story(predicate={"release": {"sha256": "0" * 64}}), "subject released this content"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught_by_the_question_that_it_is_about(lie, log_path):
    story, question = LIES[lie]
    assert question in failed(tell(log_path, story).verify())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"record": {"choices": [{"purpose": "evaluation", "decision": "given"}]}, "purpose": "evaluation"}, None),
        ({"consent_event": "consent.renewed"}, None),
        ({"seal_body": {"consent_index": 2, "prev": 6, "ledger_sha256": "x"}}, None),
        ({"extra_events": 0}, None),
        ({"extra_events": 70}, None),
    ],
)
def test_what_is_no_lie_passes(change, named, log_path):
    assert failed(tell(log_path, Story(**change)).verify()) == set()


def test_a_statement_resigned_with_another_key_is_refused(told):
    opened = dsse.open_envelope(
        told.files[evidence.STATEMENT],
        {key_id(LOG_KEY): LOG_KEY.public_key().public_bytes_raw()},
        statement.PAYLOAD_TYPE,
    )
    for keys in (
        [(key_id(OTHER_KEY), OTHER_KEY)],
        [(key_id(LOG_KEY), OTHER_KEY)],
        [(key_id(LOG_KEY), LOG_KEY), (key_id(OTHER_KEY), OTHER_KEY)],
    ):
        forged = dsse.sign(statement.PAYLOAD_TYPE, opened.payload, keys)
        assert "statement signed by the log" in failed(told.with_file(evidence.STATEMENT, forged).verify())


def test_nothing_else_is_asked_of_a_statement_that_does_not_verify(told):
    report = told.with_file(evidence.STATEMENT, b"{}").verify()
    by_name = {check.name: check for check in report.checks}
    assert by_name["consent"].value == "not asked: the statement does not verify (2)"
    assert by_name["release in the log"].status == "pass"
    assert by_name["disposition tree"].status == "fail"


def test_another_logs_key_opens_nothing(told):
    other = NoteSigner(ORIGIN, OTHER_KEY).verifier.vkey
    names = failed(told.verify(vkey=other))
    assert {"statement signed by the log", "release in the log", "seal in the log"} <= names
    same_key_other_name = NoteSigner("example.com/govern/else", LOG_KEY).verifier.vkey
    assert {"statement signed by the log", "release in the log"} <= failed(told.verify(vkey=same_key_other_name))


def test_a_proof_from_another_log_is_refused(told, log_path):
    other = tell(log_path, Story(log_key=fixed_key("another log")))
    for name in [name for name in told.files if name.endswith(".tlog-proof")]:
        assert failed(told.with_file(name, other.files[name]).verify())


def test_a_proof_against_another_checkpoint_of_the_same_log_is_refused(tmp_path):
    told = tell(tmp_path / "log.sqlite")
    with EventLog.open(tmp_path / "log.sqlite") as log:
        early = log.latest_checkpoint()
        log.append([])
        from attest.events import Event

        log.append([Event.new("skill.used", "operator", {}, NOW)])
        later = log.checkpoint(NoteSigner(ORIGIN, LOG_KEY))
        assert later != early
        moved = log.proof(told.places.seal, later).to_bytes()
    changed = told.with_file(evidence.proof_file(evidence.SEAL), moved)
    assert "seal in the log" in failed(changed.verify())


def test_extra_data_in_a_proof_is_refused(told):
    name = evidence.ENTRY_PROOF
    with_extra = replace(proof.parse(told.files[name]), extra=b"trust me").to_bytes()
    assert "release in the log" in failed(told.with_file(name, with_extra).verify())


def test_a_signature_added_to_one_proof_only_is_refused(told):
    name = evidence.proof_file(evidence.SEAL)
    found = proof.parse(told.files[name])
    line = NoteSigner("example.com/witness", OTHER_KEY).signature_line("x\n").encode()
    changed = replace(found, checkpoint=found.checkpoint + line).to_bytes()
    assert "seal in the log" in failed(told.with_file(name, changed).verify())


def test_cosignatures_by_keys_that_were_not_given_are_reported_and_not_counted(told):
    witness = NoteSigner("example.com/works-council", OTHER_KEY)
    files = dict(told.files)
    for name in [name for name in files if name.endswith(".tlog-proof")]:
        found = proof.parse(files[name])
        text = found.checkpoint.split(b"\n\n")[0].decode() + "\n"
        files[name] = replace(found, checkpoint=found.checkpoint + witness.signature_line(text).encode()).to_bytes()
    report = told.verify_files(files)
    assert not report.failed
    assert [c.value for c in report.checks if c.name == "witnesses"] == [
        "1 cosignature by keys that no policy names: not checked"
    ]


def test_swapped_consents_are_refused(told, log_path):
    """The consent of another story, valid in its own log, does not fit into this one."""
    other = tell(log_path, Story(record={"validity": "P24M"}))
    name = evidence.consent_file(told.places.consents[0])
    assert {"files", "consent"} <= failed(told.with_file(name, other.files[name]).verify())
    with_proof = told.with_file(name, other.files[name]).with_file(
        evidence.proof_file(name), other.files[evidence.proof_file(name)]
    )
    assert {"files", "consent"} <= failed(with_proof.verify())


def test_every_file_is_missed_when_it_is_gone(told):
    for name in told.files:
        report = told.with_file(name, None).verify()
        assert not report.ok, name
        assert "files" in failed(report), name


@pytest.mark.parametrize(
    "name",
    [
        "notes.md",
        "references/more.md",
        "attestation/note.txt",
        "attestation/extra.tlog-proof",
        "attestation/consents/9.json",
        "attestation/consents/02.json",
        "attestation/keys/9.json",
        "attestation/keys/9.tlog-proof",
        "attestation/seal2.json",
    ],
)
def test_an_extra_file_is_noticed(told, name):
    assert "files" in failed(told.with_file(name, told.files[evidence.key_file(1)]).verify())


def test_a_statement_must_cover_what_it_is_about(log_path, monkeypatch):
    monkeypatch.setattr(
        "attest.evidence.in_subjects", lambda name: name not in (evidence.STATEMENT, evidence.ENTRY, evidence.SEAL)
    )
    told = tell(log_path)
    assert "files" in failed(told.verify())


def test_a_statement_may_not_cover_unknown_files_in_the_attestation(log_path):
    told = tell(log_path, Story(content={"SKILL.md": b"x", "attestation/more.json": b"{}"}))
    assert "files" in failed(told.verify())


def test_another_folder_name_is_not_the_skill_that_was_released(told):
    assert failed(replace(told, name="somebody-else").verify()) == {"subject released this content"}


def test_without_a_time_the_expiry_is_left_open(told):
    report = told.verify(now=None)
    check = next(check for check in report.checks if check.name == "expiry")
    assert (check.status, report.ok) == ("info", True)


def test_it_is_good_until_the_moment_that_it_expires(log_path):
    told = tell(log_path)
    last = NOW + timedelta(days=300)
    assert told.verify(now=last - timedelta(seconds=1)).ok
    assert failed(told.verify(now=last)) == {"expiry"}
    with pytest.raises(ValueError, match="zone"):
        told.verify(now=NOW.replace(tzinfo=None))


def test_the_skill_may_last_exactly_as_long_as_the_consent(log_path, tmp_path):
    ends = end_of(NOW - timedelta(days=2), "P12M")
    assert tell(log_path, Story(expires=ends)).verify().ok
    later = tell(tmp_path / "later.sqlite", Story(expires=ends + timedelta(seconds=1)))
    assert failed(later.verify()) == {"expiry"}


def test_the_policy_is_compared_with_the_auditors(told):
    assert failed(told.verify(policy_sha256="0" * 64)) == {"policy"}
    report = told.verify(policy_sha256=None)
    assert next(check for check in report.checks if check.name == "policy").status == "info"
    for wrong in ("", "x", POLICY.upper(), POLICY[:-1]):
        with pytest.raises(InputError):
            told.verify(policy_sha256=wrong)


def test_responses_of_the_subject_are_shown(log_path):
    told = tell(log_path, Story(predicate={"responses": [{"index": 0, "response": "contest"}]}))
    report = told.verify()
    assert report.ok
    assert next(c.value for c in report.checks if "word" in c.name) == "contest (entry 0, as stated at release)"


def test_another_version_of_zlib_is_told_and_not_blamed(log_path, tmp_path):
    told = tell(log_path, Story(predicate={"packed_with": {"zlib": "0.9"}}))
    report = told.verify()
    assert report.ok
    assert report.checks[0].status == "pass"
    weaker = zip_with_level_1(told)
    assert weaker != told.data()
    report = verify_skill(weaker, told.vkey, now=None)
    assert report.checks[0].status == "info"
    assert "zlib 0.9" in report.checks[0].value
    here = tell(tmp_path / "here.sqlite")
    assert failed(verify_skill(zip_with_level_1(here), here.vkey, now=None)) == {"container"}


def zip_with_level_1(told) -> bytes:
    """The same skill, compressed otherwise: as another version of zlib might."""
    import zlib

    real = zlib.compressobj
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zlib, "compressobj", lambda _level, *rest: real(1, *rest))
        return told.data()


def test_a_file_that_is_no_container_is_refused():
    with pytest.raises(ContainerError):
        verify_skill(b"PK", NoteSigner(ORIGIN, LOG_KEY).verifier.vkey, now=None)


def test_a_skill_without_attestation_fails_and_does_not_crash():
    data = container.pack("plain", {"SKILL.md": b"# Hello\n"})
    report = verify_skill(data, NoteSigner(ORIGIN, LOG_KEY).verifier.vkey, now=NOW)
    assert not report.ok
    assert [check.status for check in report.checks] == ["pass"] + ["fail"] * 19 + ["info"]


def test_a_key_that_is_no_key_is_refused(told):
    with pytest.raises(FormatError):
        told.verify(vkey="example.com/govern/test")


def test_no_personal_data_and_no_content_is_in_the_report(log_path):
    secret = "Maren Holt told me"
    told = tell(log_path, Story(content={"SKILL.md": secret.encode()}, record={"note": secret}))
    for changed in (
        told,
        told.with_file("SKILL.md", b"other"),
        told.with_file(evidence.consent_file(2), secret.encode()),
    ):
        assert "Maren" not in changed.verify().text()


def test_the_verifier_needs_nothing_but_cryptography():
    code = """
import sys
import attest.verify
# cryptography itself loads bcrypt where it is installed
allowed = {"attest", "govern", "cryptography", "bcrypt", "_cffi_backend", "__main__"}
known = set(sys.stdlib_module_names) | allowed
others = {name.partition(".")[0] for name in sys.modules} - known
loaded = {name for name in sys.modules if name.startswith(("attest.", "govern."))}
print(sorted(o for o in others if not o.startswith(("_", "cython_runtime"))))
print(sorted(loaded & {"attest.log", "attest.vault", "attest.store", "attest.bundle", "govern.cli"}))
"""
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "attest.verify", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip


def test_the_program_prints_the_list_and_exits_with_the_verdict(told, tmp_path):
    skill, key = tmp_path / "ops.skill", tmp_path / "log.vkey"
    skill.write_bytes(told.data())
    key.write_text(told.vkey + "\n")
    good = run(skill, "--log-key", key, "--now", "2026-11-23T00:00:00Z", "--policy-sha256", POLICY)
    assert (good.returncode, good.stderr) == (0, "")
    assert "  1  PASS  container" in good.stdout
    late = run(skill, "--log-key", told.vkey, "--now", "2036-11-23T00:00:00Z")
    assert late.returncode == 4
    assert " 14  FAIL  expiry" in late.stdout
    bad = run(key, "--log-key", told.vkey)
    assert (bad.returncode, bad.stdout) == (6, "")
    assert bad.stderr.startswith("error: the file is not a .skill container")
    assert run(skill).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.skill", "--log-key", "a+b+c"],
        ["{skill}", "--log-key", "missing.vkey"],
        ["{skill}", "--log-key", "a+b+c"],
        ["{skill}", "--log-key", "{key}", "--now", "yesterday"],
        ["{skill}", "--log-key", "{key}", "--policy-sha256", "xyz"],
    ],
    ids=range(5),
)
def test_unusable_arguments_end_with_status_6(told, tmp_path, arguments, capsys):
    skill = tmp_path / "ops.skill"
    skill.write_bytes(told.data())
    status = main([argument.format(skill=skill, key=told.vkey) for argument in arguments])
    assert status == 6
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-11-22T10:00:00Z", "P12M", "2027-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00Z", "P1Y", "2027-11-22T10:00:00Z"),
        ("2027-01-31T10:00:00Z", "P1M", "2027-02-28T10:00:00Z"),
        ("2028-01-31T10:00:00Z", "P1M", "2028-02-29T10:00:00Z"),
        ("2028-02-29T10:00:00Z", "P12M", "2029-02-28T10:00:00Z"),
        ("2026-12-31T23:00:00Z", "P1M1DT1H", "2027-02-02T00:00:00Z"),
        ("2026-11-22T10:00:00Z", "P2W", "2026-12-06T10:00:00Z"),
        ("2026-11-22T10:00:00Z", "PT90M", "2026-11-22T11:30:00Z"),
        ("2026-11-22T10:00:00Z", "P0D", "2026-11-22T10:00:00Z"),
    ],
)
def test_a_duration_is_counted_in_calendar_months(start, duration, end):
    assert to_time(end_of(from_time(start), duration)) == end


@pytest.mark.parametrize(
    "duration", ["", "P", "PT", "P1DT", "12M", "P-1M", "P1.5M", "p1m", "P1H", "P999Y9999M", "P1M\n"]
)
def test_text_that_is_no_duration_is_refused(duration):
    with pytest.raises(FormatError):
        end_of(NOW.replace(year=9000), duration)


def test_durations_agree_with_those_of_the_consent_record():
    """Two packages count the same; they do not share the code."""
    duration = pytest.importorskip("policies.duration")
    for start in (NOW, NOW.replace(month=1, day=31), NOW.replace(year=2028, month=2, day=29)):
        for text in ("P12M", "P1M", "P1Y2M", "P14D", "P3W", "PT36H", "P1M31DT1S"):
            assert end_of(start, text) == duration.Duration.parse(text).after(start)


def test_a_statement_has_the_form_of_in_toto(told):
    opened = dsse.open_envelope(
        told.files[evidence.STATEMENT],
        {key_id(LOG_KEY): LOG_KEY.public_key().public_bytes_raw()},
        statement.PAYLOAD_TYPE,
    )
    value = canonical.loads(opened.payload)
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "https://govern-toolkit.example/skill/v1"
    assert {"name": "SKILL.md", "digest": {"sha256": hashlib.sha256(told.files["SKILL.md"]).hexdigest()}} in value[
        "subject"
    ]
    parsed = statement.parse(opened.payload)
    assert parsed.predicate["extraction_id"] == EXTRACTION
    assert set(told.files) - set(parsed.subjects) == {
        "attestation/statement.dsse.json", "attestation/entry.json", "attestation/log.tlog-proof",
        "attestation/manifest.tlog-proof", "attestation/seal.tlog-proof",
        "attestation/consents/2.tlog-proof", "attestation/keys/1.tlog-proof",
    }  # fmt: skip
    for change in (
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": "x"},
        {"subject": []},
        {"subject": value["subject"][::-1]},
        {"subject": [*value["subject"], value["subject"][-1]]},
        {"more": 1},
        {"predicate": {}},
        {"predicate": {**value["predicate"], "more": 1}},
        {"predicate": {**value["predicate"], "consents": []}},
        {"predicate": {**value["predicate"], "consents": value["predicate"]["consents"] * 2}},
        {"predicate": {**value["predicate"], "policy": {"id": "x"}}},
        {"predicate": {**value["predicate"], "expires": "soon"}},
        {"predicate": {**value["predicate"], "authenticity": {"A9": 1}}},
        {"predicate": {**value["predicate"], "authenticity": {"A1": -1}}},
        {"predicate": {**value["predicate"], "responses": [{"index": 1, "response": "maybe"}]}},
        {"predicate": {**value["predicate"], "packed_with": {}}},
    ):
        with pytest.raises(FormatError):
            statement.parse(canonical.dumps({**value, **change}))


def test_what_the_subject_signs_has_one_form():
    said = statement.release(
        extraction_id=EXTRACTION, skill=NAME, files={"b": b"2", "a": b"1"}, at=to_time(NOW), expires=to_time(NOW),
        review={"accepted": 1, "corrected": 0, "struck": 0},
    )  # fmt: skip
    value = statement.parse_release(said)
    assert [item["name"] for item in value["files"]] == ["a", "b"]
    for change in (
        {"schema": "govern-release/2"},
        {"files": []},
        {"files": value["files"][::-1]},
        {"files": [{"name": "a", "sha256": "x"}]},
        {"review": {"accepted": 1, "corrected": 0}},
        {"review": {"accepted": -1, "corrected": 0, "struck": 0}},
        {"at": "now"},
        {"expires": 1},
        {"more": 1},
    ):
        with pytest.raises(FormatError):
            statement.parse_release(canonical.dumps({**value, **change}))


def test_the_story_uses_the_sealed_dispositions(told):
    assert Dispositions.parse(told.files[evidence.DISPOSITIONS]).leaves == tuple(leaves())
    assert (PID, SUBJECT_KEY) != (OTHER_PID, OTHER_KEY)


def test_a_bundle_is_built_from_the_log_alone(tmp_path):
    """Whoever has the log can build the proofs again, from any later checkpoint, and they verify."""
    told = tell(tmp_path / "log.sqlite")
    static = {name: data for name, data in told.files.items() if not name.endswith(".tlog-proof")}
    with EventLog.open(tmp_path / "log.sqlite") as log:
        from attest.events import Event

        log.append([Event.new("skill.used", "operator", {}, NOW)])
        note = log.checkpoint(NoteSigner(ORIGIN, LOG_KEY))
        files = bundle.build(log, told.places, told.release_index, note, static)
    assert set(files) == set(told.files)
    assert files != told.files
    assert told.verify_files(files).ok
