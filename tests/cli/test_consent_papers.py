"""The papers of a consent at the command line: notice, preview, receipt, export, and what HR sees of it all."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from office import Office, govern
from workplace import COLLEAGUE, SUBJECT, Workplace

from attest import events
from consent import notice
from govern.workspace import Workspace


@pytest.fixture
def office(tmp_path: Path) -> Office:
    place = Workplace(tmp_path / "place").write()
    # Whatever language the workplace speaks: the subject's is German here.
    people = re.sub(r"\n    language: .*", "", place.people.read_text("utf-8"))
    place.people.write_text(
        people.replace("    role: release engineer\n", "    role: release engineer\n    language: de\n")
    )
    made = Office(place, tmp_path)
    assert made.init().code == 0
    assert made.enroll().code == 0
    return made


def request(office: Office, *more: object) -> Any:
    return office.run(
        *("consent", "request", "--subject", SUBJECT, "--policy", "worker_protection"),
        *("--now", "2026-03-01T08:30:00Z", "--json", *more),
    )


def refuse(office: Office) -> None:
    result = office.run(
        *("consent", "refuse", "--subject", SUBJECT, "--key", office.key, "--policy", "worker_protection"),
        *("--now", "2026-03-01T09:00:00Z"),
    )
    assert result.code == 0, result.err


def kinds(office: Office) -> list[str]:
    with Workspace.open(office.workspace).log() as log:
        return [events.parse(data).type for _, data in log.entries()]


def test_the_notice_is_in_the_persons_language_and_is_logged_once(office: Office) -> None:
    result = request(office)
    assert result.code == 0, result.err
    german = notice.load("de")
    assert (result.json["lang"], result.json["notice_sha256"]) == ("de", german.sha256)
    assert "Sie entscheiden" in result.err
    assert request(office).code == 0
    assert request(office, "--lang", "zh").json["lang"] == "zh"
    assert request(office, "--lang", "fr").json["lang"] == "en"
    assert kinds(office).count("notice.published") == 3
    with Workspace.open(office.workspace).log() as log:
        bodies = [events.parse(data).body for _, data in log.entries() if b'"notice.published"' in data]
    assert notice.parse(bodies[0]) == german


def test_the_preview_shows_numbers_and_reasons_from_the_persons_own_messages_and_keeps_nothing(office: Office) -> None:
    before = sorted(path.name for path in office.workspace.rglob("*"))
    result = request(office, "--mail", office.place.mbox, "--chat", office.place.chat)
    assert result.code == 0, result.err
    shown = result.json["preview"]
    assert shown["seen"] == shown["taken"] + shown["left_out"] == 13
    assert set(shown["by_source"]) <= {"mail.work", "chat.public_channel", "unknown"}
    for reason in shown["reasons"]:
        assert reason["records"] == sum(reason["by_source"].values())
        assert reason["for_this_alone"] <= reason["records"]
        assert len(reason["sentence"]) > 20
        assert reason["sentence"] != reason["reason"]
    assert sorted(path.name for path in office.workspace.rglob("*")) == before
    logged = kinds(office)
    assert logged.index("extraction.announced") < logged.index("extraction.gated")
    # Names, addresses and words of the messages stay out of what is printed.
    assert "Lindqvist" not in result.out + result.err
    assert "smoke test" not in result.out + result.err


def test_a_refusal_has_a_receipt_that_is_checked_without_a_workspace(office: Office, tmp_path: Path) -> None:
    request(office)
    refuse(office)
    page, data = tmp_path / "receipt.html", tmp_path / "receipt.json"
    for file in (page, data):
        made = office.run("consent", "receipt", "--subject", SUBJECT, "-o", file)
        assert made.code == 0, made.err
        assert "Sie haben Nein gesagt" in made.out
        checked = govern("consent", "receipt", "--check", file, "--log-key", office.log_key, "--json")
        assert checked.code == 0, checked.err
        assert (checked.json["event"], checked.json["pid"], checked.json["ok"]) == ("consent.refused", SUBJECT, True)
        assert len(checked.json["checks"]) == 4
    page.write_bytes(page.read_bytes().replace(b"Nein gesagt", b"Ja gesagt"))
    assert govern("consent", "receipt", "--check", page, "--log-key", office.log_key).code == 4


def test_every_decision_of_a_person_can_be_proved_by_its_entry(office: Office) -> None:
    request(office)
    refuse(office)
    assert office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-02T09:00:00Z").code == 0
    made = office.run("consent", "receipt", "--subject", SUBJECT, "--lang", "en", "--json")
    assert made.json["event"] == "consent.withdrawn"
    index = kinds(office).index("consent.refused")
    earlier = office.run("consent", "receipt", "--subject", SUBJECT, "--entry", index, "--json")
    assert earlier.json["event"] == "consent.refused"
    assert earlier.json["notice"] is not None
    assert office.run("consent", "receipt", "--subject", SUBJECT, "--entry", 0).code == 2
    assert office.run("consent", "receipt", "--subject", COLLEAGUE).code == 2
    assert office.run("consent", "receipt").code == 2
    assert govern("consent", "receipt", "--check", office.place.people).code == 2


@pytest.mark.parametrize("kind", ["dpv", "kantara", "json"])
def test_an_export_is_written_in_each_format(office: Office, tmp_path: Path, kind: str) -> None:
    request(office)
    refuse(office)
    file = tmp_path / "consents"
    made = office.run("consent", "export", "--subject", SUBJECT, "--format", kind, "-o", file)
    assert made.code == 0, made.err
    document = json.loads(file.read_text("utf-8"))
    if kind == "dpv":
        (record, receipt) = (n for n in document["@graph"] if n["@type"] != ["dpv:Process"])
        assert (record["@type"], receipt["@type"]) == (["dpv:ConsentRecord"], ["dpv:ConsentReceipt"])
    elif kind == "kantara":
        assert document == {"receipts": []}
        assert "no place in this format" in made.out
    else:
        assert {choice["state"] for choice in document["choices"].values()} == {"refused"}


def test_hr_sees_the_same_whether_somebody_refused_or_never_answered(office: Office) -> None:
    request(office)

    def seen() -> list[Any]:
        commands = (("status",), ("report", "hr", "--now", "2026-03-05"), ("doctor",))
        results = [office.run(*command, "--json") for command in commands]
        results += [office.run(*command) for command in commands]
        return [(result.code, result.out) for result in results]

    before = seen()
    refuse(office)
    assert seen() == before
    assert office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-02T09:00:00Z").code == 0
    assert seen() == before


def told(office: Office) -> list[Any]:
    """Return what whoever runs an extraction is told."""
    real, dry = office.extract(), office.extract("--dry-run", "--json")
    return [real.code, real.out, real.err, dry.code, dry.json["refused_by"], dry.json["by_reason"]]


def test_a_run_is_refused_in_the_same_words_whatever_a_person_said(office: Office) -> None:
    never = told(office)
    assert never[0] == 3
    assert "(not_in_force)" in never[2]
    request(office)
    asked = told(office)
    refuse(office)
    refused = told(office)
    assert office.run("consent", "object", "--subject", SUBJECT, "--now", "2026-03-01T09:20:00Z").code == 0
    objected = told(office)
    assert office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:30:00Z").code == 0
    assert never == asked == refused == objected == told(office)


def test_a_run_after_a_withdrawal_is_refused_in_the_same_words_as_one_that_nobody_agreed_to(office: Office) -> None:
    never = told(office)
    signed = office.sign()
    assert signed.code == 0, signed.err
    assert told(office) != never
    assert office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:30:00Z").code == 0
    assert told(office) == never


def test_the_page_that_checks_receipts_needs_no_workspace_and_is_always_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "one.html", tmp_path / "two.html"
    made = [govern("consent", "verifier", "-o", file, "--json") for file in (first, second)]
    assert [result.code for result in made] == [0, 0]
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert made[0].json["sha256"] == made[1].json["sha256"] == hashlib.sha256(data).hexdigest()
    assert made[0].json["bytes"] == len(data) < 100_000
