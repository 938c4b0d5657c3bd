"""`govern init`: make a workspace."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.cli.sources import by_kind, source_options
from govern.errors import UsageError


@click.command(
    epilog="Example:  govern init --organisation 'Example GmbH' --domain example.com --mail archive.mbox --repo ./tools"
)
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--organisation", default="Example organisation", show_default=True, help="Name of the controller.")
@click.option("--domain", default="example.org", show_default=True, help="Mail domain: what counts as work mail.")
@click.option(
    "--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A people file to start from."
)
@click.option(
    "--log-url",
    metavar="URL",
    help="Keep the log in this PostgreSQL database, postgresql://USER@HOST/NAME; without a password.",
)
@source_options
@now_option
@governed
def init(
    options: GlobalOptions,
    directory: Path | None,
    organisation: str,
    domain: str,
    people: Path | None,
    log_url: str | None,
    mail: tuple[Path, ...],
    repo: tuple[Path, ...],
    chat: tuple[Path, ...],
    docs: tuple[Path, ...],
    now: datetime,
) -> None:
    """Make a workspace: database, vault, log key, people file.

    With sources given, the people file is drafted from them: who wrote, under which addresses. A person must read
    and correct it before anything is extracted.
    """
    from extract import identity
    from govern.workspace import Workspace

    out = options.output()
    if log_url is not None:
        from attest.store_log import check_url

        check_url(log_url)
    paths = by_kind(mail, repo, chat, docs)
    text = None
    if people is not None:
        if paths:
            raise UsageError("--people and sources exclude each other", "leave one of them out")
        identity.load(people)  # a damaged file must not become part of a workspace
        text = people.read_text("utf-8")
    elif paths:
        from extract.drafting import draft
        from extract.sources import open_source, read_all

        with out.progress("reading"):
            read = read_all([open_source(kind, path) for kind, many in sorted(paths.items()) for path in many])
        text = draft(read.records, read.links, secrets.token_bytes, organisation=organisation, mail_domains=[domain])
    root = directory or options.workspace
    workspace = Workspace.create(root, organisation, domain, now, people=text, log_url=log_url)
    out.say(f"Workspace made at {root}")
    out.table(
        [
            ("log key, for auditors", workspace.root / "log.vkey"),
            ("people file, to be checked", workspace.root / "identities.yaml"),
        ]
    )
    out.say("Next: correct the people file, then let the person enrol a key:")
    out.say("  govern keys enroll --subject PID --out person.key")
    out.result({"workspace": str(root), "origin": workspace.origin, "log_key": workspace.log_vkey})
