"""The entrance: sign in by a one-time link, choose a language, sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from govern.errors import RefusedError
from govern.portal.door import TooManyTriesError
from govern.portal.pages.registry import Pages
from govern.portal.shield import is_own_path
from govern.portal.texts import LANGUAGES
from govern.portal.visit import HOMES

if TYPE_CHECKING:
    from govern.portal.visit import Visit

PAGES = Pages()
SESSION_COOKIE = "govern"


def cookie_name(secure: bool) -> str:
    """Return the name of the session's cookie; with TLS, one that no other host and no plain page can set."""
    return f"__Host-{SESSION_COOKIE}" if secure else SESSION_COOKIE


def admit(visit: Visit, value: str, path: str) -> Response:
    """Return the answer that begins a session."""
    return keep(visit, visit.go(path), value)


def keep(visit: Visit, answer: Response, value: str) -> Response:
    """Have an answer hand the browser the cookie of its session, and return it."""
    secure = visit.settings.secure
    answer.set_cookie(cookie_name(secure), value, path="/", secure=secure, httponly=True, samesite="strict")
    return answer


@PAGES.get("/")
def start(visit: Visit) -> Response:
    """Show the way in, or the home of whoever is in."""
    if visit.session is not None:
        return visit.go(HOMES[visit.session.role])
    return visit.render("start.html", token="", problem="")


@PAGES.get("/enter")
def enter(visit: Visit) -> Response:
    """Show a button: a link alone signs nobody in, because programs that scan mail open every link."""
    return visit.render("start.html", token=visit.query.get("t", "")[:100], problem="")


@PAGES.post("/enter")
def entered(visit: Visit) -> Response:
    """Use the link up and begin a session."""
    try:
        session, value = visit.desk.door.enter(visit.one("t")[:100], visit.source, visit.now)
    except TooManyTriesError:
        return visit.render("start.html", 429, token="", problem=visit.t("common.too_many_tries"))
    except RefusedError:
        return visit.render("start.html", 403, token="", problem=visit.t("common.bad_link"))
    return admit(visit, value, HOMES[session.role])


@PAGES.post("/leave", *HOMES)
def leave(visit: Visit) -> Response:
    """End the session."""
    visit.desk.door.leave(visit.me)
    answer = visit.go("/")
    answer.delete_cookie(cookie_name(visit.settings.secure), secure=visit.settings.secure, samesite="strict")
    return answer


@PAGES.post("/language")
def language(visit: Visit) -> Response:
    """Choose a language; the way back is one of our own paths or the home."""
    lang = visit.one("lang")
    back = visit.one("back", "/")
    answer = visit.go(back if is_own_path(back) else "/")
    if lang in LANGUAGES:
        if visit.session is not None:
            visit.desk.door.speak(visit.session, lang)
        answer.set_cookie("lang", lang, path="/", secure=visit.settings.secure, httponly=True, samesite="strict")
    return answer
