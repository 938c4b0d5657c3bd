"""`govern consent request`: ask a person, with the notice, what could be agreed to, and what it would mean for them."""

from __future__ import annotations

import textwrap
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.consent_options import subject_option
from govern.cli.consent_papers import lang_option
from govern.cli.context import GlobalOptions, governed, now_option
from govern.cli.sources import by_kind, source_options

if TYPE_CHECKING:
    from govern.cli.output import Output
    from govern.preview import Preview


@click.command(
    epilog="Example:  govern consent request --subject p-4k7q2m9x --policy worker_protection --mail archive.mbox"
)
@subject_option
@click.option("--policy", "ref", required=True, metavar="POLICY", help="The policy that would apply.")
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="What for.  [default: all that it allows]")
@lang_option
@source_options
@now_option
@governed
def request(
    options: GlobalOptions,
    subject: str,
    ref: str,
    purposes: tuple[str, ...],
    lang: str | None,
    mail: tuple[Path, ...],
    repo: tuple[Path, ...],
    chat: tuple[Path, ...],
    docs: tuple[Path, ...],
    now: datetime,
) -> None:
    """Ask a person: show the notice and what could be agreed to, and log that they were asked.

    With --mail, --repo, --chat or --docs, also what would be taken of their own messages and what left out, and why.
    Nothing of them is kept; that somebody looked is logged, as for any run.
    """
    from govern import asking, signing
    from policies import loader

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    policy = loader.load(ref)
    allowed = signing.purposes_of(policy)
    asked = signing.known("purpose", purposes, allowed) if purposes else allowed
    paths = by_kind(mail, repo, chat, docs)
    shown = None
    with workspace.log() as log:
        index, text = asking.ask(workspace, log, subject, policy, asked, lang, now)
        if paths:
            with out.progress("starting") as progress:
                shown, _ = asking.look(workspace, log, policy, subject, asked[0], paths, text.lang, now, progress)
    out.say(text.text)
    out.heading("What can be agreed to, each by itself")
    out.table(
        [
            ("--purpose", ", ".join(asked)),
            ("--source", ", ".join(policy.gates["record.source"].values()["allow"])),
            ("--category", ", ".join(policy.gates["output.categories"].values()["allow"])),
        ]
    )
    if shown is not None:
        _show(out, shown)
    else:
        out.say("To see what would be taken of your own messages: add --mail, --repo, --chat or --docs.")
    out.say(f"To agree:   govern consent sign --subject {subject} --key KEYFILE --policy {policy.id} --purpose ...")
    out.say(f"To refuse:  govern consent refuse --subject {subject} --key KEYFILE --policy {policy.id}")
    out.say("To decide later, do nothing: silence is a no.")
    result: dict[str, Any] = {
        "index": index,
        "subject": subject,
        "purposes": sorted(asked),
        "notice_sha256": text.sha256,
        "lang": text.lang,
    }
    out.result(result | ({"preview": shown.document()} if shown is not None else {}))


def _show(out: Output, shown: Preview) -> None:
    out.heading("What would be taken of your own messages, if you agreed to all of it")
    out.table([("source", "taken", "left out"), *((name, *pair) for name, pair in shown.sources.items())])
    if shown.reasons:
        out.say("Why records would be left out (one record can have several reasons):")
    for reason in shown.reasons:
        where = ", ".join(f"{name} {count:,}" for name, count in reason.by_source.items())
        out.say(f"  {reason.code}: {reason.records:,} records ({where}); {reason.alone:,} for this reason alone")
        out.say(textwrap.fill(reason.sentence, 100, initial_indent="    ", subsequent_indent="    "))
    out.say("Nothing of this was kept. That somebody looked is in the log.")


COMMANDS: tuple[click.Command, ...] = (request,)
