"""Arrival by the organisation's provider: from the button to the provider, and back as somebody the workspace knows.

The network is asked here, never at the desk.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from extract.personkeys import mail_key
from govern.portal.oidc import ClaimsError, Flow, Provider, ProviderError
from govern.portal.pages import entrance
from govern.portal.shield import TooLongError
from govern.portal.visit import HOMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from govern.portal.app import Portal
    from govern.portal.door import Session
    from govern.portal.settings import Oidc
    from govern.portal.visit import Visit

_LOG = logging.getLogger("govern.portal")
BEGIN = "/oidc"
BACK = "/oidc/back"
LASTS = timedelta(minutes=10)
MAX_WAITING = 20_000
"""Sign-ins that may be under way at a time, half a kilobyte each; the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    flow: Flow
    for_office: bool
    until: datetime


@dataclass(slots=True)
class _Flows:
    """The sign-ins under way, by the digest of the browser's cookie; each is taken once."""

    _held: dict[bytes, _Waiting] = field(default_factory=dict)

    def keep(self, waiting: _Waiting) -> str:
        """Keep a flow; return the value of its cookie."""
        while len(self._held) >= MAX_WAITING:
            del self._held[next(iter(self._held))]
        value = secrets.token_urlsafe(32)
        self._held[_digest(value)] = waiting
        return value

    def take(self, value: str, now: datetime) -> _Waiting | None:
        """Return the flow of a cookie, once, and not for ever."""
        found = self._held.pop(_digest(value), None)
        return found if found is not None and found.until > now else None


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


def cookie_name(secure: bool) -> str:
    """Return the name of the cookie that binds a sign-in to its browser."""
    return "__Host-govern-oidc" if secure else "govern-oidc"


def routes(portal: Portal, visit_of: Callable[..., Visit]) -> list[Route]:
    """Return the two addresses of the sign-in; none where no provider is set."""
    told = portal.settings.oidc
    if told is None:
        return []
    provider = Provider(told, portal.settings.origin + BACK)
    flows = _Flows()
    cookie = cookie_name(portal.settings.secure)

    async def begin(request: Request) -> Response:
        try:
            form = parse_qs((await request.body())[:1000].decode("ascii", "replace"), max_num_fields=10)
        except (TooLongError, ValueError):
            return PlainTextResponse("this is no form of the portal\n", 400)
        flow = Flow.new()
        try:
            place = await provider.address(flow)
        except ProviderError:
            return await said(request, "oidc.provider_silent", 424, "provider")
        for_office = form.get("as") == ["office"]
        value = flows.keep(_Waiting(flow, for_office, portal.clock() + LASTS))
        # A page and not a redirect: a browser holds a form to its own site, redirects included (CSP form-action).
        answer: Response = await portal.desk.run(
            lambda desk: visit_of(portal, desk, request, {}).render("oidc_go.html", to=place, is_back=False)
        )
        # Lax: it has to come along when the provider sends the browser back. It signs nobody in.
        answer.set_cookie(
            cookie,
            value,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=portal.settings.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def back(request: Request) -> Response:
        now = portal.clock()
        waiting = flows.take(request.cookies.get(cookie, ""), now)
        if waiting is None:
            return await said(request, "oidc.begin_again", 403, "no_flow")
        try:
            name = await provider.name(waiting.flow, dict(request.query_params), now)
        except ClaimsError as error:
            return await said(request, "oidc.not_believed", 403, error.code)
        except ProviderError:
            return await said(request, "oidc.provider_silent", 424, "provider")
        answer = await portal.desk.run(
            lambda desk: _admitted(visit_of(portal, desk, request, {}), told, name, waiting.for_office)
        )
        if answer is None:
            text = "oidc.no_office" if waiting.for_office else "oidc.not_known"
            return await said(request, text, 403, "nobody")
        return _without(answer)

    async def said(request: Request, text: str, status: int, code: str) -> Response:
        _LOG.info("sign-in refused", extra={"fields": {"why": code}})

        def page(desk: object) -> Response:
            visit = visit_of(portal, desk, request, {})
            return visit.render("start.html", status, token="", problem=visit.t(text))

        return _without(await portal.desk.run(page))

    def _without(answer: Response) -> Response:
        answer.delete_cookie(cookie, secure=portal.settings.secure, httponly=True, samesite="lax")
        return answer

    return [Route(BEGIN, begin, methods=["POST"]), Route(BACK, back, methods=["GET"])]


def _admitted(visit: Visit, told: Oidc, name: str, for_office: bool) -> Response | None:
    """Return the answer that begins a session, or None where the workspace does not know the person."""
    who = _office(visit, told, name) if for_office else _employee(visit, name)
    if who is None:
        return None
    role, ident = who
    session, value = visit.desk.door.admit(role, ident, visit.now)
    return _home(visit, session, value)


def _employee(visit: Visit, name: str) -> tuple[str, str] | None:
    key = mail_key(name)
    pid = visit.workspace.identities().resolve(key) if key else None
    return ("employee", pid) if pid is not None else None


def _office(visit: Visit, told: Oidc, name: str) -> tuple[str, str] | None:
    holder = told.officers.get(name)
    if holder is None and (key := mail_key(name)):
        holder = next((each for value, each in told.officers.items() if mail_key(value) == key), None)
    officer = visit.ledger.officer(holder) if holder is not None else None
    return (officer.role, officer.holder) if officer is not None and officer.role in HOMES else None


def _home(visit: Visit, session: Session, value: str) -> Response:
    # A page and not a redirect: the browser came from another site, and would not bring a strict cookie along.
    return entrance.keep(visit, visit.render("oidc_go.html", to=HOMES[session.role], is_back=True), value)
