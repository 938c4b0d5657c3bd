"""Sign-in by the organisation's provider: only its own, fresh, signed word about this browser's sign-in counts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import identity_provider
import pytest
from identity_provider import Provider
from portal_browser import free_port
from portal_world import Answer, Browser, PortalWorld

MAIL = {"email": "tove.lindqvist@harbour.example", "email_verified": True}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider.running() as made:
        made.claims = dict(MAIL)
        yield made


@pytest.fixture
def world(tmp_path: Path, provider: Provider) -> Iterator[PortalWorld]:
    secret = tmp_path / "secret"
    secret.write_text("secret\n", "utf-8")
    made = PortalWorld(tmp_path, now=datetime.now(UTC).replace(microsecond=0)).begin(
        f"oidc:\n  issuer: {provider.issuer}\n  client_id: portal\n  client_secret_file: {secret}\n"
        "  officers:\n    HR@harbour.example: hr-1\n"
    )
    yield made
    made.end()


def begun(browser: Browser, provider: Provider, as_: str = "person") -> tuple[str, str]:
    page = browser.post("/oidc", **{"as": as_})
    assert page.status == 200, page.words
    code = provider.authorize(str(page.tree.css_first("main a").attributes["href"]))
    return code, provider.asked[code]["state"]


def arrive(world: PortalWorld, provider: Provider, as_: str = "person") -> tuple[Browser, Answer]:
    browser = world.stranger()
    code, state = begun(browser, provider, as_)
    return browser, browser.get(f"/oidc/back?code={code}&state={state}")


def test_a_person_of_the_people_file_comes_in(world: PortalWorld, provider: Provider) -> None:
    browser, page = arrive(world, provider)
    assert page.status == 200
    assert page.tree.css_first("main a").attributes["href"] == "/me"
    cookie = next(c for c in page.headers.get_list("set-cookie") if c.startswith("govern="))
    assert "SameSite=strict" in cookie
    assert "HttpOnly" in cookie
    assert browser.get("/me").status == 200


def test_an_officer_comes_in_only_for_the_office(world: PortalWorld, provider: Provider) -> None:
    provider.claims = {"email": "hr@harbour.example", "email_verified": True}
    assert arrive(world, provider)[1].status == 403
    assert arrive(world, provider, "office")[1].tree.css_first("main a").attributes["href"] == "/hr"
    provider.claims = dict(MAIL)
    assert arrive(world, provider, "office")[1].status == 403


WRONG: dict[str, Callable[[Provider], Any]] = {
    "nonce": lambda p: p.claims.update(nonce="another"),
    "no nonce": lambda p: p.claims.update(nonce=None),
    "issuer": lambda p: p.claims.update(iss="https://other.example"),
    "audience": lambda p: p.claims.update(aud="another-client"),
    "expired": lambda p: p.claims.update(exp=int(time.time()) - 600),
    "no address": lambda p: p.claims.update(email=None),
    "unverified address": lambda p: p.claims.update(email_verified=False),
    "verified as text": lambda p: p.claims.update(email_verified="true"),
    "nobody known": lambda p: p.claims.update(email="nobody@harbour.example"),
    "alg none": lambda p: setattr(p, "sign", identity_provider.unsigned),
    "shared secret": lambda p: setattr(p, "sign", identity_provider.signed_with_the_public_key),
    "another key": lambda p: setattr(p, "sign", identity_provider.signed_by_another),
}


@pytest.mark.parametrize("defect", WRONG)
def test_a_wrong_word_signs_nobody_in(world: PortalWorld, provider: Provider, defect: str) -> None:
    WRONG[defect](provider)
    browser, page = arrive(world, provider)
    assert page.status == 403
    assert browser.get("/me").status == 401


def test_an_answer_counts_once_and_in_its_own_browser(world: PortalWorld, provider: Provider) -> None:
    first, other = world.stranger(), world.stranger()
    code, state = begun(first, provider)
    assert other.get(f"/oidc/back?code={code}&state={state}").status == 403  # another browser: no cookie
    assert first.get(f"/oidc/back?code={code}&state={state}").status == 200
    assert first.get(f"/oidc/back?code={code}&state={state}").status == 403
    code, _ = begun(other, provider)
    assert other.get(f"/oidc/back?code={code}&state=guess").status == 403
    assert other.get("/me").status == 401


def test_a_sign_in_runs_out_and_a_chosen_cookie_is_worth_nothing(world: PortalWorld, provider: Provider) -> None:
    browser = world.stranger()
    browser.client.cookies.set("govern", "chosen", domain="localhost", path="/")
    code, state = begun(browser, provider)
    world.later(minutes=11)
    assert browser.get(f"/oidc/back?code={code}&state={state}").status == 403
    _, page = arrive(world, provider)
    assert "chosen" not in str(page.headers)


def test_nothing_in_the_address_says_where_to_go(world: PortalWorld, provider: Provider) -> None:
    browser = world.stranger()
    code, state = begun(browser, provider)
    page = browser.get(f"/oidc/back?code={code}&state={state}&next=https://evil.example&to=//evil.example")
    assert page.status == 200
    assert "evil" not in page.text


def test_a_silent_provider_is_a_page_and_it_recovers(world: PortalWorld, provider: Provider) -> None:
    provider.status = 500
    assert world.stranger().post("/oidc").status == 424
    provider.status = 200
    assert arrive(world, provider)[1].status == 200


def test_somebody_elses_provider_signs_people_in(tmp_path: Path) -> None:
    """A provider that none of us wrote, as a process: from its discovery to the person's page."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    users = [
        {"sub": "tove", **MAIL},
        {"sub": "mallory", "email": MAIL["email"], "email_verified": False},
        {"sub": "stranger", "email": "somebody@else.example", "email_verified": True},
    ]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "localhost"]
    command += ["--require-nonce", "true", *(part for user in users for part in ("--user-claims", json.dumps(user)))]
    secret = tmp_path / "secret"
    secret.write_text("secret\n", "utf-8")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        world = None
        try:
            for _ in range(200):
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{issuer}/.well-known/openid-configuration").status_code == 200:
                        break
                time.sleep(0.1)
            world = PortalWorld(tmp_path, now=datetime.now(UTC).replace(microsecond=0)).begin(
                f"oidc:\n  issuer: {issuer}\n  client_id: portal\n  client_secret_file: {secret}\n"
            )
            for user, status in (("tove", 200), ("mallory", 403), ("stranger", 403)):
                browser = world.stranger()
                page = browser.post("/oidc", **{"as": "person"})
                asked = str(page.tree.css_first("main a").attributes["href"])
                sent = httpx.post(asked, data={"sub": user})
                assert sent.status_code in (302, 303), sent.text
                back = sent.headers["location"]
                assert back.startswith(f"{world.origin}/oidc/back?")
                assert browser.get(back.removeprefix(world.origin)).status == status, user
                assert browser.get("/me").status == (200 if status == 200 else 401)
        finally:
            if world is not None:
                world.end()
            process.terminate()
