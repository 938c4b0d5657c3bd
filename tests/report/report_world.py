"""A released skill with its workspace, and the report about it opened in a real browser."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from chromium import chromium, open_page
from withdrawal_world import SUBJECT, Memory, World, fake_model

__all__ = ["NOW", "SUBJECT", "Opened", "World", "chromium", "open_file", "story"]

NOW = ("--now", "2026-03-04")
#: What no judge has written yet: whoever waits for an answer waits for this to go.
MARK = "waiting"


def story(root: Path) -> World:
    """Play the story up to a released skill."""
    with fake_model():
        world = World(Memory(root / "place"), root).begin()
        world.sign()
        done = world.extract()
        assert done.code == 0, done.err
        world.release()
    return world


@dataclass
class Opened:
    """A report in a tab.

    Attributes:
        page: The tab.
        asked: Addresses that it asked for.
        said: What it wrote to the console, and its errors.
    """

    page: Any
    asked: list[str]
    said: list[str]

    @property
    def line(self) -> str:
        """What it says of all checks together."""
        return str(self.page.inner_text("#verdict"))

    @property
    def verdicts(self) -> dict[str, str]:
        """The answer to each question."""
        rows = self.page.query_selector_all("[data-check]")
        return {row.get_attribute("data-check"): row.query_selector(".verdict").inner_text() for row in rows}

    def show(self, file: Path) -> Opened:
        """Open another report in this tab."""
        self.page.goto(file.as_uri())
        return self.wait()

    def wait(self) -> Opened:
        """Wait until every question has its answer."""
        # Not a function: its second try would be evaluated in the page, whose policy forbids that.
        self.page.wait_for_selector(f"#verdict[class]:not(:text-is('{MARK}'))")
        return self

    def give_key(self, key: str) -> Opened:
        """Enter the log's key."""
        self.page.evaluate(f"document.getElementById('verdict').textContent = '{MARK}'")
        self.page.fill("#key", key)
        self.page.click("#again")
        return self.wait()

    def island(self) -> str:
        """The evidence as it stands in the page."""
        return str(self.page.evaluate("document.getElementById('evidence').textContent"))

    def with_island(self, text: str) -> Opened:
        """Put other evidence in its place and check again."""
        self.page.evaluate(
            """([text, mark]) => {
                document.getElementById("evidence").textContent = text;
                document.getElementById("verdict").textContent = mark;
                document.getElementById("again").click();
            }""",
            [text, MARK],
        )
        return self.wait()

    def with_evidence(self, change: Any) -> Opened:
        """Change the evidence as a value, write it in its one form, and check again."""
        value = json.loads(self.island())
        change(value)
        return self.with_island(json.dumps(value, separators=(",", ":"), sort_keys=True))


def open_file(browser: Any, file: Path, *, before: str = "", width: int = 1100, dark: bool = False) -> Opened:
    """Open a report as a file, with a script that runs before its own."""
    return Opened(*open_page(browser, file, before=before, width=width, dark=dark))
