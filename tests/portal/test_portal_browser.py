"""The pages in a real browser: by pointer and by keyboard, in three languages, narrow, enlarged, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_browser import chromium, overflows, person, served, violations
from portal_world import WITNESS, PortalWorld
from workplace import SUBJECT


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalWorld]:
    with served(tmp_path_factory.mktemp("portal")) as world:
        yield world


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[PortalWorld]:
    """A portal of its own, for a person who has no passkey yet."""
    with served(tmp_path) as world:
        yield world


def speak(page: Any, lang: str) -> None:
    page.locator(f'footer button[value="{lang}"]').click()
    assert page.locator("html").get_attribute("lang") == lang


def make_passkey(page: Any, world: PortalWorld) -> None:
    page.goto("/me/passkeys")
    page.locator(f'input[name="witness"][value="{WITNESS}"]').check()
    page.locator('form[action="/me/passkeys/new"] button').click()
    page.locator('form[action="/me/passkeys/made"] button[data-sign]').click()
    page.locator('form[action="/me/passkeys/proved"]').wait_for()
    while page.locator('form[action="/me/passkeys/proved"]').count():
        before = page.locator("h1").inner_text()
        page.locator('form[action="/me/passkeys/proved"] button[data-sign]').click()
        page.wait_for_function("before => document.querySelector('h1').innerText !== before", arg=before)
    world.countersign()


@pytest.mark.parametrize("lang", ["en", "de", "zh"])
def test_a_yes_is_signed_and_taken_back(browser: Any, fresh: PortalWorld, lang: str) -> None:
    page = person(browser, fresh, "employee", SUBJECT)
    speak(page, lang)
    make_passkey(page, fresh)
    page.goto("/me")
    page.locator('input[name="source"][value="knowledge_transfer/mail.work"]').check()
    page.locator('input[name="category"][value="procedures"]').check()
    page.locator('form[action="/me/choose"] button').first.click()
    words = page.locator(".words").inner_text()
    assert len(words.split()) == 8
    page.locator("button[data-sign]").click()
    page.wait_for_url("**/me/receipts/*")
    assert words in page.locator("main").inner_text()
    page.goto("/me")
    page.locator('.pair form[action="/me/withdraw"] button').click()
    page.wait_for_url("**/me/receipts/*")
    held = fresh.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).states(SUBJECT, fresh.now))
    assert {state.state for state in held.values()} == {"withdrawn"}
    fresh.later(minutes=1)
    page.context.close()


def pages(page: Any) -> Iterator[str]:
    """Open every kind of page that an employee sees; yield what it is."""
    page.goto("/me")
    yield "consent"
    page.goto("/me/passkeys")
    yield "passkeys"
    page.locator('input[name="witness"]').first.check()
    page.locator('form[action="/me/passkeys/new"] button').click()
    yield "make a passkey"
    page.goto("/me")
    page.locator('form[action="/me/choose"] button').first.click()
    yield "nothing ticked"
    page.goto("/me/nowhere")
    yield "no such page"


@pytest.mark.parametrize(("width", "lang"), [(1280, "en"), (320, "de"), (320, "zh")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Any, place: PortalWorld, width: int, lang: str
) -> None:
    # 320 px is what a window of 1280 px has left at 400 % (WCAG 1.4.10).
    page = person(browser, place, "employee", SUBJECT, viewport={"width": width, "height": 800})
    speak(page, lang)
    for name in pages(page):
        assert violations(page) == [], name
        assert not overflows(page), name
    page.context.close()


def test_every_target_is_large_enough(browser: Any, place: PortalWorld) -> None:
    page = person(browser, place, "employee", SUBJECT, viewport={"width": 320, "height": 800})
    for name in pages(page):
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, .button, label, select, input[type=date], nav a")]
                .filter(e => e.offsetParent && !e.closest("summary") && e.getBoundingClientRect().height < 44
                    && !e.classList.contains("block"))
                .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert small == [], name
    page.context.close()


def test_without_scripts_everything_but_signing_works(browser: Any, place: PortalWorld) -> None:
    context = browser.new_context(base_url=place.origin, java_script_enabled=False)
    page = context.new_page()
    token = place.portal.desk.call(lambda desk: desk.door.link("employee", SUBJECT, place.now))
    page.goto(f"/enter?t={token}")
    page.locator('form[action="/enter"] button').click()
    page.locator('.pair form[action="/me/withdraw"] button').click()
    assert "/me/receipts/" in page.url
    page.goto("/me/passkeys")
    page.locator('input[name="witness"]').first.check()
    page.locator('form[action="/me/passkeys/new"] button').click()
    assert "needs scripts" in page.locator("main").inner_text()
    assert page.locator("button[data-sign]").is_disabled()
    context.close()


def test_by_keyboard_alone(browser: Any, fresh: PortalWorld) -> None:
    page = person(browser, fresh, "employee", SUBJECT)
    make_passkey(page, fresh)
    page.goto("/me")
    reached = []
    for _ in range(120):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "() => { const e = document.activeElement; return [e.tagName, e.name || '', e.value || '', e.className] }"
        )
        if at[1] == "source" and at[2] == "self_assist/mail.work":
            page.keyboard.press("Space")
        if at[1] == "category" and at[2] == "procedures":
            page.keyboard.press("Space")
        reached.append(at)
        if at[0] == "BUTTON" and page.evaluate("document.activeElement.closest('form').action").endswith("/me/choose"):
            page.keyboard.press("Enter")
            break
    assert reached[0][3] == "skip"
    page.locator("button[data-sign]").wait_for()
    page.locator("button[data-sign]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/receipts/*")
    held = fresh.portal.desk.call(lambda desk: desk.workspace.ledger(desk.log).state(SUBJECT, "self_assist", fresh.now))
    assert held.live
    page.context.close()


def test_nothing_is_loaded_from_elsewhere(browser: Any, place: PortalWorld) -> None:
    page = person(browser, place, "employee", SUBJECT)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    for _ in pages(page):
        pass
    assert asked
    assert all(url.startswith(place.origin + "/") for url in asked)
    assert [text for text in problems if "Content Security Policy" in text] == []
    page.context.close()
