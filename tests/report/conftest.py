"""One released skill for all tests of reports, and one browser for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_world import NOW, SUBJECT, Opened, World, chromium, open_file, story


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with a released skill; not to be changed."""
    return story(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def log_key(released: World) -> str:
    """The log's key, as an auditor has it."""
    return (released.workspace / "log.vkey").read_text("ascii").strip()


@pytest.fixture(scope="session")
def skill_page(released: World, log_key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about the skill, made beside its workspace."""
    file = tmp_path_factory.mktemp("page") / "skill.html"
    released.done("audit", "report", "-o", file, released.skill, "--log-key", log_key, *NOW)
    return file


@pytest.fixture(scope="session")
def log_page(released: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about the log, after a withdrawal."""
    root = tmp_path_factory.mktemp("withdrawn")
    world = released.copy(root)
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-05")
    file = root / "log.html"
    world.done("audit", "report", "-o", file, *NOW)
    return file


# Not for the session: its event loop would be in the way of tests that start one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def tab(browser: Any) -> Opened:
    """An empty tab that tests share."""
    return Opened(browser.new_page(), [], [])


@pytest.fixture(scope="module")
def _opened(browser: Any, skill_page: Path) -> Opened:
    return open_file(browser, skill_page).wait()


@pytest.fixture
def opened(_opened: Opened) -> Iterator[Opened]:
    """The report about the skill in a tab that tests share; its evidence is put back."""
    island = _opened.island()
    yield _opened
    assert "0 failed" in _opened.with_island(island).line
