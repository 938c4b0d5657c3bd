"""What is refused on the way, with the right exit code, nothing left behind, and a log that still verifies."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import Office, govern
from workplace import SUBJECT, Workplace


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A workspace with an enrolled key and no consent yet."""
    office = Office(Workplace(tmp_path / "sources").write(), tmp_path)
    for step in (office.init, office.enroll):
        result = step()
        assert result.code == 0, result.err
    return office


def _nothing_left(office: Office) -> None:
    assert not office.skill.exists()
    assert [p.name for p in office.root.rglob("*.part")] == []
    assert office.run("log", "fsck").code == 0


def test_without_consent_nothing_is_read(office: Office) -> None:
    result = office.extract()
    assert result.code == 3
    assert "subject.consent_valid" in result.err
    log = office.run("log", "show").out
    assert "extraction.gated" in log
    assert "source.manifest" not in log
    _nothing_left(office)


def test_a_refusal_is_logged_and_stops_the_run(office: Office) -> None:
    refused = office.run(
        *("consent", "refuse", "--subject", SUBJECT, "--key", office.key, "--policy", "worker_protection"),
        *("--now", "2026-03-01T09:00:00Z"),
    )
    assert refused.code == 0, refused.err
    assert office.extract().code == 3
    assert "consent.refused" in office.run("log", "show").out
    _nothing_left(office)


def test_a_purpose_that_was_not_agreed_to_is_refused(office: Office) -> None:
    assert office.sign().code == 0
    assert office.extract("--purpose", "onboarding").code == 3
    result = office.extract("--purpose", "evaluation")
    assert result.code == 3
    assert "run.purpose" in result.err
    _nothing_left(office)


def test_a_policy_other_than_the_signed_one_is_refused(office: Office, tmp_path: Path) -> None:
    assert office.sign().code == 0
    shipped = (Path(__file__).resolve().parents[2] / "policies" / "worker_protection.yaml").read_text("utf-8")
    other = tmp_path / "other.yaml"
    other.write_text(shipped.replace("title: Worker protection", "title: Worker protection, changed"), "utf-8")
    result = office.extract("--policy", other)
    assert result.code == 3
    assert "subject.scope" in result.err


def test_a_model_other_than_the_signed_one_is_refused(office: Office, tmp_path: Path) -> None:
    assert office.sign().code == 0
    result = office.extract("--model", tmp_path / "missing.gguf")
    assert result.code == 10
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"this is no model")
    assert office.extract("--model", wrong).code == 6
    _nothing_left(office)


def test_a_model_server_elsewhere_is_refused(office: Office) -> None:
    assert office.sign().code == 0
    result = office.extract("--endpoint", "http://192.0.2.10:8080")
    assert result.code in (2, 3)
    assert "hint:" in result.err
    _nothing_left(office)


def test_somebody_elses_key_cannot_consent(office: Office, tmp_path: Path) -> None:
    from attest import keys

    stranger = tmp_path / "stranger.key"
    keys.save(stranger, keys.generate(), b"correct horse")
    result = office.run(
        *("consent", "sign", "--subject", SUBJECT, "--key", stranger, "--policy", "worker_protection"),
        *("--purpose", "knowledge_transfer", "--source", "mail.work", "--category", "procedures"),
    )
    assert result.code == 3
    assert "consent.given" not in office.run("log", "show").out


@pytest.mark.parametrize(
    ("breakage", "code"),
    [
        ("missing", 6),
        ("empty", 6),
        ("not_an_mbox", 6),
        ("truncated_zip", 6),
        ("not_a_repository", 6),
    ],
)
def test_a_source_that_cannot_be_read_ends_with_a_hint(office: Office, breakage: str, code: int) -> None:
    assert office.sign().code == 0
    place = office.place
    if breakage == "missing":
        place.mbox.unlink()
    elif breakage == "empty":
        place.mbox.write_bytes(b"")
    elif breakage == "not_an_mbox":
        place.mbox.write_bytes(bytes(range(256)) * 20)
    elif breakage == "truncated_zip":
        place.chat.write_bytes(place.chat.read_bytes()[:-200])
    else:
        (place.repo / ".git").rename(place.root / "elsewhere")
    result = office.extract()
    assert result.code == code, result.err
    assert result.err.count("error:") == 1
    assert "hint:" in result.err
    assert "Traceback" not in result.err
    _nothing_left(office)


