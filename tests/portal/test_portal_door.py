"""Sign-in: links work once and not for ever, sessions are new each time, roles are asked again at each request."""

from __future__ import annotations

from portal_world import PortalWorld

from govern.portal.door import MAX_TRIES


def link(world: PortalWorld, role: str = "employee", who: str = "p-7d3kq2ma") -> str:
    return world.portal.desk.call(lambda desk: desk.door.link(role, who, world.now))


def test_a_link_works_once_and_only_by_the_button(world: PortalWorld) -> None:
    token, first, second = link(world), world.stranger(), world.stranger()
    page = first.get(f"/enter?t={token}")
    assert first.get("/me").status == 401  # opening it, as a mail scanner does, signs nobody in
    assert first.send(page, "/enter").status == 200
    assert second.send(page, "/enter").status == 403
    assert second.get("/me/passkeys").status == 401
    assert first.get("/me/passkeys").status == 200


def test_a_link_runs_out(world: PortalWorld) -> None:
    token, browser = link(world), world.stranger()
    world.later(hours=24)
    assert browser.send(browser.get(f"/enter?t={token}"), "/enter").status == 403


def test_wrong_links_are_limited(world: PortalWorld) -> None:
    token, browser = link(world), world.stranger()
    for _ in range(MAX_TRIES):
        assert browser.post("/enter", t="guess").status == 403
    assert browser.post("/enter", t=token).status == 429
    world.later(minutes=11)
    assert browser.post("/enter", t=token).status == 200


def test_a_session_ends_by_sign_out_by_idling_and_by_age(world: PortalWorld) -> None:
    browser = world.browser()
    browser.send(browser.get("/me/passkeys"), "/leave")
    assert browser.get("/me/passkeys").status == 401
    browser = world.browser()
    world.later(minutes=31)
    assert browser.get("/me/passkeys").status == 401
    browser = world.browser()
    for _ in range(24):
        world.later(minutes=20)
        last = browser.get("/me/passkeys").status
    assert last == 401


def test_a_cookie_that_the_browser_came_with_is_worth_nothing(world: PortalWorld) -> None:
    browser = world.stranger()
    browser.client.cookies.set("govern", "chosen-by-somebody-else", domain="localhost", path="/")
    token = link(world)
    page = browser.get(f"/enter?t={token}")
    browser.send(page, "/enter")
    values = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == "govern"]
    assert "chosen-by-somebody-else" not in values[-1:]
    assert world.portal.desk.call(lambda desk: desk.door.session("chosen-by-somebody-else", world.now)) is None


def test_whoever_is_signed_in_can_come_in_as_somebody_else(world: PortalWorld) -> None:
    browser = world.browser()
    page = browser.get(f"/enter?t={link(world, 'hr', 'hr-1')}")
    assert browser.send(page, "/enter").url.endswith("/hr")
    assert browser.get("/me").status == 404


def test_a_role_that_ended_ends_the_session(world: PortalWorld) -> None:
    browser = world.browser("hr", "hr-1")
    assert browser.get("/").url.endswith("/hr")
    assert world.office.run("role", "end", "--holder", "hr-1", "--now", world.now.isoformat()).code == 0
    assert browser.get("/hr").status in (401, 404)
    assert "Sign out" not in browser.get("/").text
