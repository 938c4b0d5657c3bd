"""What a person may ask, say, take along and have erased, at the command line of a small workplace."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from office import Office, govern
from workplace import COLLEAGUE, SUBJECT, Workplace

from attest import container
from extract.sources import open_source, read_all

STRANGER = "stranger@elsewhere.example"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace with one released skill; a stranger wrote one mail, which is left out."""
    root = tmp_path_factory.mktemp("subject")
    place = Workplace(root / "sources")
    place.extra_mail = [
        place.mail(
            "You must never restart the mirror by hand.",
            place.start,
            sender=f"A Stranger <{STRANGER}>",
            to="Tove Lindqvist <tove.lindqvist@harbour.example>",
            number=77,
        )
    ]
    office = Office(place.write(), root)
    for step in (office.init, office.enroll, office.sign, office.extract, office.review, office.release):
        result = step()
        assert result.code == 0, result.err
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    """A copy that a test may change."""
    mine = Office(made.place, tmp_path)
    shutil.copytree(made.workspace, mine.workspace)
    shutil.copy(made.skill, mine.skill)
    shutil.copy(made.key, mine.key)
    return mine


def raw_digests(office: Office) -> list[str]:
    """Digests of all raw records, in the order of the pipeline."""
    paths = (("chat", office.place.chat), ("mail", office.place.mbox), ("repo", office.place.repo))
    return [r.raw_digest for r in read_all([open_source(kind, path) for kind, path in paths]).records]  # type: ignore[arg-type]


def stranger_mail(office: Office) -> bytes:
    """The raw mail of the stranger, as its sender keeps it."""
    return office.place.extra_mail[0].partition(b"\n")[2].removesuffix(b"\n")