def test_an_unknown_policy_person_and_gate_are_named(office: Office) -> None:
    assert office.extract("--policy", "no_such_policy").code in (2, 6)
    assert office.run("policy", "explain", "record.nonsense").code in (2, 6)
    assert office.extract("--subject", "p-00000000").code in (2, 6)


@pytest.mark.parametrize("stage", ["reading", "gates", "redacting", "sentences", "kinds", "claims", "scanning again"])
def test_an_interrupt_in_any_stage_leaves_no_output_and_a_whole_log(
    office: Office, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from govern.cli import output

    assert office.sign().code == 0

    def interrupt(_self: object, at: str, _done: int, _total: int) -> None:
        if at == stage:
            raise KeyboardInterrupt

    monkeypatch.setattr(output.Progress, "__call__", interrupt)
    result = office.extract()
    assert result.code == 130
    assert "interrupted" in result.err
    _nothing_left(office)


def test_release_waits_for_the_review_and_for_the_persons_own_signature(office: Office, tmp_path: Path) -> None:
    from attest import keys

    assert office.sign().code == 0
    assert office.extract().code == 0
    unreviewed = office.release()
    assert unreviewed.code == 3
    assert "output.subject_review" in unreviewed.err
    assert office.review().code == 0
    unsigned = office.run("skill", "release", office.skill, "--now", "2026-03-03T10:00:00Z")
    assert unsigned.code == 3
    assert "signature" in unsigned.err
    stranger = tmp_path / "stranger.key"
    keys.save(stranger, keys.generate(), b"correct horse")
    assert office.run("skill", "release", office.skill, "--key", stranger, "--now", "2026-03-03T10:00:00Z").code == 3
    assert office.release().code == 0


def test_a_correction_with_a_name_in_it_is_not_released(office: Office) -> None:
    assert office.sign().code == 0
    assert office.extract().code == 0
    assert office.review("--correct", "c001=Ask Bashir Haddad before you do this.", "--accept-rest").code == 0
    result = office.release()
    assert result.code == 3
    assert "output.residual_pii" in result.err
    assert "Bashir" not in result.err


def test_a_draft_with_a_claim_slipped_in_is_refused(office: Office) -> None:
    from attest import container

    assert office.sign().code == 0
    assert office.extract().code == 0
    box = container.unpack(office.skill.read_bytes())
    lines = box.files["references/claims.jsonl"].splitlines(keepends=True)
    more = {**box.files, "references/claims.jsonl": b"".join([*lines, lines[0].replace(b"c001", b"c900")])}
    office.skill.write_bytes(container.pack(box.name, more))
    assert office.review().code == 4


def test_commands_outside_a_workspace_say_how_to_make_one(tmp_path: Path) -> None:
    result = govern("status", workspace=tmp_path / "nowhere")
    assert result.code == 2
    assert "govern init" in result.err


def test_json_is_one_document_on_standard_output(office: Office) -> None:
    for args in (("status",), ("log", "show"), ("policy", "list"), ("consent", "status", "--subject", SUBJECT)):
        result = office.run(*args, "--json")
        assert result.code == 0, result.err
        assert isinstance(result.json, dict)


def test_json_is_owed_by_a_command_that_fails_too(office: Office) -> None:
    result = office.extract("--json")
    assert result.code == 3
    assert result.json["exit_code"] == 3
    assert "subject.consent_valid" in result.json["error"]
    assert "error: " in result.err


def test_a_person_who_was_erased_from_the_people_file_can_still_withdraw(office: Office) -> None:
    assert office.sign().code == 0
    people = office.workspace / "identities.yaml"
    people.write_text(people.read_text("utf-8").replace(SUBJECT, "p-9999999a"), "utf-8")
    assert office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-05").code == 0
    assert office.run("consent", "withdraw", "--subject", "p-00000000").code == 6


def test_a_consent_that_the_policy_would_not_accept_is_not_signed(office: Office) -> None:
    result = office.sign("--validity", "P5Y")
    assert result.code == 2
    assert "P12M" in result.err
    assert "consent.given" not in office.run("log", "show").out
    assert office.sign("--validity", "soon").code in (2, 6)


def test_the_notice_is_shown_before_anyone_signs(office: Office) -> None:
    asked = office.request()
    assert "You decide" in asked.out
    signed = office.sign()
    assert "You decide" not in signed.out
    assert "knowledge_transfer" in signed.out
    record = office.run("consent", "receipt", "--subject", SUBJECT, "--json").json["record"]
    assert record["notice"]["shown_at"] == "2026-02-03T09:00:00Z"


def test_a_dry_run_writes_nothing_but_says_that_somebody_looked(office: Office) -> None:
    result = office.run(
        *("extract", "--policy", "worker_protection", "--subject", SUBJECT, "--mail", office.place.mbox, "--dry-run"),
        *("--now", "2026-03-02T09:00:00Z", "--json"),
    )
    assert result.code == 0, result.err
    assert result.json["seen"] == result.json["taken"] + result.json["left_out"] == 9
    assert result.json["allowed"] is False
    assert "extraction.gated" in office.run("log", "show").out
    _nothing_left(office)


def test_a_withdrawal_in_the_middle_of_a_run_stops_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.cli import output

    assert office.sign().code == 0
    withdrawn = []

    def withdraw(_self: object, at: str, _done: int, _total: int) -> None:
        if at == "redacting" and not withdrawn:
            # Somebody else, in another process, while HR's run is under way.
            withdrawn.append(office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-02T09:00:00Z"))

    monkeypatch.setattr(output.Progress, "__call__", withdraw)
    result = office.extract()
    assert withdrawn[0].code == 0
    assert result.code == 3
    # Whoever runs it learns that no consent is in force, the log why.
    assert "subject.consent_valid (not_in_force)" in result.err
    assert "lifecycle.withdrawal" in office.run("log", "show").out
    assert "extraction.sealed" not in office.run("log", "show").out
    _nothing_left(office)


def test_a_record_that_the_second_scan_still_finds_something_in_is_left_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import redaction

    assert office.sign().code == 0
    # As if the detectors saw something in the first record after it was redacted.
    monkeypatch.setattr(redaction, "residual_hits", lambda texts, *_, **__: sorted(texts)[:1])
    result = office.extract("--json")
    assert result.code == 0, result.err
    ledger = result.json["ledger"]
    assert ledger["by_reason"] == {"segment.pii": 1}
    assert ledger["seen"] == ledger["taken"] + 1


def test_a_server_on_this_machine_does_where_the_person_agreed_to_its_model(office: Office) -> None:
    from model_server import FakeServer

    from extract.distil.backend import default_model, model_sha256

    assert office.sign().code == 0
    server = FakeServer()
    try:
        unnamed = office.extract("--endpoint", server.url)
        assert unnamed.code == 2
        assert "--model-sha256" in unnamed.err
        other = office.extract("--endpoint", server.url, "--model-sha256", "0" * 64)
        assert other.code == 3
        assert "subject.scope" in other.err
        agreed = office.extract("--endpoint", server.url, "--model-sha256", model_sha256(default_model()))
        assert agreed.code == 0, agreed.err
        # It was really asked, and only for labels and for words of the quotes.
        assert server.asked
    finally:
        server.stop()
    entry = office.run("log", "show", "--type", "extraction.gated", "--json").json["entries"][-1]
    assert entry["body"]["request"]["model_kind"] == "loopback"
