"""The shield: what every request has to be and every answer carries, before any page is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from govern.portal.settings import Settings

MAX_BODY = 4 * 1024 * 1024
"""Longest body of any request, bytes; a page allows less."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)",
    "Cache-Control": "no-store",
}
HSTS = "max-age=63072000; includeSubDomains"


class Shield:
    """Refuses requests that are for another host, from another site, or too long; sets the headers of every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._settings.secure:
                    headers["Strict-Transport-Security"] = HSTS
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if scope["path"] == "/health":
            # Asked by a supervisor, under whatever name it knows the machine.
            return None
        if headers.get("host", "") != self._settings.netloc:
            return PlainTextResponse("this host is not served here\n", 421)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("this method is not allowed\n", 405, {"Allow": "GET, HEAD, POST"})
        if scope["method"] == "POST":
            # Where a browser says how far the sender is, that counts: without referrers, it names no origin ("null").
            # Where it does not, a named origin counts; and the form's token, and the cookie's SameSite, in any case.
            origin, site = headers.get("origin", "null"), headers.get("sec-fetch-site")
            own = site == "same-origin" if site is not None else origin in ("null", self._settings.origin)
            if not own or origin not in ("null", self._settings.origin):
                return PlainTextResponse("this form was sent from another site\n", 403)
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return PlainTextResponse("the length is no number\n", 400)
        if length > MAX_BODY:
            return PlainTextResponse("this is too long\n", 413)
        return None


class TooLongError(Exception):
    """A body without a stated length is longer than any may be."""


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise TooLongError
        return message

    return bounded


def is_own_path(path: str) -> bool:
    """Say whether a path leads to a page of the portal and nowhere else."""
    parts = urlsplit(path)
    plain = path.isprintable() and "\\" not in path
    return plain and path.startswith("/") and not path.startswith("//") and not parts.netloc and not parts.scheme