def test_a_person_learns_what_became_of_their_records(office: Office, tmp_path: Path) -> None:
    result = office.run("subject", "taken", "--subject", SUBJECT, "-o", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    (extraction,) = result.json["extractions"]
    assert (extraction["records"], extraction["taken"], extraction["left_out"]) == (16, 15, 1)
    assert not any(leaf["opened"] for leaf in extraction["leaves"])
    assert office.run("subject", "taken", "--subject", COLLEAGUE, "--json").json["found"] == 13
    checked = govern("audit", "answer", tmp_path / "out" / "answer.json", "--log-key", office.log_key, "--json")
    assert checked.code == 0, checked.err
    assert checked.json["extractions"] == result.json["extractions"]


def test_a_stranger_gets_a_proof_that_their_mail_was_left_out(office: Office, tmp_path: Path) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(stranger_mail(office))
    digest = hashlib.sha256(message.read_bytes()).hexdigest()
    result = office.run("subject", "taken", "--subject", STRANGER, "--record", digest, "-o", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    (leaf,) = result.json["extractions"][0]["leaves"]
    assert leaf["outcome"] == "left_out"
    assert leaf["reasons"] == ["record.third_party"]
    assert leaf["opened"]
    assert STRANGER not in result.out + result.err
    answer = tmp_path / "out" / "answer.json"
    args = ("audit", "answer", answer, "--log-key", office.log_key)
    assert govern(*args, "--message", message).code == 0
    # Another message than the one that was asked about.
    message.write_bytes(message.read_bytes() + b"!")
    assert govern(*args, "--message", message).code == 4
    assert STRANGER not in answer.read_text()


def test_somebody_elses_record_is_not_found(office: Office) -> None:
    digests = raw_digests(office)
    own = [
        d
        for d in digests
        if office.run("subject", "taken", "--subject", STRANGER, "--record", d, "--json").json["found"]
    ]
    assert own == [hashlib.sha256(stranger_mail(office)).hexdigest()]
    # Commits and chat messages are the subject's alone.
    result = office.run("subject", "taken", "--subject", COLLEAGUE, "--record", digests[-1], "--json")
    assert (result.code, result.json["found"]) == (0, 0)


def test_any_changed_answer_fails(office: Office, tmp_path: Path) -> None:
    digest = hashlib.sha256(stranger_mail(office)).hexdigest()
    office.run("subject", "taken", "--subject", SUBJECT, "--record", digest, "-o", tmp_path / "out")
    path = tmp_path / "out" / "answer.json"
    good = path.read_bytes()
    survived = []
    for place in range(0, len(good), 13):
        changed = bytearray(good)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        if govern("audit", "answer", path, "--log-key", office.log_key).code == 0:
            survived.append(place)
    # What nothing proves: who asked, and when it was answered.
    free = [good.index(b'"at":"20'), good.index(b'"pid":')]
    assert all(any(start <= place < start + 40 for start in free) for place in survived)
    other = Office(office.place, tmp_path / "other")
    (tmp_path / "other").mkdir()
    assert other.init().code == 0
    path.write_bytes(good)
    assert govern("audit", "answer", path, "--log-key", other.log_key).code == 4


@pytest.mark.parametrize("args", [("--record", "abc"), ("--record", "A" * 64)])
def test_a_bad_digest_is_refused(office: Office, args: tuple[str, ...]) -> None:
    assert office.run("subject", "taken", "--subject", SUBJECT, *args).code == 2


@pytest.mark.parametrize("command", [("taken",), ("erase",), ("export", "-o", "x.zip")])
def test_an_unknown_person_is_refused(office: Office, command: tuple[str, ...]) -> None:
    result = office.run("subject", command[0], "--subject", "p-99999999", *command[1:])
    assert result.code == 6


def test_changed_or_missing_dispositions_are_not_handed_out(office: Office) -> None:
    (path,) = [p for p in (office.workspace / "extractions").iterdir() if p.suffix == ".jsonl"]
    text = path.read_text()
    path.write_text(text.replace('"outcome":"left_out"', '"outcome":"taken"', 1))
    assert office.run("subject", "taken", "--subject", SUBJECT).code in (4, 6)
    path.write_text("".join(text.splitlines(keepends=True)[:-1]))
    assert office.run("subject", "taken", "--subject", SUBJECT).code == 4
    path.unlink()
    result = office.run("subject", "taken", "--subject", SUBJECT)
    assert result.code == 6
    assert "backup" in result.err


def test_a_tampered_vault_opens_nothing_and_proves_nothing(office: Office) -> None:
    digest = hashlib.sha256(stranger_mail(office)).hexdigest()
    database = sqlite3.connect(office.workspace / "vault.sqlite")
    database.execute("UPDATE salts SET salt = zeroblob(32)")
    database.commit()
    database.close()
    result = office.run("subject", "taken", "--subject", SUBJECT, "--record", digest, "--json")
    assert (result.code, result.json["found"]) == (0, 0)
    database = sqlite3.connect(office.workspace / "vault.sqlite")
    (extraction,) = database.execute("SELECT DISTINCT extraction FROM salts").fetchone()
    database.execute("INSERT INTO salts (extraction, i, salt) VALUES (?, 999, randomblob(32))", (extraction,))
    database.execute("INSERT INTO persons VALUES (?, ?, 999)", (SUBJECT, extraction))
    database.commit()
    database.close()
    assert office.run("subject", "taken", "--subject", SUBJECT).code == 4


def test_after_erasure_a_dictionary_with_the_true_value_finds_nothing(office: Office, tmp_path: Path) -> None:
    digests = raw_digests(office)
    assert all(
        office.run("subject", "taken", "--subject", SUBJECT, "--record", d, "--json").json["found"] for d in digests
    )
    salts = [
        bytes(salt) for (salt,) in sqlite3.connect(office.workspace / "vault.sqlite").execute("SELECT salt FROM salts")
    ]
    before = office.audit("--json").json

    result = office.run("subject", "erase", "--subject", SUBJECT, "--json")
    assert result.code == 0, result.err
    assert result.json["records"] == 16
    assert any("released" in line for line in result.json["kept"])

    for who in (SUBJECT, COLLEAGUE, STRANGER):
        for digest in digests:
            assert office.run("subject", "taken", "--subject", who, "--record", digest, "--json").json["found"] == 0
    # Everything that is left, searched with the true values: raw digests, commitments under any salt, the salts.
    left = b"".join(p.read_bytes() for p in sorted(office.workspace.rglob("*")) if p.is_file())
    log = office.run("log", "show", "--json").out.encode()
    assert [s for s in salts if s in left or s.hex().encode() in log] == []
    guesses = [bytes.fromhex(d) for d in digests]
    plain = [
        hashlib.sha256("".join(f"{d}\n" for d in digests[a:b]).encode()).digest()
        for a, b in ((0, 4), (4, 14), (14, 16))
    ]
    seed = hashlib.sha256("\n".join(sorted(digests)).encode()).digest()[:6]
    head = subprocess.run(
        ["git", "-C", office.place.repo, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    for value in (*guesses, *plain):
        assert value.hex().encode() not in left + log
        assert value not in left
    assert str(int.from_bytes(seed, "big")).encode() not in left + log
    assert head.encode() not in left + log

    # Tree, log and skill stay what they were.
    assert office.run("log", "fsck").code == 0
    after = office.audit("--json").json
    assert after["checks"] == before["checks"]
    (entry,) = [e for e in json.loads(log)["entries"] if e["type"] == "salt.shredded"]
    assert set(entry["body"]) == {"extractions", "records"}
    assert SUBJECT not in json.dumps(entry)
    again = office.run("subject", "erase", "--subject", SUBJECT, "--json")
    assert (again.code, again.json["records"], again.json["indexes"]) == (0, 0, [])


def test_a_stranger_is_erased_and_nobody_else(office: Office) -> None:
    assert office.run("subject", "erase", "--subject", STRANGER, "--json").json["records"] == 1
    assert office.run("subject", "taken", "--subject", SUBJECT, "--json").json["found"] == 15
    log = office.run("log", "show", "--json").out
    assert STRANGER not in log


def respond(office: Office, kind: str, *more: object, subject: str = SUBJECT, now: str = "2026-03-05T08:00:00Z"):
    return office.run("subject", kind, office.skill, "--subject", subject, "--now", now, *more)


def test_the_last_word_counts_and_the_skill_is_not_changed(office: Office) -> None:
    data = office.skill.read_bytes()
    silent = office.run("skill", "verify", office.skill, "--now", "2026-03-13T10:00:00Z", "--json").json["word"]
    assert (silent["status"], silent["days"], silent["index"]) == ("unanswered", 10, None)
    for kind, status in (("contest", "contested"), ("correct", "correction_asked"), ("confirm", "confirmed")):
        result = respond(office, kind, "--key", office.key, "--json")
        assert result.code == 0, result.err
        assert result.json["word"]["status"] == status
        shown = office.run("skill", "verify", office.skill, "--now", "2026-03-06")
        assert f"{status.replace('_', ' ')} by the person since 2026-03-05" in shown.out
        assert status.replace("_", " ") in office.run("skill", "show", office.skill, "--now", "2026-03-06").out
    assert office.skill.read_bytes() == data
    assert office.run("log", "fsck").code == 0


def test_only_the_person_with_the_enrolled_key_answers(office: Office, tmp_path: Path) -> None:
    other = Office(office.place, tmp_path / "other")
    (tmp_path / "other").mkdir()
    assert (other.init().code, other.enroll().code) == (0, 0)
    assert respond(office, "contest", "--key", other.key).code == 3
    assert respond(office, "contest", "--key", office.key, subject=COLLEAGUE).code == 3
    assert respond(office, "contest").code == 2
    assert respond(office, "contest", "--key", office.key, "--to-sign", tmp_path / "x").code == 2
    # A skill of another workspace.
    assert other.run("subject", "contest", office.skill, "--subject", SUBJECT, "--key", other.key).code == 6
    assert "subject.response" not in office.run("log", "show").out


def test_a_draft_is_reviewed_and_not_answered(office: Office) -> None:
    assert office.extract().code == 0
    assert respond(office, "contest", "--key", office.key).code == 6
    assert office.run("skill", "show", office.skill, "--json").json["word"] is None


def test_a_response_that_was_slipped_into_the_log_does_not_count(office: Office) -> None:
    from datetime import UTC, datetime

    from attest import keys, response
    from govern.releases import statement_sha256
    from govern.workspace import Workspace

    workspace = Workspace.open(office.workspace)
    digest = statement_sha256(container.unpack(office.skill.read_bytes()).files)
    moment = datetime(2026, 3, 5, tzinfo=UTC)
    with workspace.log() as log:
        body = json.loads(log.entry(log.size - 2))["body"]
        said = response.Response(SUBJECT, body["extraction_id"], "confirm", digest, moment)
        workspace.append(log, "subject.response", "operator", said.body(keys.generate()), moment)
        other = response.Response(COLLEAGUE, body["extraction_id"], "confirm", digest, moment)
        workspace.append(log, "subject.response", "operator", other.body(keys.generate()), moment)
    word = office.run("skill", "verify", office.skill, "--now", "2026-03-06", "--json").json["word"]
    assert (word["status"], word["rejected"]) == ("unanswered", 2)


def test_an_ssh_key_answers_with_its_own_tools(office: Office, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    mine = Office(office.place, tmp_path / "mine")
    mine.root.mkdir()
    assert mine.init().code == 0
    enrolled = mine.enroll("--ssh-key", key)
    assert enrolled.code == 0, enrolled.err
    for step in (mine.sign, mine.extract, mine.review, mine.release):
        result = step()
        assert result.code == 0, result.err
    said = tmp_path / "said"
    assert respond(mine, "contest", "--to-sign", said).code == 0
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "govern-response", said], check=True, capture_output=True
    )
    # Signed as a contest, it is no confirmation.
    assert respond(mine, "confirm", "--sshsig", f"{said}.sig").code == 2
    result = respond(mine, "contest", "--sshsig", f"{said}.sig", "--json", now="2026-03-05T09:00:00Z")
    assert result.code == 0, result.err
    assert result.json["word"]["status"] == "contested"
    said.write_bytes(said.read_bytes().replace(b"08:00:00", b"07:00:00"))
    assert respond(mine, "contest", "--sshsig", f"{said}.sig", now="2026-03-05T09:00:00Z").code == 4
    said.unlink()
    assert respond(mine, "contest", "--sshsig", f"{said}.sig").code == 6


def test_everything_about_a_person_can_be_taken_along_and_checked(office: Office, tmp_path: Path) -> None:
    assert respond(office, "contest", "--key", office.key).code == 0
    zipped = tmp_path / "me.zip"
    result = office.run("subject", "export", "--subject", SUBJECT, "-o", zipped, "--json")
    assert result.code == 0, result.err
    assert (result.json["records"], result.json["skills"]) == (16, 1)
    box = container.unpack(zipped.read_bytes())
    kinds = {json.loads(d)["type"] for n, d in box.files.items() if n.startswith("entries/") and n.endswith(".json")}
    assert {"key.enrolled", "consent.given", "extraction.sealed", "skill.reviewed", "skill.released"} <= kinds
    assert {"skill.packaged", "subject.response"} <= kinds
    statement = container.unpack(office.skill.read_bytes()).files["attestation/statement.dsse.json"]
    assert statement in box.files.values()
    assert govern("audit", "answer", zipped, "--log-key", office.log_key).code == 0

    survived = []
    for name, data in box.files.items():
        for place in sorted({0, len(data) // 2, len(data) - 1}):
            changed = bytearray(data)
            changed[place] ^= 0x01
            zipped.write_bytes(container.pack(box.name, {**box.files, name: bytes(changed)}))
            if govern("audit", "answer", zipped, "--log-key", office.log_key).code == 0:
                survived.append(name)
    # The key and the text are for reading; a check takes neither from the zip.
    assert set(survived) <= {"README.md", "log.vkey"}
    for files in (
        {n: d for n, d in box.files.items() if not n.endswith(".tlog-proof")},
        {n: d for n, d in box.files.items() if n != "answer.json"},
        {**box.files, "notes.txt": b"x"},
        {**box.files, "skills/01234567-89ab-7def-8123-456789abcdef/statement.dsse.json": statement},
    ):
        zipped.write_bytes(container.pack(box.name, files))
        assert govern("audit", "answer", zipped, "--log-key", office.log_key).code in (4, 6)
    zipped.write_bytes(container.pack(COLLEAGUE, box.files))
    assert govern("audit", "answer", zipped, "--log-key", office.log_key).code == 4


def test_a_colleagues_export_holds_nothing_of_the_subject(office: Office, tmp_path: Path) -> None:
    result = office.run("subject", "export", "--subject", COLLEAGUE, "-o", tmp_path / "me.zip", "--json")
    assert result.code == 0, result.err
    assert (result.json["entries"], result.json["records"], result.json["skills"]) == (0, 13, 0)
    assert office.run("subject", "export", "--subject", STRANGER, "-o", tmp_path / "x.zip").code == 2


def test_wrong_signatures_are_held_and_the_levels_are_logged(made: Office, tmp_path: Path) -> None:
    import base64

    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def signed(mail: bytes) -> bytes:
        line, _, raw = mail.partition(b"\n")
        return line + b"\n" + dkim.sign(raw.removesuffix(b"\n"), b"s1", b"harbour.example", pem) + raw

    place = Workplace(tmp_path / "sources")
    days = place.days(20)
    good = signed(place.mail("Always write the change into the ledger before you ship it.", days[15], number=90))
    bad = signed(place.mail("Always ask the harbour master before you ship.", days[16], number=91))
    place.extra_mail = [good, bad.replace(b"harbour master", b"harbour mister")]
    office = Office(place.write(), tmp_path)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"s1._domainkey.harbour.example": f"v=DKIM1; p={base64.b64encode(public).decode()}"}))
    for step in (office.init, office.enroll, office.sign):
        assert step().code == 0
    result = office.extract("--dkim-keys", keys, "--custodian", "it:mail-archive", "--json")
    assert result.code == 0, result.err
    assert result.json["authenticity"] == {"A0": 2, "A1": 13, "A3": 1, "F": 1}
    assert result.json["ledger"]["by_reason"] == {"authenticity.failed": 1}
    log = office.run("log", "show", "--json").json["entries"]
    (manifest,) = [e["body"] for e in log if e["type"] == "source.manifest"]
    assert manifest["authenticity"] == result.json["authenticity"]
    assert manifest["custodian"] == "it:mail-archive"
    assert manifest["dkim_keys_sha256"] == hashlib.sha256(keys.read_bytes()).hexdigest()
    assert (office.workspace / "dkim" / f"{manifest['dkim_keys_sha256']}.json").read_bytes() == keys.read_bytes()
    assert [bool(s["export"]) for s in manifest["sources"]] == [True, True, False]
    assert (office.review().code, office.release().code) == (0, 0)
    checks = {c["name"]: c["value"] for c in office.audit("--json").json["checks"]}
    assert checks["authenticity of the sources"] == "A0: 2, A1: 13, A3: 1, F: 1"
    for wrong in ("[]", "{"):
        keys.write_text(wrong)
        assert office.extract("--dkim-keys", keys).code == 6
    assert office.extract("--custodian", "Tove Lindqvist").code == 6
