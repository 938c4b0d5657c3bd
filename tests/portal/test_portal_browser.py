"""The pages in a real browser: by pointer and by keyboard, in three languages, narrow, enlarged, without scripts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_browser import chromium, overflows, person, served, violations
from portal_world import WITNESS, PortalWorld
from workplace import SUBJECT

from govern.portal.pages.hr import SLOT


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalWorld]:
    with served(tmp_path_factory.mktemp("portal")) as world:
        yield world


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go: a folder of the user's choice, to look at them, else one that is thrown away."""
    chosen = os.environ.get("GOVERN_PICTURES")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[PortalWorld]:
    """A portal of its own, for a person who has no passkey yet."""
    with served(tmp_path) as world:
        yield world


def speak(page: Any, lang: str) -> None:
    page.locator(f'footer button[value="{lang}"]').click()
    assert page.locator("html").get_attribute("lang") == lang


def equip_council(page: Any, world: PortalWorld) -> None:
    """Make the works council's passkey on the page, and sign its record with the key file, once."""
    page.goto("/office")
    page.locator('form[action="/office/passkeys/new"] button').click()
    page.locator('form[action="/office/passkeys/made"] button[data-sign]').click()
    page.locator('form[action="/office/passkeys/proved"] button[data-sign]').click()
    page.wait_for_url("**/office")
    with page.expect_download() as download:
        page.locator('main a[href^="/office/passkeys/"]').click()
    file = world.root / "council.passkey"
    download.value.save_as(file)
    done = world.office.run(
        *("role", "passkey", file, "--key", world.office.officer(WITNESS), "--now", world.now.isoformat())
    )
    assert done.code == 0, done.err


def make_passkey(page: Any, world: PortalWorld, council: Any = None, shown: Any = None) -> None:
    """Make a person's passkey; it is witnessed by the command, or on the pages of the works council."""
    page.goto("/me/passkeys")
    page.locator(f'input[name="witness"][value="{WITNESS}"]').check()
    page.locator('form[action="/me/passkeys/new"] button').click()
    page.locator('form[action="/me/passkeys/made"] button[data-sign]').click()
    page.locator('form[action="/me/passkeys/proved"] button[data-sign]').click()
    page.locator('main a[href="/me/passkeys"]').wait_for()
    if council is None:
        world.countersign()
        return
    words = page.locator(".words").inner_text()
    council.goto("/council")
    shown(council, "council")
    council.locator('form[action="/witness"] button').click()
    assert council.locator(".words").inner_text() == words
    shown(council, "witness")
    council.locator("button[data-sign]").click()
    council.wait_for_url("**/office")


def decide_all(page: Any) -> None:
    """Let every statement of the open draft stand, but for the first, which is struck."""
    ids = [section.get_attribute("id") for section in page.locator("section.claim").all()]
    for done, name in enumerate(ids, 1):
        page.locator(f'#{name} button[value="{"struck" if done == 1 else "accepted"}"]').click()
        # The page came back with one more decided.
        page.locator(f'progress[value="{done}"]').wait_for()


