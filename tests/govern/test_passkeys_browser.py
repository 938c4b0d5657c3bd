"""The ceremonies in a real browser: what its virtual authenticator returns is enrolled, signed and verified."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from release_world import PURPOSE, SUBJECT, World, key_of

from attest import dsse, enrolment, keys, webauthn
from attest.errors import SignatureError
from consent import build, notice
from govern import passkeys, withdrawing
from govern.passkeys import Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
CREATE = """async options => (await navigator.credentials.create(
    {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON()"""
GET = """async options => (await navigator.credentials.get(
    {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON()"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        data = b"<!doctype html><html lang=en><title>Consent</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    """A page on the loopback, under the one name for which browsers allow passkeys without TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def tab(origin: str) -> Iterator[Any]:
    """A tab on that page, in a browser with an authenticator that verifies its user."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page()
            page.goto(origin)
            protocol = page.context.new_cdp_session(page)
            protocol.send("WebAuthn.enable")
            options = {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
            made = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            page.verify_user = lambda yes: protocol.send(
                "WebAuthn.setUserVerified",
                {"authenticatorId": made["authenticatorId"], "isUserVerified": yes},
            )
            yield page
        finally:
            browser.close()


def test_a_person_enrols_agrees_and_withdraws_in_a_browser(tab: Any, origin: str, tmp_path: Path) -> None:
    world = World(tmp_path).begin()
    world.add("role.enrolled", enrolment.role_body("wc-1", "works_council", key_of("wc-1"), world.now))
    site = Page("localhost", origin, "Harbour Works")

    creation = passkeys.begin_creation(site, world.workspace.ledger(world.log), SUBJECT)
    response = tab.evaluate(CREATE, creation.options)
    said = passkeys.finish_creation(creation, response, world.workspace.ledger(world.log), "wc-1", world.now)
    own = passkeys.begin_enrolment(said)
    signatures = [own.finish(tab.evaluate(GET, own.options))]
    signatures += [passkeys.countersign(said, keys.key_id(key_of(w)), key_of(w)) for w in ("wc-1", "tove")]
    passkeys.enrol(world.log, said, signatures, world.now)

    world.later(hours=1)
    ledger = world.workspace.ledger(world.log)
    held = ledger.state(SUBJECT, PURPOSE, world.now).record
    assert held is not None
    renewed = build.renewed(
        held,
        [PURPOSE],
        terms=build.Terms(notice.load(), world.policy, held.processing.model_sha256, jurisdictions=("DE",)),
        material_until=world.now.date(),
        now=world.now,
        record_id="01234567-89ab-cdef-0123-456789abcdef",
        nonce="0" * 32,
    )
    record, signing = passkeys.begin_signing(ledger, renewed, site)
    answer = tab.evaluate(GET, signing.options)
    passkeys.finish_signing(world.workspace, world.log, record, signing, answer, world.policy, world.now)
    state = world.workspace.ledger(world.log).state(SUBJECT, PURPOSE, world.now)
    assert (state.state, state.record) == ("renewed", record)

    # The very answer of the browser, pinned to another page, or over another record, counts for nothing.
    assertion = webauthn.parse_assertion(signing.finish(answer))
    message = dsse.pae(signing.payload_type, signing.payload)
    pinned = said.passkey
    webauthn.verify(pinned, message, assertion)
    elsewhere = webauthn.Passkey(pinned.alg, pinned.public, pinned.rp_id, origin + "0")
    for key, signed in ((elsewhere, message), (pinned, message + b".")):
        with pytest.raises(SignatureError):
            webauthn.verify(key, signed, assertion)

    world.later(hours=1)
    begun = passkeys.begin_withdrawal(world.workspace.ledger(world.log), SUBJECT, [PURPOSE], site, world.now)
    assert begun is not None
    answer = tab.evaluate(GET, begun[1].options)
    _, is_signed = withdrawing.withdraw(
        world.workspace,
        world.log,
        SUBJECT,
        world.now,
        channel="portal",
        purposes=[PURPOSE],
        signed=(*begun, answer),
    )
    assert is_signed
    assert world.workspace.ledger(world.log).state(SUBJECT, PURPOSE, world.now).state == "withdrawn"


def test_an_authenticator_that_does_not_verify_its_user_makes_nothing(tab: Any, origin: str, tmp_path: Path) -> None:
    world = World(tmp_path).begin()
    tab.verify_user(False)
    creation = passkeys.begin_creation(
        Page("localhost", origin, "Harbour Works"), world.workspace.ledger(world.log), SUBJECT
    )
    said = tab.evaluate(f"options => ({CREATE})(options).catch(error => error.name)", creation.options)
    assert said == "NotAllowedError"
