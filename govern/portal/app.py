"""The portal as an ASGI application: every declared page behind the same checks, in the same order."""

from __future__ import annotations

import hmac
import json
import logging
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from attest.errors import BusyError, StoreError
from govern.errors import GovernError
from govern.portal import api, arrival, pages, texts
from govern.portal.desk import Desk, DeskThread
from govern.portal.door import Session
from govern.portal.pages import entrance
from govern.portal.pages.registry import Page
from govern.portal.settings import Settings
from govern.portal.shield import MAX_BODY, Shield, TooLongError
from govern.portal.texts import Texts
from govern.portal.visit import NotFoundError, Visit
from govern.portal.work import Work

_LOG = logging.getLogger("govern.portal")
_STATUS = {2: 400, 3: 403, 4: 409, 6: 400}
MAX_FIELDS = 2_000
ROUTE = "govern.route"
"""Where a request keeps the page that it asks for, with its placeholders, for the log line."""


class Portal:
    """What all requests share: settings, desk and worker."""

    def __init__(
        self, root: Path, settings: Settings, clock: Callable[[], datetime] | None = None, *, works: bool = True
    ) -> None:
        self.settings = settings
        self.desk = DeskThread(root)
        self.clock = clock or (lambda: datetime.now(UTC).replace(microsecond=0))
        self.work = Work(root, self.clock)
        self.works = works

    def close(self) -> None:
        """Finish what was begun and stop the worker."""
        self.work.close()
        self.desk.close()


