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
    told = auditor.send(page, "/auditor/consistency", checkpoint=saved)
    assert "Consistent" in told.words
    assert auditor.client.post("/api/consistency", json={"checkpoint": saved}).json()["consistent"] is True
    # Another log's, a changed one, and rubbish are no checkpoints of this log.
    for wrong in (saved.replace("/govern/", "/other/"), saved.replace(saved.splitlines()[2], "A" * 44), "x", ""):
        assert auditor.send(page, "/auditor/consistency", checkpoint=wrong).status == 400


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
    assert bad.status == 400 or "does not hold" in bad.words
    taken = upload(auditor, person.get("/me/everything/export.zip").content)
    assert "The file is an export" in taken.words
    before = sorted(path.name for path in world.office.workspace.rglob("*"))
    upload(auditor, b"PK\x03\x04 rubbish")
    assert sorted(path.name for path in world.office.workspace.rglob("*")) == before


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
            sent = auditor.client.request(case.method, case.formatted_path, params=case.query or None, **body)
            tried.append(sent.status_code)
            case.validate_response(sent, checks=CHECKS)

        ask()
    assert len(tried) > 120
    assert {200, 404} <= set(tried)
