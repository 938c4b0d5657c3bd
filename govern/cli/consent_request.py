"""`govern consent request`: ask a person, with the notice, what could be agreed to, and what it would mean for them."""

from __future__ import annotations

import os
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
    from attest.log import EventLog
    from extract.job import SourcePaths
    from govern.cli.output import Output
    from govern.preview import Preview
    from govern.workspace import Workspace
    from policies.model import Policy


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
    from consent import notice
    from govern import notices, signing
    from policies import loader

    out = options.output()
    workspace = options.open_workspace()
    person = workspace.identities().person(subject)
    policy = loader.load(ref)
    asked = signing.known("purpose", purposes, signing.purposes_of(policy)) if purposes else signing.purposes_of(policy)
    spoken = notices.language(person, lang)
    text = notice.choose(spoken)
    paths = by_kind(mail, repo, chat, docs)
    with workspace.log() as log:
        workspace.adopt(log, policy, now)
        notices.publish(workspace, log, text, now)
        index = workspace.append(
            log,
            "consent.requested",
            "operator",
            {
                "pid": subject,
                "purposes": sorted(asked),
                "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
                "notice_sha256": text.sha256,
                "lang": text.lang,
            },
            now,
        )
        shown = _preview(workspace, log, out, policy, subject, asked[0], paths, text.lang, now) if paths else None
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


def _preview(
    workspace: Workspace,
    log: EventLog,
    out: Output,
    policy: Policy,
    subject: str,
    purpose: str,
    paths: SourcePaths,
    lang: str,
    now: datetime,
) -> Preview:
    """Gate the person's own sources as a run would, under a consent that grants all that the policy allows."""
    from consent.request import RunRequest
    from extract import gating
    from extract.distil.backend import default_model, model_sha256
    from extract.job import ASKED, Job, Tools
    from govern import preview

    asked = RunRequest(
        subject=subject,
        purpose=purpose,
        sources=tuple(sorted(ASKED[kind] for kind in paths)),
        recipients=(),
        policy=policy.sha256,
        model_kind="in_process",
        model_sha256=model_sha256(default_model()),
        model_address=None,
        now=now,
    )
    job = Job(asked, policy, workspace.identities(), paths)
    with workspace.vault() as vault, out.progress("starting") as progress:
        tools = Tools(log, vault, os.urandom, workspace.pseudonym_secret(), progress)
        _, gated = gating.dry_run(job, workspace.ledger(log), tools)
    return preview.summarise(gated.facts["source"].tolist(), gated.reasons, lang)


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
