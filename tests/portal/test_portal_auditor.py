"""The auditor's pages and the interface beneath them: proofs that lead somewhere, files that are only looked at."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from portal_world import Answer, Browser, PortalWorld
from schemathesis.specs.openapi import checks as conformance
from workplace import COLLEAGUE, SUBJECT

from attest import checkpoint
from attest.errors import StoreError
from attest.log import EventLog
from attest.merkle import leaf_hash, node_hash
from attest.note import text_of
from govern.portal import filecheck

CHECKS = (
    schemathesis.checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
)


@pytest.fixture
def auditor(world: PortalWorld) -> Browser:
    enrolled = world.office.run(
        *("role", "enroll", "--holder", "audit-1", "--role", "auditor", "--out", world.root / "audit.key"),
        *("--witness", "dpo-1", "--witness-key", world.office.officer("dpo-1"), "--now", world.now.isoformat()),
    )
    assert enrolled.code == 0, enrolled.err
    return world.browser("auditor", "audit-1")


def upload(browser: Browser, data: bytes, name: str = "file") -> Answer:
    token = browser.get("/auditor").form("/auditor/verify").css_first("input[name=csrf]").attributes["value"]
    sent = browser.client.post("/auditor/verify", data={"csrf": token}, files={"file": (name, data)})
    return Answer(sent.status_code, sent.text, str(sent.url), sent.headers, sent.content)


def compare(browser: Browser, page: Answer, saved: str) -> Answer:
    token = page.form("/auditor/consistency").css_first("input[name=csrf]").attributes["value"]
    fields = {"csrf": token, "checkpoint": saved}
    sent = browser.client.post("/auditor/consistency", data=fields, files={"file": ("", b"")})
    return Answer(sent.status_code, sent.text, str(sent.url), sent.headers, sent.content)


def test_every_entry_leads_to_the_signed_root(world: PortalWorld, auditor: Browser) -> None:
    size = auditor.client.get("/api/log").json()["size"]
    assert size > 8
    for index in range(size):
        found = auditor.client.get(f"/api/entries/{index}").json()
        value = leaf_hash(found["entry"].encode())
        for step in found["steps"]:
            sibling = bytes.fromhex(step["sibling"])
            value = node_hash(sibling, value) if step["side"] == "left" else node_hash(value, sibling)
            assert value.hex() == step["result"]
        assert value == checkpoint.parse(text_of(found["checkpoint"].encode())).root
    page = auditor.get("/auditor/entries/3")
    assert page.tree.css_first("svg title").text()
    assert found["root"] in auditor.get(f"/auditor/entries/{size - 1}").text or page.status == 200
    for wrong in ("-1", "x", str(size + 10), "9" * 40):
        assert auditor.get(f"/auditor/entries/{wrong}").status == 404


def test_a_saved_checkpoint_is_held_against_the_log(world: PortalWorld, auditor: Browser) -> None:
    saved = auditor.client.get("/api/log").json()["checkpoint"]
    world.later(minutes=20)
    world.browser("hr", "hr-1").get("/hr")
    page = auditor.get("/auditor")
    told = compare(auditor, page, saved)
    assert "Consistent" in told.words
    assert auditor.client.post("/api/consistency", json={"checkpoint": saved}).json()["consistent"] is True
    # Another log's, a changed one, and rubbish are no checkpoints of this log.
    for wrong in (saved.replace("/govern/", "/other/"), saved.replace(saved.splitlines()[2], "A" * 44), "x", ""):
        assert compare(auditor, page, wrong).status == 400


def test_receipts_and_skills_are_checked_and_kept_nowhere(world: PortalWorld, auditor: Browser) -> None:
    person = world.browser()
    world.enrol(person, world.device())
    yes = {"source": "onboarding/mail.work", "category": "procedures", "first": "2025-06-01", "last": "2026-03-01"}
    page = person.send(person.get("/me"), "/me/choose", **yes, validity="P1M")
    signed = person.sign(page, "/me/sign", world.device())
    path = signed.url.removeprefix(world.origin)
    for kind in ("json", "html"):
        good = upload(auditor, person.get(f"{path}/receipt.{kind}").content)
        assert "The file is a receipt" in good.words
        assert "does not hold" not in good.words
    receipt = json.loads(person.get(f"{path}/receipt.json").content)
    text = json.dumps(receipt).replace("onboarding", "self_assist")
    bad = upload(auditor, text.encode())
    assert "The file is a receipt" in bad.words
    assert "does not hold" in bad.words
    for kind in ("json", "html"):
        whole = person.get(f"{path}/receipt.{kind}").content
        for size in (len(whole) // 2, len(whole) - 2):
            cut = upload(auditor, whole[:size])
            assert cut.status == 400 if kind == "html" and b'id="receipt"' not in whole[:size] else cut.status == 200
            assert "does not hold" in cut.words or cut.status == 400
    taken = upload(auditor, person.get("/me/everything/export.zip").content)
    assert "The file is an export" in taken.words
    answer = upload(auditor, person.get("/me/taken/answer.json").content)
    assert "The file is an answer" in answer.words
    assert "It lists no message at all" in answer.words
    assert "no other message was read" in answer.words
    before = sorted(path.name for path in world.office.workspace.rglob("*"))
    upload(auditor, b"PK\x03\x04 rubbish")
    assert sorted(path.name for path in world.office.workspace.rglob("*")) == before


def test_a_receipt_of_a_withdrawal_says_what_came_of_it(world: PortalWorld, auditor: Browser) -> None:
    person = world.browser()
    page = person.get("/me")
    person.send(page, "/me/withdraw", nth=len(page.tree.css('form[action="/me/withdraw"]')) - 1)
    assert world.work() == 1
    receipt = str(world.portal.work.of("employee", SUBJECT)[0].result["receipt"]).encode()
    good = upload(auditor, receipt)
    assert "The file is a receipt of a withdrawal" in good.words
    assert "You took back: everything" in good.words
    assert "copies elsewhere" in good.words
    for bad in (receipt.replace(SUBJECT.encode(), COLLEAGUE.encode()), receipt[:-40], receipt[: len(receipt) // 2]):
        told = upload(auditor, bad)
        assert "The file is a receipt of a withdrawal" in told.words
        assert "does not hold" in told.words


def test_programs_check_files_the_same_way(world: PortalWorld, auditor: Browser) -> None:
    person = world.browser()
    answer = person.get("/me/taken/answer.json").content
    told = auditor.client.post("/api/verify", content=answer).json()
    assert told["kind"] == "answer"
    assert told["holds"] is True
    assert told["notes"] == ["none_found", "no_other_record"]
    assert auditor.client.post("/api/verify", content=b"rubbish").status_code == 400
    cut = auditor.client.post("/api/verify", content=answer[:-30]).json()
    assert (cut["kind"], cut["holds"], cut["checks"][0]["outcome"]) == ("answer", False, "fail")
    long = auditor.client.post("/api/verify", content=bytes(filecheck.MAX_FILE + 1))
    assert long.status_code == 413
    assert person.client.post("/api/verify", content=answer).status_code == 404


def test_problems_are_told_in_the_standard_form(world: PortalWorld, auditor: Browser) -> None:
    for path, status in (("/api/entries/999999", 404), ("/api/runs/none", 404), ("/api/entries/x", 422)):
        sent = auditor.client.get(path)
        assert sent.status_code == status
        assert sent.headers["content-type"] == "application/problem+json"
        told = sent.json()
        assert (told["status"], told["type"]) == (status, "about:blank")
        assert told["title"]
        assert told["detail"]
    assert world.stranger().client.get("/api/log").json()["status"] == 401


def test_a_run_is_shown_with_what_stood_in_force_then(world: PortalWorld, auditor: Browser) -> None:
    run_of(world)
    auditor = world.browser("auditor", "audit-1")
    (run,) = auditor.client.get("/api/runs").json()
    found = auditor.client.get(f"/api/runs/{run['extraction_id']}").json()
    assert found["run"] == run
    assert run["seen"] == run["taken"] + run["left_out"]
    assert sum(each["taken"] + each["left_out"] for each in run["sources"]) == run["seen"]
    assert {each["kind"] for each in run["sources"]} == {"mail", "commit", "chat"}
    (stood,) = found["consents"]
    assert (stood["purpose"], stood["state"]) == ("knowledge_transfer", "given")
    assert "vcs.commit" in stood["sources"]

    # Taken back later: what stood in force then does not change, and what became of the run is shown.
    person = world.browser()
    page = person.get("/me")
    person.send(page, "/me/withdraw", nth=len(page.tree.css('form[action="/me/withdraw"]')) - 1)
    later = auditor.client.get(f"/api/runs/{run['extraction_id']}").json()
    assert later["consents"] == found["consents"]
    assert [each["type"] for each in later["run"]["later"]] == ["skill.revoked"]
    shown = auditor.get(f"/auditor/runs/{run['extraction_id']}")
    assert "passing on know-how: given" in shown.words
    assert "By source" in shown.words
    # Of the gaps, only those between the run's first entry and its seal.
    assert [gap["kind"] for gap in found["gaps"]] == ["unwitnessed"]
    assert found["gaps"][0]["index"] == run["first_index"]
    assert "An officer looked" in world.browser().get("/me/history").words


def test_a_clock_that_ran_backwards_is_told_with_how_far(world: PortalWorld, auditor: Browser) -> None:
    world.later(days=9)
    world.browser("hr", "hr-1").get("/hr")
    world.later(seconds=-90)
    world.browser("dpo", "dpo-1").get("/dpo")
    gaps = {gap["kind"]: gap for gap in world.browser("auditor", "audit-1").client.get("/api/gaps").json()}
    assert gaps["clock"]["detail"] == "90"
    assert gaps["silence"]["detail"] == "9"


def test_the_report_is_what_the_command_writes(world: PortalWorld, auditor: Browser) -> None:
    run_of(world)
    sent = world.browser("auditor", "audit-1").get("/auditor/report.html")
    assert sent.headers["content-disposition"] == 'attachment; filename="report.html"'
    out = world.root / "report.html"
    made = world.office.run("audit", "report", "-o", out, "--now", world.now.isoformat())
    assert made.code == 0, made.err
    assert sent.content == out.read_bytes()
    assert world.browser().get("/auditor/report.html").status == 404


def test_the_report_speaks_the_visitors_language(world: PortalWorld, auditor: Browser) -> None:
    run_of(world)
    browser = world.browser("auditor", "audit-1")
    browser.send(browser.get("/auditor"), "/language", lang="de")
    sent = browser.get("/auditor/report.html")
    assert '<html lang="de">' in sent.text
    assert "Was dies nicht beweist" in sent.text


def test_a_saved_checkpoint_comes_as_a_file_too(world: PortalWorld, auditor: Browser) -> None:
    saved = auditor.client.get("/api/log").json()["checkpoint"]
    world.later(minutes=20)
    world.browser("hr", "hr-1").get("/hr")
    now = auditor.client.get("/api/log").json()
    token = auditor.get("/auditor").form("/auditor/consistency").css_first("input[name=csrf]").attributes["value"]
    sent = auditor.client.post("/auditor/consistency", data={"csrf": token}, files={"file": ("saved", saved.encode())})
    assert "Consistent" in sent.text
    # Every later checkpoint of the timeline is named.
    assert now["root"] in sent.text


def test_what_is_not_proved_stands_on_every_page(world: PortalWorld, auditor: Browser) -> None:
    for path in ("/auditor", "/auditor/entries/1", "/auditor/entries/999999", "/auditor/nowhere"):
        assert "What this does not prove" in auditor.get(path).words
    assert "What this does not prove" in upload(auditor, b"x").words
    assert "What this does not prove" not in world.browser().get("/me/nowhere").words


def run_of(world: PortalWorld) -> None:
    """Have a person agree, and a run made."""
    world.ask()
    person = world.browser()
    world.enrol(person, world.device())
    yes = {"source": [f"knowledge_transfer/{s}" for s in ("mail.work", "vcs.commit", "chat.public_channel")],
           "category": "procedures", "first": "2025-06-01", "last": "2026-03-01"}  # fmt: skip
    person.sign(person.send(person.get("/me"), "/me/choose", **yes, validity="P12M"), "/me/sign", world.device())
    world.later(days=8)
    world.portal.work.order("run", "hr", "hr-1", {"subject": SUBJECT, "purpose": "knowledge_transfer"})
    assert world.work() == 1


def _zip(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"{}",
        b"PK\x03\x04",
        b"[" * 100_000,
        _zip(**{"a": bytes(50_000_000)}),
        _zip(**{"../../escape": b"x"}),
        _zip(**{"SKILL.md": b"---\nname: x\n---\n"}),
        b'<html><pre id="receipt">{{7*7}}</pre></html>',
    ],
    ids=["empty", "letter", "object", "header", "deep", "bomb", "traversal", "no proofs", "template"],
)
def test_what_is_no_file_of_ours_is_refused(world: PortalWorld, auditor: Browser, data: bytes) -> None:
    answer = upload(auditor, data, "../../{{7*7}}<script>.skill")
    assert 400 <= answer.status < 500 or "does not hold" in answer.words
    assert "49" not in answer.words
    assert "<script>" not in answer.text.replace('<script src="/static', "")


def test_a_large_file_is_written_nowhere_either(
    world: PortalWorld, auditor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def written(_: Any) -> None:
        raise AssertionError("written to a temporary file")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", written)
    assert upload(auditor, b"x" * 3_000_000).status == 400


def test_a_cosignature_counts_only_if_it_holds(
    world: PortalWorld, auditor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor.client.get("/api/log")
    true = EventLog.checkpoints

    def forged(log: EventLog) -> Any:
        for note in true(log):
            yield note + "— nobody AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n".encode()

    monkeypatch.setattr(EventLog, "checkpoints", forged)
    signed = auditor.client.get("/api/checkpoints").json()
    assert signed
    assert {each["cosignatures"] for each in signed} == {0}
    gaps = [gap for gap in auditor.client.get("/api/gaps").json() if gap["kind"] == "unwitnessed"]
    assert gaps[0]["index"] == 0


def test_a_lost_log_is_no_fault_of_the_asker(
    world: PortalWorld, auditor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> Any:
        raise StoreError("the database cannot be reached")

    with monkeypatch.context() as broken:
        broken.setattr(EventLog, "entries", lost)
        assert auditor.client.get("/api/runs").status_code == 503
    assert auditor.client.get("/api/runs").status_code == 200


def test_too_long_a_file_is_refused(world: PortalWorld, auditor: Browser) -> None:
    assert upload(auditor, bytes(5 * 1024 * 1024)).status == 413


def test_the_token_is_asked_for_with_a_file_too(world: PortalWorld, auditor: Browser) -> None:
    sent = auditor.client.post("/auditor/verify", data={"csrf": "x"}, files={"file": ("a", b"b")})
    assert sent.status_code == 403


def test_nobody_else_gets_in(world: PortalWorld, auditor: Browser) -> None:
    for role, who in (("employee", SUBJECT), ("hr", "hr-1"), ("dpo", "dpo-1"), ("works_council", "council-1")):
        browser = world.browser(role, who)
        for path in ("/auditor", "/auditor/entries/1", "/api/log", "/api/entries", "/api/entries/1", "/api/runs"):
            assert browser.get(path).status == 404
    assert world.stranger().get("/api/log").status == 401
    assert world.stranger().get("/auditor").status == 401


def test_what_the_auditor_looked_at_is_in_the_log(world: PortalWorld, auditor: Browser) -> None:
    auditor.get("/auditor/entries/1")
    auditor.client.get("/api/runs")
    views = world.portal.desk.call(
        lambda desk: [
            json.loads(data)["body"]["view"] for _, data in desk.log.entries() if b'"type":"access.read"' in data
        ]
    )
    assert views == ["/auditor", "/auditor/entries/{index}", "/api/runs"]


def test_a_person_finds_who_looked_at_what_is_about_them(world: PortalWorld, auditor: Browser) -> None:
    assert "An officer looked" not in world.browser().get("/me/history").words
    size = world.portal.desk.call(lambda desk: desk.log.size)
    for index in range(size):
        auditor.get(f"/auditor/entries/{index}")
    mine = world.browser().get("/me/history").words
    assert mine.count("An officer looked") == 1
    assert "auditor:audit-1" in mine
    assert "An officer looked" not in world.browser(who=COLLEAGUE).get("/me/history").words


def test_schemathesis_finds_no_answer_out_of_order(world: PortalWorld, auditor: Browser) -> None:
    schema: Any = schemathesis.openapi.from_dict(auditor.client.get("/api/openapi.json").json())
    tried = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=60,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            body = {"json": case.body} if isinstance(case.body, dict | list | str | int) else {}
            if isinstance(case.body, bytes):
                body = {"content": case.body}
            sent = auditor.client.request(case.method, case.formatted_path, params=case.query or None, **body)
            tried.append(sent.status_code)
            case.validate_response(sent, checks=CHECKS)

        ask()
    assert len(tried) > 120
    assert {200, 404} <= set(tried)
