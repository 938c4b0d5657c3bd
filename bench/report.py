"""The audit report about a large log: how long it takes to make, its size, and how soon a browser has checked it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from attest import canonical, dsse, enrolment, evidence, keys
from attest.encoding import to_time
from attest.events import Event
from attest.log import EventLog
from bench.measure import Row, best
from govern.report import making
from govern.report.page import page
from govern.workspace import Workspace

ENTRIES = 100_000
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PEOPLE = 200
RECORDS = 100_000
"""Records of each run."""


def run() -> list[Row]:
    """Measure making, and opening where there is a browser."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = filled(Path(folder) / ".govern", ENTRIES)
        made: list[bytes] = []
        seconds = best(lambda: made.append(page(making.of_workspace(workspace, NOW))), repeat=1)
        file = Path(folder) / "report.html"
        file.write_bytes(made[-1])
        rows = [Row("report", f"make it of {ENTRIES:,} entries, {len(made[-1]):,} bytes", ENTRIES, "entries", seconds)]
        if shutil.which("chromium"):
            shown, opened = _opened(file)
            rows.append(Row("report", f"open it, {shown} entries checked (by the clock)", shown, "entries", opened))
        return rows


def filled(root: Path, entries: int) -> Workspace:
    """Return a workspace with a log of so many entries: people, their consents and withdrawals, and runs."""
    workspace = Workspace.create(root, "Bench", "bench.example", NOW)
    with workspace.log() as log:
        story = islice(_story(log), entries - 1)
        while batch := list(islice(story, 2000)):
            log.append(batch)
    return workspace


def _story(log: EventLog) -> Iterator[Event]:
    at = NOW
    private = [keys.generate() for _ in range(PEOPLE)]
    people = [f"p-{number:08d}" for number in range(PEOPLE)]
    index = log.size
    for pid, key in zip(people, private, strict=True):
        yield Event.new("key.enrolled", f"employee:{pid}", enrolment.key_body(pid, key, at), at)
        index += 1
    number = 0
    while True:
        at += timedelta(minutes=7)
        pid, key = people[number % PEOPLE], private[number % PEOPLE]
        payload = canonical.dumps({"event": "given", "event_time": to_time(at), "subject": {"pid": pid}})
        envelope = canonical.loads(dsse.sign(evidence.CONSENT_TYPE, payload, [(keys.key_id(key), key)]))
        digest = hashlib.sha256(payload).hexdigest()
        body = {"pid": pid, "record_sha256": digest, "envelope": envelope}
        yield Event.new("consent.given", f"employee:{pid}", body, at)
        run = {"extraction_id": f"run-{number}", "subject": pid, "purpose": "knowledge_transfer"}
        reasons = {f"record.reason_{name}": RECORDS // 10 + name for name in range(8)}
        yield Event.new("source.manifest", "operator", {**run, "root": digest, "size": RECORDS}, at)
        yield Event.new("extraction.gated", "operator", {**run, "allowed": True, "by_reason": reasons}, at)
        yield Event.new("extraction.redacted", "operator", {**run, "redactor": {"by_entity": {"PERSON": 71}}}, at)
        yield Event.new("extraction.distilled", "operator", {**run, "claims": 40}, at)
        counts = {"taken": 50_000, "taken_redacted": 20_000, "left_out": RECORDS - 70_000, "by_reason": reasons}
        steps = {"gated": index + 2, "redacted": index + 3, "distilled": index + 4}
        sealed = {"root": digest, "size": RECORDS, "counts": counts, "manifest_index": index + 1, "steps": steps}
        yield Event.new("extraction.sealed", "operator", {**run, **sealed}, at)
        yield Event.new("skill.reviewed", "operator", {**run, "struck": 3}, at)
        yield Event.new("skill.released", "operator", {**run, "claims": 37}, at)
        yield Event.new("consent.withdrawn", f"employee:{pid}", {"pid": pid, "purposes": None}, at)
        index += 9
        number += 1


def _opened(file: Path) -> tuple[int, float]:
    """Return how many entries a browser checked, and in how many seconds from opening to the last verdict."""
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(3):
            tab = browser.new_page()
            start = time.perf_counter()
            tab.goto(file.as_uri())
            tab.wait_for_function("/^[0-9]+ hold, /.test(document.getElementById('verdict').textContent)")
            seconds.append(time.perf_counter() - start)
            line = tab.inner_text("#verdict")
            shown = len(json.loads(tab.inner_text("#evidence") or tab.text_content("#evidence") or "{}")["entries"])
            tab.close()
        browser.close()
    if " 0 failed" not in line:
        raise AssertionError(line)
    return shown, min(seconds)
