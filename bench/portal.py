"""Employees at the portal: `python -m bench.portal [URL URL]`, a served process, passkeys in software.

200 people sign a consent and take it back, each in a session of their own, against the real service with the log's
fsync. Once at a human pace, once all at the same moment. Afterwards every receipt is checked, and every decision has to
be in the log. Its peer in the same run is the bare log: one durable append after the other on the same disk. With the
URLs of two empty PostgreSQL databases the logs are there.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from attest import enrolment, keys
from attest.events import Event
from attest.log import EventLog
from consent import receipt as receipts
from govern import asking, passkeys
from govern.portal.door import Door
from govern.workspace import Workspace
from policies import loader

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from passkey import Authenticator

PEOPLE = 200
PACE = 20.0
"""Seconds that a person takes to read, on average, before each step; they come over as long a time."""


def main() -> None:
    """Measure, and print one line for each pace and step."""
    urls = sys.argv[1:3] or [None, None]
    print("| log | pace | step | requests | p50 ms | p95 ms | p99 ms |\n|---|---|---|---:|---:|---:|---:|")
    for pace, url in zip((PACE, 0.0), urls, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), pace, url)


def _measure(folder: Path, pace: float, url: str | None) -> None:
    kind = "PostgreSQL" if url else "SQLite"
    now = datetime.now(UTC).replace(microsecond=0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    origin = f"http://localhost:{port}"
    people = ["p-" + "".join("abcdefghjk"[int(digit)] for digit in f"{number:08d}") for number in range(PEOPLE)]
    devices = {pid: Authenticator(seed=pid, rp_id="localhost", origin=origin) for pid in people}
    workspace = _workspace(folder / ".govern", people, devices, origin, now, url)
    door = Door.open(workspace.root / "portal.sqlite")
    sessions = {pid: door.admit("employee", pid, now) for pid in people}
    door.close()
    with workspace.log() as log:
        before = log.size
        per_append = _append_rate(log, now)
        start = log.size
    command = [
        sys.executable,
        "-m",
        "govern",
        "--workspace",
        str(workspace.root),
        "portal",
        "serve",
        "--origin",
        origin,
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as served:
        try:
            _wait(origin)
            took, given = asyncio.run(_crowd(origin, sessions, devices, pace))
        finally:
            served.send_signal(signal.SIGTERM)
            served.wait(60)
    with workspace.log() as log:
        said = [json.loads(data)["type"] for _, data in log.entries(start)]
    counts = {name: said.count(f"consent.{name}") for name in ("given", "withdrawn")}
    assert counts == {"given": PEOPLE, "withdrawn": PEOPLE}, counts
    for data in given:
        receipts.check(data, workspace.log_vkey)
    shown = f"{pace:.0f} s" if pace else "all at once"
    for step, times in took.items():
        times.sort()
        p50, p95, p99 = (1000 * times[min(len(times) - 1, int(len(times) * q))] for q in (0.5, 0.95, 0.99))
        print(f"| {kind} | {shown} | {step} | {len(times)} | {p50:.0f} | {p95:.0f} | {p99:.0f} |", flush=True)
    print(
        f"| {kind} | {shown} | bare append, its peer | 200 | {1000 * per_append:.1f} | | |\n"
        f"<!-- {counts}, {len(given)} receipts verified, log {before} -->",
        flush=True,
    )


def _workspace(
    root: Path, people: list[str], devices: dict[str, Any], origin: str, now: datetime, url: str | None
) -> Workspace:
    lines = "".join(
        f"  - pid: {pid}\n    role: engineer\n    language: en\n    jurisdictions: [DE]\n    minor: false\n"
        f"    manager: none\n    employment: [{{state: active, from: 2020-01-01}}]\n    timezone: Europe/Berlin\n"
        f"    names: [Person {pid[2:]}]\n    emails: [{pid}@bench.example]\n"
        for pid in people
    )
    text = (
        "version: 1\norganisation:\n  name: Bench\n  mail_domains: [bench.example]\n  jurisdictions: [DE]\n"
        f"  works_council: true\npeople:\n{lines}"
    )
    workspace = Workspace.create(root, "Bench", "bench.example", now, people=text, log_url=url)
    page = passkeys.Page("localhost", origin, "govern")
    witness = keys.generate()
    policy = loader.load("worker_protection")
    with workspace.log() as log:
        body = enrolment.role_body("council-1", "works_council", witness, now)
        workspace.append(log, "role.enrolled", "works_council:council-1", body, now)
        ledger = workspace.ledger(log)
        events = []
        for pid in people:
            creation = passkeys.begin_creation(page, ledger, pid)
            record = passkeys.finish_creation(creation, devices[pid].create(creation.options), ledger, "council-1", now)
            first = passkeys.begin_enrolment(record)
            signatures = [
                first.finish(devices[pid].get(first.options)),
                passkeys.countersign(record, keys.key_id(witness), witness),
            ]
            events.append(Event.new("passkey.enrolled", f"employee:{pid}", record.to_body(signatures), now))
        log.append(events)
        index, _ = asking.ask(workspace, log, people[0], policy, ["knowledge_transfer"], None, now)
        asked = json.loads(log.entry(index))["body"]
        log.append([Event.new("consent.requested", "operator", {**asked, "pid": pid}, now) for pid in people[1:]])
        assert not workspace.ledger(log).rejected
    return workspace


def _append_rate(log: EventLog, now: datetime) -> float:
    began = time.perf_counter()
    for _ in range(PEOPLE):
        log.append([Event.new("skill.used", "operator", {"extraction_id": "none"}, now)])
    return (time.perf_counter() - began) / PEOPLE


async def _crowd(
    origin: str, sessions: dict[str, Any], devices: dict[str, Any], pace: float
) -> tuple[dict[str, list[float]], list[bytes]]:
    took: dict[str, list[float]] = {"sign": [], "withdraw": [], "other pages": []}
    given: list[bytes] = []
    draw = random.Random(1)
    limits = httpx.Limits(max_connections=PEOPLE, max_keepalive_connections=PEOPLE)

    async def timed(step: str, request: Any) -> Any:
        began = time.perf_counter()
        answer = await request
        took[step].append(time.perf_counter() - began)
        assert answer.status_code < 400, answer.text
        return answer

    async def think() -> None:
        await asyncio.sleep(draw.expovariate(1 / pace) if pace else 0)

    async def one(client: httpx.AsyncClient, pid: str) -> None:
        session, value = sessions[pid]
        head, csrf = {"Cookie": f"govern={value}"}, session.csrf
        await asyncio.sleep(draw.uniform(0, pace))
        await timed("other pages", client.get("/me", headers=head))
        await think()
        yes = {
            "csrf": csrf,
            "source": "knowledge_transfer/mail.work",
            "category": "procedures",
            "first": "2026-01-01",
            "last": "2026-06-01",
            "validity": "P1M",
        }
        page = await timed("other pages", client.post("/me/choose", data=yes, headers=head))
        options = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', page.text)[1]))  # type: ignore[index]
        begun = re.search(r'name="begun" value="([^"]*)"', page.text)[1]  # type: ignore[index]
        answer = json.dumps(devices[pid].get(options))
        await think()
        form = {"csrf": csrf, "begun": begun, "response": answer}
        signed = await timed("sign", client.post("/me/sign", data=form, headers=head))
        receipt = await timed("other pages", client.get(f"{signed.headers['location']}/receipt.json", headers=head))
        given.append(receipt.content)
        await think()
        withdrawn = await timed("withdraw", client.post("/me/withdraw", data={"csrf": csrf}, headers=head))
        receipt = await timed("other pages", client.get(f"{withdrawn.headers['location']}/receipt.json", headers=head))
        given.append(receipt.content)

    async with httpx.AsyncClient(base_url=origin, timeout=300, limits=limits) as client:
        await asyncio.gather(*(one(client, pid) for pid in sessions))
    return took, given


def _wait(origin: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{origin}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the portal does not answer")


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