def create(portal: Portal) -> Shield:
    """Return the application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # A workspace that cannot be opened is told at the start, not to the first visitor.
        await portal.desk.run(warm)
        if portal.works:
            portal.work.start()
        try:
            yield
        finally:
            portal.close()

    app = FastAPI(title="govern portal", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.mount("/static", StaticFiles(packages=[("govern.portal", "static")]))
    app.add_route("/health", _health(portal), methods=["GET"])
    for page in pages.ALL:
        app.add_route(page.path, _endpoint(portal, page), methods=[page.method])
    api.add(app, portal.desk.run, lambda desk, request: visit_of(portal, desk, request, {}))
    app.router.routes.extend(arrival.routes(portal, visit_of))
    app.add_exception_handler(HTTPException, _no_page(portal))
    return Shield(_Logged(app), portal.settings)


def warm(desk: Desk) -> None:
    """Do once what the first visitor would wait for: read on in the log, import and hash what a consent names."""
    from extract.distil.backend import default_model
    from govern import signing

    desk.workspace.ledger(desk.log)
    signing.model_digest(default_model())


def _health(portal: Portal) -> Callable[[Request], Awaitable[Response]]:
    async def health(request: Request) -> Response:
        request.scope[ROUTE] = "/health"
        try:
            await portal.desk.run(lambda desk: desk.log.size)
        except StoreError:
            return JSONResponse({"status": "the log cannot be reached"}, 503)
        return JSONResponse({"status": "ok"})

    return health


def _endpoint(portal: Portal, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            form, upload = await _form(request, page) if page.method == "POST" else ({}, b"")
        except TooLongError:
            return PlainTextResponse("this is too long\n", 413)
        except (ValueError, HTTPException):
            return PlainTextResponse("this is no form of the portal\n", 400)
        request.scope[ROUTE] = page.path
        try:
            return await portal.desk.run(lambda desk: _answer(portal, desk, page, request, form, upload))
        except StoreError:
            return PlainTextResponse("the log cannot be reached; try again in a moment\n", 503, {"Retry-After": "5"})

    return endpoint


class _InMemory(MultiPartParser):
    """Reads a form without a temporary file: what somebody has checked is written nowhere."""

    spool_max_size = MAX_BODY


async def _form(request: Request, page: Page) -> tuple[Mapping[str, Sequence[str]], bytes]:
    """Return the fields of a form, and the file that it carries; both stay in memory.

    Raises:
        TooLongError: It is longer than the page allows.
        ValueError: It is no form of the kind that the page shows.
        HTTPException: It is no form of any kind.
    """
    body = await request.body()
    if len(body) > page.max_body:
        raise TooLongError
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not page.is_upload:
        if kind != "application/x-www-form-urlencoded":
            raise ValueError("another kind of form")
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS), b""
    if kind != "multipart/form-data":
        raise ValueError("another kind of form")
    fields: dict[str, list[str]] = {}
    upload = b""

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        sent = await _InMemory(request.headers, whole(), max_files=1, max_fields=10, max_part_size=65_536).parse()
    except MultiPartException as error:
        raise ValueError("no form") from error
    for name, value in sent.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
        else:
            upload = await value.read()
            await value.close()
    return fields, upload


def visit_of(
    portal: Portal, desk: Desk, request: Request, form: Mapping[str, Sequence[str]], upload: bytes = b""
) -> Visit:
    """Return the visit of a request: session, language and everything a page may ask for."""
    now = portal.clock()
    name = entrance.cookie_name(portal.settings.secure)
    value = request.cookies.get(name, "")
    session = desk.door.session(value, now) if value else None
    session = session if session is not None and _still(desk, session) else None
    lang = texts.choose(
        session.lang if session is not None else None,
        request.cookies.get("lang"),
        _spoken(desk, session),
        request.headers.get("accept-language"),
    )
    return Visit(
        settings=portal.settings,
        desk=desk,
        work=portal.work,
        session=session,
        t=Texts(lang),
        now=now,
        path=request.path_params,
        query=dict(request.query_params),
        form=form,
        upload=upload,
        source=request.client.host if request.client is not None else "",
        cookies=request.cookies,
    )


def _still(desk: Desk, session: Session) -> bool:
    """Say whether whoever is signed in still is what they signed in as: a role can end at any time."""
    if session.role in ("employee", "bystander"):
        return True
    officer = desk.workspace.ledger(desk.log).officer(session.who)
    return officer is not None and officer.role == session.role


def _spoken(desk: Desk, session: Session | None) -> str | None:
    if session is None or session.role != "employee":
        return None
    try:
        return desk.workspace.identities().person(session.who).language
    except GovernError:
        return None


def _answer(
    portal: Portal, desk: Desk, page: Page, request: Request, form: Mapping[str, Sequence[str]], upload: bytes
) -> Response:
    visit = visit_of(portal, desk, request, form, upload)
    if page.roles and visit.session is None:
        return visit.render("start.html", 401, token="", problem=visit.t("common.signed_out"))
    if page.roles and visit.me.role not in page.roles:
        return problem(visit, 404)
    if page.method == "POST" and visit.session is not None:
        given = form.get("csrf", ("",))[0]
        if not hmac.compare_digest(given.encode(), visit.session.csrf.encode()):
            return problem(visit, 403, visit.t("common.stale_form"))
    try:
        if page.is_read:
            visit.looked(page.path)
        return page.answer(visit)
    except NotFoundError:
        return problem(visit, 404)
    except BusyError:
        answer = problem(visit, 503, visit.t("common.busy"))
        answer.headers["Retry-After"] = "60"
        return answer
    except StoreError:
        # The desk lets go of what it holds, and opens it anew for the next visitor.
        raise
    except GovernError as error:
        return problem(visit, _STATUS.get(error.exit_code, 500), error.message, error.hint or "")


def problem(visit: Visit, status: int, message: str = "", hint: str = "") -> HTMLResponse:
    """Return the page that says why something was not done."""
    return visit.render("problem.html", status, status=status, message=message, hint=hint)


def _no_page(portal: Portal) -> Any:
    async def no_page(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(api.PREFIX):
            return api.problem(error.status_code, error.detail, error.headers)
        if error.status_code != 404:
            return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
        return await portal.desk.run(lambda desk: problem(visit_of(portal, desk, request, {}), 404))

    return no_page


class _Logged:
    """Writes one line about each request: route, status and time; no path, no query, no name, no address."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 500

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        failed = {}
        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            # What an exception says may be about a person: its type is all that is written down.
            failed = {"failed": type(error).__name__}
            raise
        finally:
            route = scope.get(ROUTE) or getattr(scope.get("route"), "path", "-")
            took = round((time.monotonic() - began) * 1000)
            entry = {"method": scope["method"], "route": route, "status": status, "ms": took}
            _LOG.info("request", extra={"fields": entry | failed})


class JsonLines(logging.Formatter):
    """Log lines as JSON: time, level, event, and fields that the portal itself chose."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a foreign library's message is left out, it may quote what it was given."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        own = record.name.startswith("govern.")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        line["event"] = record.getMessage() if own else "library"
        return json.dumps(line | getattr(record, "fields", {}))


def log_to_stderr() -> None:
    """Write the portal's log lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