@pytest.mark.parametrize("lang", ["en", "de", "zh"])
def test_enrol_look_sign_run_review_release_withdraw_refused(
    browser: Any, fresh: PortalWorld, lang: str, pictures: Path
) -> None:
    world = fresh
    world.ask()
    page, hr = person(browser, world, "employee", SUBJECT), person(browser, world, "hr", "hr-1")
    council = person(browser, world, "works_council", WITNESS)

    def shown(tab: Any, name: str) -> None:
        assert violations(tab) == [], name
        tab.screenshot(path=str(pictures / f"{lang}-{name}.png"), full_page=True)
        # What a window of 1280 px has left at 400 % (WCAG 1.4.10).
        wide = tab.viewport_size
        tab.set_viewport_size({"width": 320, "height": 800})
        assert not overflows(tab), name
        tab.set_viewport_size(wide)

    for tab in (page, hr, council):
        speak(tab, lang)
    equip_council(council, world)
    make_passkey(page, world, council, shown)
    document = world.root / "agreement.txt"
    document.write_text("An agreement, of which the log holds the digest.\n", "utf-8")
    council.goto("/office/sign/collective_agreement")
    shown(council, "paper")
    council.locator("#document").set_input_files(document)
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    council.locator(f'[data-digest-said]:text-is("{digest}")').wait_for()
    council.locator('form[action="/office/sign/collective_agreement"] button').click()
    assert digest in council.locator("main").inner_text()
    shown(council, "sign-paper")
    council.locator("button[data-sign]").click()
    council.wait_for_url("**/office")
    shown(council, "office")
    page.goto("/me/passkeys")
    shown(page, "passkeys")

    page.goto("/me/preview")
    page.locator('form[action="/me/preview"] button').click()
    shown(page, "waiting")
    assert world.work() == 1
    # The page follows the job by itself.
    page.locator("[data-job]").wait_for(state="detached")
    assert page.locator("[data-said]").inner_text() == page.locator("h1").inner_text()
    assert page.locator("tbody tr").count() > 10
    shown(page, "preview")

    page.goto("/me")
    shown(page, "consent")
    for source in ("mail.work", "vcs.commit", "chat.public_channel"):
        page.locator(f'input[name="source"][value="knowledge_transfer/{source}"]').check()
    for box in page.locator('input[name="category"]').all():
        box.check()
    page.locator('form[action="/me/choose"] button').first.click()
    words = page.locator(".words").inner_text()
    assert len(words.split()) == 8
    shown(page, "sign")
    page.locator("button[data-sign]").click()
    page.wait_for_url("**/me/receipts/*")
    assert words in page.locator("main").inner_text()
    shown(page, "receipt")

    def run() -> None:
        hr.goto("/hr")
        hr.locator("#run-subject").select_option(SUBJECT)
        hr.locator("#run-purpose").select_option("knowledge_transfer")
        hr.locator('button[name="kind"][value="run"]').click()
        assert world.work() == 1
        world.now += SLOT
        hr.locator("[data-job]").wait_for(state="detached")

    # The cooling-off has not passed: the run is refused, and nothing tells why the consent is not in force.
    run()
    shown(hr, "hr-refused")
    world.later(days=8)
    page, hr = person(browser, world, "employee", SUBJECT, page), person(browser, world, "hr", "hr-1", hr)
    run()
    assert hr.locator("dd").count() >= 6
    shown(hr, "hr-run")
    hr.goto("/hr")
    shown(hr, "hr")

    page.goto("/me/drafts")
    page.locator('main a[href^="/me/drafts/"]').first.click()
    shown(page, "draft")
    decide_all(page)
    page.locator('form[action$="/release"] button').click()
    shown(page, "release")
    page.locator("button[data-sign]").click()
    page.wait_for_url("**/me/drafts")
    assert page.locator('a[href$="/file"]').count() == 1
    shown(page, "released")

    for path in ("/me/taken", "/me/history", "/me/everything", "/policy"):
        page.goto(path)
        shown(page, path.rpartition("/")[2])

    page.goto("/me")
    page.locator('.pair form[action="/me/withdraw"] button').click()
    page.wait_for_url("**/me/receipts/*")
    shown(page, "withdrawn")
    assert world.work() == 1
    page.goto("/me/drafts")
    assert page.locator('a[href$="/file"]').count() == 0
    run()
    assert hr.locator("code").first.inner_text() == "subject.consent_valid"
    shown(hr, "refused")


def test_the_pages_of_the_others(browser: Any, place: PortalWorld, pictures: Path) -> None:
    enrolled = place.office.run(
        *("role", "enroll", "--holder", "audit-1", "--role", "auditor", "--out", place.root / "audit.key"),
        *("--witness", "dpo-1", "--witness-key", place.office.officer("dpo-1"), "--now", place.now.isoformat()),
    )
    assert enrolled.code == 0, enrolled.err
    for width in (1280, 320):
        for role, who, paths in (
            ("works_council", "council-1", ["/council", "/policy"]),
            ("dpo", "dpo-1", ["/dpo"]),
            ("auditor", "audit-1", ["/auditor", "/auditor/entries/5"]),
            ("bystander", "somebody@else.example", ["/bystander"]),
            ("hr", "hr-1", ["/hr"]),
        ):
            tab = person(browser, place, role, who, viewport={"width": width, "height": 800})
            for path in paths:
                tab.goto(path)
                assert violations(tab) == [], path
                assert not overflows(tab), path
                tab.screenshot(path=str(pictures / f"{width}{path.replace('/', '-')}.png"), full_page=True)
            tab.context.close()


def pages(page: Any) -> Iterator[str]:
    """Open every kind of page that an employee sees; yield what it is, once its style is there."""

    def told(name: str) -> str:
        page.wait_for_load_state("load")
        return name

    page.goto("/me")
    yield told("consent")
    page.goto("/me/passkeys")
    yield told("passkeys")
    page.locator('input[name="witness"]').first.check()
    page.locator('form[action="/me/passkeys/new"] button').click()
    page.locator("button[data-sign]").wait_for()
    yield told("make a passkey")
    page.goto("/me")
    page.locator('form[action="/me/choose"] button').first.click()
    page.locator(".said").wait_for()
    yield told("nothing ticked")
    page.goto("/me/nowhere")
    yield told("no such page")


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
