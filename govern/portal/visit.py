"""A visit: one request, who makes it and in which language, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from govern import access
from govern.errors import GovernError, UsageError
from govern.portal.texts import LANGUAGES, NAMES, Texts
from policies import loader

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger
    from govern.passkeys import Page
    from govern.portal.desk import Desk
    from govern.portal.door import Session
    from govern.portal.settings import Settings
    from govern.portal.work import Work
    from govern.workspace import Workspace
    from policies.model import Policy


class NotFoundError(GovernError):
    """There is no such page, or it is not the visitor's: the two look alike."""

    def __init__(self) -> None:
        super().__init__("there is no such page")


#: How long before the end of a consent or a skill its person is reminded of it.
SOON = timedelta(days=30)

#: Where each role begins.
HOMES = {
    "employee": "/me",
    "bystander": "/bystander",
    "hr": "/hr",
    "works_council": "/council",
    "dpo": "/dpo",
    "auditor": "/auditor",
}

_OFFICE = (("/office", "common.nav_office"), ("/policy", "common.nav_policy"))
#: What each role finds at the top of every page: path, and key of its text.
NAV: dict[str, tuple[tuple[str, str], ...]] = {
    "employee": (
        ("/me", "common.nav_me"),
        ("/me/preview", "common.nav_preview"),
        ("/me/drafts", "common.nav_drafts"),
        ("/me/taken", "common.nav_taken"),
        ("/me/history", "common.nav_history"),
        ("/me/everything", "common.nav_everything"),
        ("/me/passkeys", "common.nav_passkeys"),
        ("/policy", "common.nav_policy"),
    ),
    "works_council": (("/council", "common.nav_hr"), *_OFFICE),
    "dpo": (("/dpo", "common.nav_hr"), *_OFFICE),
    "auditor": (("/auditor", "common.nav_log"), *_OFFICE),
    "hr": (("/hr", "common.nav_hr"), *_OFFICE),
}


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """One request at the desk.

    Attributes:
        settings: What the portal was told.
        desk: Workspace, log and sessions.
        work: Jobs that take longer than a moment.
        session: Who is signed in; None on public pages.
        t: Texts in the visitor's language.
        now: The moment.
        path: Parts of the path, by name.
        query: Query parameters; the last of a name counts.
        form: Fields of a posted form, all values of each.
        upload: The file that a form carries; kept in memory only.
        source: Address of the browser.
        cookies: Cookies.
    """

    settings: Settings
    desk: Desk
    work: Work
    session: Session | None
    t: Texts
    now: datetime
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    upload: bytes = b""
    source: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.desk.workspace

    @property
    def log(self) -> EventLog:
        """Its log."""
        return self.desk.log

    @property
    def ledger(self) -> Ledger:
        """All consents, as of now."""
        return self.desk.workspace.ledger(self.desk.log)

    @property
    def me(self) -> Session:
        """Who is signed in, where the page demands that somebody is."""
        assert self.session is not None
        return self.session

    @property
    def who(self) -> str:
        """Pseudonymous id, an officer's id, or a bystander's address."""
        return self.me.who

    @property
    def policy(self) -> Policy:
        """The policy that people are asked about, as it was when the portal first needed it."""
        return _policy(self.settings.policy)

    @property
    def page(self) -> Page:
        """The page that passkeys are made for."""
        from govern.passkeys import Page

        return Page(self.settings.host, self.settings.origin, self.settings.name)

    def one(self, name: str, default: str | None = None) -> str:
        """Return the one value of a form's field.

        Raises:
            UsageError: There is none, or there are several.
        """
        values = self.form.get(name, ())
        if not values and default is not None:
            return default
        if len(values) != 1:
            raise UsageError("the form is not complete", "go back, and send it again")
        return values[0]

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of a form's field, each once."""
        return tuple(dict.fromkeys(self.form.get(name, ())))

    def begin(self, thing: Any) -> str:
        """Keep what is begun until the next request finishes it; return its name for the form."""
        return self.desk.door.begin(self.me, thing, self.now)

    def begun(self, kind: type) -> Any:
        """Return what the form's field `begun` names, once.

        Raises:
            RefusedError: Nothing of that kind was begun in this session, or too long ago.
        """
        return self.desk.door.begun(self.me, self.one("begun"), kind, self.now)

    def looked(self, view: str, subject: str | None = None) -> None:
        """Log that an officer looks at a view, and at whose data where it is one person's: that person finds it."""
        access.read(self.workspace, self.log, self.me.role, self.who, view, subject, self.now)

    def render(self, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """Return a page."""
        text = (
            templates()
            .get_template(template)
            .render(
                t=self.t,
                lang=self.t.lang,
                languages=[(code, NAMES[code]) for code in LANGUAGES],
                session=self.session,
                nav=NAV.get(self.session.role, ()) if self.session is not None else (),
                home=HOMES[self.session.role] if self.session is not None else "/",
                settings=self.settings,
                now=self.now,
                **values,
            )
        )
        return HTMLResponse(text, status)

    def go(self, path: str) -> RedirectResponse:
        """Return the answer to a form: on to a page of the portal, to be fetched with GET."""
        assert path.startswith("/")
        assert not path.startswith("//")
        return RedirectResponse(path, 303)

    def file(self, data: bytes, name: str, kind: str) -> Response:
        """Return a file to be saved; `name` is of the portal's making and holds plain letters only."""
        return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@cache
def _policy(ref: str) -> Policy:
    return loader.load(ref)


@cache
def templates() -> Environment:
    """Return the templates: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("govern.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day"] = lambda moment: f"{moment:%Y-%m-%d}"
    made.filters["moment"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC"
    made.filters["count"] = lambda number: f"{number:,}".replace(",", "\u202f")
    return made
