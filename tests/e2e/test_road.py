"""The whole road on a small workplace, with the real model: consent, extraction, review, release, audit, withdrawal."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from office import Office, govern, readable
from workplace import SUBJECT, Workplace

from attest import container

PERSONAL = ("Tove", "Lindqvist", "Bashir", "Haddad", "@harbour.example", "laptop.local", "23125", "U0TOVE001")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace in which everything up to the release has happened."""
    root = tmp_path_factory.mktemp("office")
    office = Office(Workplace(root / "sources").write(), root)
    for step in (office.init, office.enroll, office.sign, office.extract):
        result = step()
        assert result.code == 0, result.err
    shutil.copy(office.skill, root / "draft.skill")
    for step in (office.review, office.release):
        result = step()
        assert result.code == 0, result.err
    return office


def test_the_released_skill_passes_every_check(office: Office) -> None:
    result = office.audit("--policy", "worker_protection", "--json")
    assert result.code == 0, result.err
    checks = result.json["checks"]
    assert len(checks) >= 15
    assert not [c for c in checks if c["status"] == "fail"]
    assert any("merkletools" in c["value"] for c in checks)


def test_the_skill_says_the_habits_and_no_name(office: Office) -> None:
    files = container.unpack(office.skill.read_bytes()).files
    text = files["SKILL.md"].decode()
    assert "smoke tests on" in text
    assert "ten minutes" in text
    everything = readable(b"\n".join(files.values()).decode("utf-8", "replace"))
    assert [p for p in PERSONAL if p.lower() in everything.lower()] == []


def test_the_log_holds_no_name(office: Office) -> None:
    log = readable(office.run("log", "show", "--json").out)
    assert [p for p in PERSONAL if p.lower() in log.lower()] == []


def test_the_skill_conforms_to_the_agent_skills_format(office: Office, tmp_path: Path) -> None:
    import skills_ref

    with zipfile.ZipFile(office.skill) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert skills_ref.validate(folder) == []


def test_its_numbers_add_up_and_equal_the_log(office: Office) -> None:
    files = container.unpack(office.skill.read_bytes()).files
    ledger = json.loads(files["references/ledger.json"])
    assert ledger["seen"] == ledger["taken"] + ledger["left_out"] == 15
    assert f"Records seen: {ledger['seen']}. Taken: {ledger['taken']}" in files["SKILL.md"].decode()
    seal = json.loads(files["attestation/seal.json"])["body"]
    assert seal["size"] == ledger["seen"]
    assert seal["counts"]["left_out"] == ledger["left_out"]


def test_any_changed_byte_of_any_file_fails(office: Office) -> None:
    from datetime import UTC, datetime

    from extract.skill.verify import verify_skill

    box = container.unpack(office.skill.read_bytes())
    key = office.log_key.read_text().strip()
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    survived = []
    for name, data in box.files.items():
        # Every file, at its ends and at places spread over it; attest's own tests go through every single byte.
        for place in sorted({0, len(data) - 1, *range(7, len(data), max(1, len(data) // 6))}):
            changed = bytearray(data)
            changed[place] ^= 0x01
            packed = container.pack(box.name, {**box.files, name: bytes(changed)})
            if verify_skill(packed, key, now=moment).ok:
                survived.append((name, place))
    assert survived == []


def test_a_draft_is_no_release(office: Office) -> None:
    result = office.audit(skill=office.root / "draft.skill")
    assert result.code == 4
    assert "draft" in result.out + result.err or "release" in result.out


def test_the_same_inputs_give_the_same_content(office: Office, tmp_path: Path) -> None:
    again = Office(office.place, tmp_path)
    shutil.copytree(office.workspace, again.workspace)
    assert again.extract().code == 0
    first = container.unpack((office.root / "draft.skill").read_bytes()).files
    second = container.unpack(again.skill.read_bytes()).files
    content = [name for name in first if not name.startswith("attestation/")]
    assert content
    assert {n: first[n] for n in content} == {n: second[n] for n in content}


def test_after_withdrawal_everything_stops_and_the_log_is_whole(office: Office, tmp_path: Path) -> None:
    mine = Office(office.place, tmp_path)
    shutil.copytree(office.workspace, mine.workspace)
    shutil.copy(office.skill, mine.skill)
    draft = tmp_path / "draft.skill"
    shutil.copy(office.root / "draft.skill", draft)
    assert mine.run("skill", "verify", mine.skill, "--now", "2026-03-04").code == 0

    withdrawn = mine.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-05T08:00:00Z", "--json")
    assert withdrawn.code == 0
    assert len(withdrawn.json["revoked"]) == 1

    refused = mine.extract(now="2026-03-05T09:00:00Z")
    assert refused.code == 3
    assert "subject.consent_valid" in refused.err
    refused = mine.run("skill", "release", draft, "--key", office.key, "--now", "2026-03-05T09:00:00Z")
    assert refused.code == 3
    assert "subject.consent_valid" in refused.err
    revoked = mine.run("skill", "verify", mine.skill, "--now", "2026-03-05T09:00:00Z")
    assert revoked.code == 3
    assert "tombstoned" in revoked.out
    assert "consent.withdrawn" in mine.run("log", "show").out
    assert mine.run("log", "fsck").code == 0


def test_an_expired_consent_ends_extraction_release_and_use(office: Office, tmp_path: Path) -> None:
    mine = Office(office.place, tmp_path)
    shutil.copytree(office.workspace, mine.workspace)
    assert mine.extract(now="2027-04-01T09:00:00Z").code == 3
    result = office.audit(now="2027-04-01")
    assert result.code == 4
    assert "expir" in result.out.lower()


def test_a_wrong_log_key_fails(office: Office, tmp_path: Path) -> None:
    other = Office(office.place, tmp_path)
    assert other.init().code == 0
    result = govern("audit", "verify", office.skill, "--log-key", other.log_key, "--now", "2026-03-04")
    assert result.code == 4
