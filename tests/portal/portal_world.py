"""A portal over a small workplace, and browsers without a screen, which send the forms that the pages show."""

from __future__ import annotations

import html
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from office import Office
from passkey import Authenticator
from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.testclient import TestClient
from workplace import SUBJECT, Workplace

from govern import asking
from govern.portal import app, settings, worker
from policies import loader

ORIGIN = "http://localhost:8321"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WITNESS = "council-1"


@dataclass(slots=True)
class Answer:
    """A page as it came back."""

    status: int
    text: str
    url: str
    headers: Any
    content: bytes

    @property
    def tree(self) -> LexborHTMLParser:
        """The page."""
        return LexborHTMLParser(self.text)

    @property
    def words(self) -> str:
        """What a person reads."""
        main = self.tree.css_first("main")
        return re.sub(r"\s+", " ", main.text(separator=" ")) if main is not None else ""

    def form(self, action: str, nth: int = 0) -> LexborNode:
        """Return a form of the page by where it leads."""
        return self.tree.css(f'form[action="{action}"]')[nth]


@dataclass
class Browser:
    """One person's browser."""

    client: TestClient

    def get(self, path: str) -> Answer:
        """Open a page."""
        return _answer(self.client.get(path))

    def send(self, page: Answer, action: str, nth: int = 0, **fields: Any) -> Answer:
        """Send a form of a page: its hidden fields, and what was filled in (a list for several of a name)."""
        given: dict[str, Any] = {}
        for node in page.form(action, nth).css("input[type=hidden]"):
            given.setdefault(str(node.attributes["name"]), []).append(node.attributes.get("value") or "")
        return self.post(action, **(given | fields))

    def post(self, path: str, **fields: Any) -> Answer:
        """Send a form that no page showed."""
        return _answer(self.client.post(path, data=fields))

    def sign(self, page: Answer, action: str, device: Authenticator, **fields: Any) -> Answer:
        """Do what the page's script does: have the device answer, and send the form with the answer."""
        node = page.form(action)
        options = json.loads(html.unescape(str(node.attributes["data-options"])))
        made = device.create(options) if node.attributes["data-passkey"] == "create" else device.get(options)
        return self.send(page, action, response=json.dumps(made), **fields)


def _answer(response: Any) -> Answer:
    return Answer(response.status_code, response.text, str(response.url), response.headers, response.content)


@dataclass
class PortalWorld:
    """Workspace, officers and papers, and a portal on a clock that the test sets."""

    root: Path
    origin: str = ORIGIN
    now: datetime = START
    office: Office = field(init=False)
    portal: app.Portal = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)

    def begin(self, more: str = "") -> PortalWorld:
        """Make workspace and papers, and open the portal."""
        self.office = Office(Workplace(self.root / "place").write(), self.root)
        assert self.office.init().code == 0
        self.office.papers()
        place = self.office.place
        (self.office.workspace / settings.FILE).write_text(
            f"version: 1\nsources:\n  mail: [{place.mbox}]\n  repo: [{place.repo}]\n  chat: [{place.chat}]\n{more}",
            "utf-8",
        )
        told = settings.load(self.office.workspace, self.origin)
        self.portal = app.Portal(self.office.workspace, told, clock=lambda: self.now, works=False)
        self.first = self._stack.enter_context(self._client())
        return self

    def end(self) -> None:
        """Close the portal."""
        self._stack.close()

    def _client(self) -> TestClient:
        return TestClient(app.create(self.portal), base_url=self.origin, raise_server_exceptions=True)

    def stranger(self) -> Browser:
        """A browser that nobody is signed in with."""
        # The application has begun with the first client; further ones only talk to it.
        client = self._client()
        client.app = self.first.app
        return Browser(client)

    def browser(self, role: str = "employee", who: str = SUBJECT) -> Browser:
        """A browser in which somebody is signed in, by the link and the button."""
        token = self.portal.desk.call(lambda desk: desk.door.link(role, who, self.now))
        browser = self.stranger()
        answer = browser.send(browser.get(f"/enter?t={token}"), "/enter")
        assert answer.status == 200, answer.text
        return browser

    def device(self, seed: str = "phone") -> Authenticator:
        """An authenticator for the portal's page."""
        host = self.origin.removeprefix("http://").partition(":")[0]
        return Authenticator(seed=seed, rp_id=host, origin=self.origin)

    def enrol(self, browser: Browser, device: Authenticator) -> None:
        """Make a passkey on the pages, and have the witness enter it."""
        page = browser.send(browser.get("/me/passkeys"), "/me/passkeys/new", witness=WITNESS)
        page = browser.sign(page, "/me/passkeys/made", device)
        page = browser.sign(page, "/me/passkeys/proved", device)
        assert page.status == 200, page.text
        self.countersign()

    def countersign(self) -> None:
        """Have the witness enter every record that waits for it, by the command."""
        for i, paper in enumerate(self.portal.desk.call(lambda desk: desk.door.papers(WITNESS, self.now))):
            file = self.root / f"{i}.passkey"
            file.write_bytes(paper)
            result = self.office.run(
                *("keys", "passkey", file, "--witness", WITNESS, "--witness-key", self.office.officer(WITNESS)),
                *("--now", self.now.isoformat()),
            )
            assert result.code == 0 or "key_in_use" in result.err, result.err

    def ask(self) -> None:
        """Have the person asked, with the notice; then wait as long as the policy wants them to think."""
        policy = loader.load(self.portal.settings.policy)
        self.portal.desk.call(
            lambda desk: asking.ask(desk.workspace, desk.log, SUBJECT, policy, ["knowledge_transfer"], None, self.now)
        )
        self.later(days=10)

    def work(self) -> int:
        """Do every job that waits, here and now; return how many there were."""
        done = 0
        while worker.step(self.office.workspace, lambda: self.now):
            done += 1
        return done

    def entries(self, kind: str) -> list[bytes]:
        """The entries of a type that stand in the log."""
        mark = f'"type":"{kind}"'.encode()
        return self.portal.desk.call(lambda desk: [data for _, data in desk.log.entries() if mark in data])

    def later(self, **by: float) -> None:
        """Set the clock on."""
        self.now += timedelta(**by)
