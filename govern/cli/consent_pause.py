"""`govern consent defer`, `object`, `suspend` and `invalidate`: what takes away without being a withdrawal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options
from govern.cli.keyfiles import KEY
from govern.errors import UsageError

purposes_option = click.option(
    "--purpose", "purposes", multiple=True, metavar="NAME", help="Only for this.  [default: for everything]"
)


@click.command(epilog="Example:  govern consent defer --subject p-4k7q2m9x")
@subject_option
@purposes_option
@now_option
@governed
def defer(options: GlobalOptions, subject: str, purposes: tuple[str, ...], now: datetime) -> None:
    """Put the answer off. No key is needed and no reason asked; nothing is agreed to meanwhile."""
    _say(options, "deferred", f"employee:{subject}", subject, purposes, now, "Put off")


@click.command("object", epilog="Example:  govern consent object --subject p-4k7q2m9x")
@subject_option
@purposes_option
@now_option
@governed
def object_(options: GlobalOptions, subject: str, purposes: tuple[str, ...], now: datetime) -> None:
    """Object, or ask for a restriction. No key is needed; it stays open until the person signs a new yes."""
    _say(options, "objected", f"employee:{subject}", subject, purposes, now, "Objection open")


@click.command(epilog="Example:  govern consent suspend --subject p-4k7q2m9x --as dpo-1")
@subject_option
@purposes_option
@click.option(
    "--as", "holder", default="operator", show_default=True, metavar="ID", help="Officer, or whoever runs this."
)
@now_option
@governed
def suspend(options: GlobalOptions, subject: str, purposes: tuple[str, ...], holder: str, now: datetime) -> None:
    """Suspend a consent in force until the person renews it. No key is needed: it only takes away."""
    actor = "operator"
    if holder != actor:
        from govern.cli.keyfiles import officer

        workspace = options.open_workspace()
        with workspace.log() as log:
            actor = f"{officer(workspace.ledger(log), holder).role}:{holder}"
    _say(options, "suspended", actor, subject, purposes, now, "Suspended")


def _say(
    options: GlobalOptions,
    name: str,
    actor: str,
    subject: str,
    purposes: tuple[str, ...],
    now: datetime,
    done: str,
) -> None:
    from consent.bodies import notice_body
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        # Someone whose line was erased from the people file must still be able to get out.
        if subject not in workspace.ledger(log).people():
            workspace.identities().person(subject)
        body = notice_body(subject, purposes or None, "command line")
        index, after = counted.append(log, f"consent.{name}", actor, body, now)
    out.say(f"{done}: log entry {index}. It holds from now on.")
    out.result(
        {
            "event": f"consent.{name}",
            "index": index,
            "subject": subject,
            "purposes": sorted(purposes) or None,
            "states": {purpose: state.state for purpose, state in after.states(subject, now).items()},
        }
    )


@click.command(epilog="Example:  govern consent invalidate --subject p-4k7q2m9x --as auditor-1 --key auditor.key")
@subject_option
@click.option("--purpose", metavar="NAME", help="Only for this.  [default: for everything]")
@click.option("--as", "holder", required=True, metavar="ID", help="Officer who signs.")
@click.option("--key", "key_file", required=True, type=KEY, help="The officer's key file.")
@click.option("--ref", default="", metavar="TEXT", help="Short reference: number of a decision.")
@passphrase_options
@now_option
@governed
def invalidate(
    options: GlobalOptions,
    subject: str,
    purpose: str | None,
    holder: str,
    key_file: Path,
    ref: str,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Declare a consent invalid from its beginning, as an officer.

    An authority or an auditor is enough; a works council and a data protection officer are, together. What was made
    under it may not be used from then on, however long ago.
    """
    from consent.bodies import notice_body
    from govern import counted, stopping
    from govern.cli.approve import sign_approval

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        before = workspace.ledger(log)
        if not any(record.given(p) for _, record in before.consents(subject) for p in record.purposes):
            raise UsageError("this person has agreed to nothing that could be invalid", "`govern consent status`")
        index, after = sign_approval(
            options,
            log,
            "invalidation",
            holder,
            key_file,
            passphrase_file,
            now,
            subject=subject,
            purpose=purpose,
            ref=ref,
        )
        struck = sorted(after.quarantined(purpose) - before.quarantined(purpose))
        if struck:
            body = notice_body(subject, (purpose,) if purpose else None, "quorum")
            counted.append(log, "consent.invalidated", "operator", body, now)
            stopping.stop(workspace, log, None, now)
    if struck:
        out.say(f"Invalid from the beginning: the consents at log entries {', '.join(map(str, struck))}.")
    else:
        out.say(f"Vote logged, entry {index}. Another officer is needed: works council and data protection together.")
    out.result({"index": index, "subject": subject, "quarantined": struck, "quorum": bool(struck)})


COMMANDS: tuple[click.Command, ...] = (defer, object_, suspend, invalidate)
