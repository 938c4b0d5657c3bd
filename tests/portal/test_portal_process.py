"""The service as a real process: it answers, works, writes lines that tell nothing of anybody, and ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from portal_browser import free_port
from portal_world import Browser, PortalWorld, _answer
from workplace import SUBJECT

from govern.portal import shield


class Served:
    """A process that serves, and somebody's browser on it."""

    def __init__(self, world: PortalWorld, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.errors = world.root / "stderr"
        command = [sys.executable, "-m", "govern", "portal", "serve", "--origin", self.origin, "--quiet"]
        env = {**os.environ, "GOVERN_WORKSPACE": str(world.office.workspace)}
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(command, env=env, stderr=errors, stdout=subprocess.DEVNULL)
        self.client = httpx.Client(base_url=self.origin, follow_redirects=True, timeout=30)
        for _ in range(600):
            try:
                assert self.client.get("/health").json() == {"status": "ok"}
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.errors.read_text()
                time.sleep(0.1)
        raise AssertionError("it does not answer")

    def browser(self, world: PortalWorld) -> tuple[Browser, str]:
        """Sign somebody in by the command's link; return the browser and the token."""
        link = world.office.run(
            *("portal", "link", "--role", "employee", "--who", SUBJECT, "--origin", self.origin, "--json")
        )
        assert link.code == 0, link.err
        token = link.json["url"].partition("t=")[2]
        browser = Browser(self.client)  # type: ignore[arg-type]
        assert browser.send(browser.get(f"/enter?t={token}"), "/enter").status == 200
        return browser, token

    def end(self) -> int:
        """Tell it to end, as a supervisor does."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def test_it_serves_works_and_ends(tmp_path: Path) -> None:
    world = PortalWorld(tmp_path).begin()
    world.end()
    served = Served(world, free_port())
    try:
        browser, token = served.browser(world)
        page = browser.send(browser.get("/me/preview"), "/me/preview", purpose="onboarding")
        path = page.url.removeprefix(served.origin)
        for _ in range(300):
            page = browser.get(path)
            if "data-job" not in page.text:
                break
            time.sleep(0.2)
        assert "messages would be read" in page.words, page.words
        assert browser.get("/nowhere/" + SUBJECT).status == 404
        assert _answer(served.client.get("/me", headers={"Host": "evil.example"})).status == 421
    finally:
        code = served.end()
    # uvicorn ends as the signal says, after what was under way.
    assert code in (0, -signal.SIGTERM), served.errors.read_text()
    lines = [json.loads(line) for line in served.errors.read_text().splitlines()]
    requests = [line for line in lines if line.get("event") == "request"]
    assert {"/health", "/enter", "/me/preview/{job}"} <= {line["route"] for line in requests}
    text = served.errors.read_text()
    session = str(served.client.cookies["govern"])
    for secret in (token, session, SUBJECT, path.rpartition("/")[2], "127.0.0.1", "Tove", "harbour"):
        assert secret not in text
    assert "failed" not in text


def test_a_link_for_nobody_is_refused(tmp_path: Path) -> None:
    world = PortalWorld(tmp_path).begin()
    world.end()
    wrong = (("employee", "p-nobody00"), ("hr", "dpo-1"), ("dpo", "nobody"), ("bystander", "no address"))
    for role, who in wrong:
        result = world.office.run("portal", "link", "--role", role, "--who", who)
        assert result.code in (2, 6), (role, result.code)
        assert "hint:" in result.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\n", "version"),
        ("colour: red\n", "colour"),
        ("sources: {mail: [mail.mbox]}\n", "absolute"),
        ("origin: http://consent.example\n", "TLS"),
        ("origin: https://user:secret@consent.example\n", "user name"),
        ("origin: [\n", "form"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    world = PortalWorld(tmp_path).begin()
    world.end()
    (world.office.workspace / "portal.yaml").write_text(text)
    result = world.office.run("portal", "serve")
    assert result.code == 6
    assert said in result.err
    assert "secret" not in result.err


def test_every_answer_carries_its_headers(world: PortalWorld) -> None:
    for path in ("/", "/me", "/nowhere", "/static/portal.css", "/health", "/api/log", "/verify-receipt.html"):
        headers = world.stranger().get(path).headers
        for name, value in shield.HEADERS.items():
            assert headers[name] == value, (path, name)
        assert "strict-transport-security" not in headers
        assert "server" not in headers
    policy = shield.HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert re.search(r"default-src 'none'", policy)


def test_with_tls_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    world = PortalWorld(tmp_path, origin="https://consent.example").begin()
    try:
        answer = world.stranger().get("/")
        assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
        browser = world.browser()
        (cookie,) = [c for c in browser.client.cookies.jar if "govern" in c.name]
        assert cookie.name == "__Host-govern"
        assert cookie.secure
        assert {"HttpOnly", "SameSite"} <= set(cookie._rest)  # type: ignore[attr-defined]
    finally:
        world.end()


def test_forms_from_elsewhere_are_refused(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get("/me")
    token = page.form("/me/choose").css_first("input[name=csrf]").attributes["value"]
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ):
        assert browser.client.post("/me/withdraw", data={"csrf": token}, headers=headers).status_code == 403
    for wrong in ("", "x", "é", str(token)[:-1]):
        assert browser.post("/me/withdraw", csrf=wrong).status == 403
    assert browser.post("/me/withdraw").status == 400
    assert browser.client.put("/me/withdraw").status_code == 405
    assert browser.client.post("/me/withdraw", content=b"x" * 5_000_000).status_code == 413
    assert browser.client.post("/me/withdraw", json={"csrf": token}).status_code == 400
    other = world.browser()
    assert other.post("/me/withdraw", csrf=token).status == 403


def test_the_way_back_leads_nowhere_else(world: PortalWorld) -> None:
    browser = world.stranger()
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:x", ""):
        answer = browser.client.post("/language", data={"lang": "de", "back": back}, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
