"""A real browser on a portal that is really served: tabs, an authenticator that verifies its user, axe, pictures."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from portal_world import PortalWorld

from govern.portal import app

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def free_port() -> int:
    """Return a port of the loopback on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(root: Path) -> Iterator[PortalWorld]:
    """A portal that answers on the loopback, under the name for which browsers make passkeys without TLS."""
    port = free_port()
    world = PortalWorld(root, origin=f"http://localhost:{port}").begin()
    config = uvicorn.Config(
        app.create(world.portal), host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield world
    finally:
        server.should_exit = True
        thread.join()
        world.end()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def person(browser: Any, world: PortalWorld, role: str, who: str, tab: Any = None, **options: Any) -> Any:
    """A signed-in tab of somebody, with an authenticator of their own; with `tab`, signed in there anew."""
    page = tab
    if page is None:
        context = browser.new_context(base_url=world.origin, **options)
        page = context.new_page()
        protocol = context.new_cdp_session(page)
        protocol.send("WebAuthn.enable")
        protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    token = world.portal.desk.call(lambda desk: desk.door.link(role, who, world.now))
    page.goto(f"/enter?t={token}")
    page.locator('form[action="/enter"] button').click()
    return page


def violations(page: Any) -> list[str]:
    """What axe finds wrong with a page: rule and places."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]


def overflows(page: Any) -> bool:
    """Whether a page is wider than its window, so that it would scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
