"""`govern portal`: pages for people who use no terminal, and links to sign in with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from govern.workspace import Workspace

ROLES = ("employee", "bystander", "hr", "works_council", "dpo", "auditor")


@click.group()
def portal() -> None:
    """Pages for employees, HR, works council, data protection officer and auditors."""


@portal.command(epilog="Example:  govern portal serve --origin https://consent.example --listen 127.0.0.1:8321")
@click.option(
    "--origin",
    metavar="URL",
    help="Address at which browsers come; passkeys are made for it.  [default: of portal.yaml, else "
    "http://localhost:8321]",
)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen.  [default: 127.0.0.1 and the origin's port]")
@click.option(
    "--behind-proxy",
    metavar="ADDRESS",
    help="Address of the TLS proxy before it, whose word on who comes is taken.  [default: nobody's]",
)
@governed
def serve(options: GlobalOptions, origin: str | None, listen: str | None, behind_proxy: str | None) -> None:
    """Serve the pages until it is interrupted. What is begun is finished first.

    It listens on this machine only. For others put a proxy with TLS before it: docs/portal.md.
    """
    import uvicorn

    from govern.portal import app, settings

    out = options.output()
    workspace = options.open_workspace()
    told = settings.load(workspace.root, origin)
    host, port = _place(listen, told.port)
    app.log_to_stderr()
    served = app.Portal(workspace.root, told)
    # Before the first visitor: what cannot be opened is an error of this command.
    served.desk.call(app.warm)
    out.say(f"Serving {told.origin} on {host}:{port}. Make a link to sign in with: govern portal link --help")
    uvicorn.run(
        app.create(served),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=behind_proxy is not None,
        forwarded_allow_ips=behind_proxy or "",
        timeout_graceful_shutdown=20,
    )


@portal.command(epilog="Example:  govern portal link --role employee --who p-4k7q2m9x")
@click.option("--role", required=True, type=click.Choice(ROLES), help="As what they sign in.")
@click.option(
    "--who",
    required=True,
    metavar="ID",
    help="Pseudonymous id of an employee, an officer's id (`govern role list`), or a bystander's mail address.",
)
@click.option("--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="How long the link works.")
@click.option("--origin", metavar="URL", help="Address at which browsers come.  [default: of portal.yaml]")
@now_option
@governed
def link(options: GlobalOptions, role: str, who: str, hours: int, origin: str | None, now: datetime) -> None:
    """Make a link with which one person signs in once. Give it to that person and to nobody else.

    Whoever has the link is that person to the portal. It signs nothing: that takes their passkey.
    """
    from govern.portal import settings
    from govern.portal.door import Door

    out = options.output()
    workspace = options.open_workspace()
    told = settings.load(workspace.root, origin)
    with workspace.log() as log:
        _check(workspace, log, role, who)
    door = Door.open(workspace.root / "portal.sqlite")
    try:
        token = door.link(role, who, now, timedelta(hours=hours))
    finally:
        door.close()
    url = f"{told.origin}/enter?t={token}"
    out.say(f"A link for {role} {who if role != 'bystander' else ''}, good once, for {hours} hours:")
    out.say(url, important=True)
    out.result({"role": role, "who": who, "url": url, "hours": hours})


def _check(workspace: Workspace, log: EventLog, role: str, who: str) -> None:
    from extract.personkeys import mail_key

    ledger = workspace.ledger(log)
    if role == "employee":
        if who not in ledger.people():
            workspace.identities().person(who)
    elif role == "bystander":
        if "@" not in who or mail_key(who) is None:
            raise UsageError("a bystander signs in under a mail address", "--who name@host.example")
    else:
        officer = ledger.officer(who)
        if officer is None or officer.role != role:
            raise UsageError(f"nobody with this id holds the role {role}", "`govern role list` shows who does")


def _place(listen: str | None, port: int) -> tuple[str, int]:
    if listen is None:
        return "127.0.0.1", port
    host, _, given = listen.rpartition(":")
    if not host or not given.isdigit() or int(given) > 65535:
        raise UsageError("the place to listen is not HOST:PORT", "--listen 127.0.0.1:8321")
    return host.strip("[]"), int(given)
