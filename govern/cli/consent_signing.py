"""What signing a consent takes, whatever it says: terms and notice, a last question, key and log."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions
from govern.cli.keyfiles import load
from govern.errors import RefusedError

if TYPE_CHECKING:
    from consent.build import Terms
    from consent.record import ConsentRecord
    from policies.model import Policy


def terms_for(
    options: GlobalOptions, subject: str, policy: Policy, model: Path | None, now: datetime, *, show: bool = True
) -> tuple[Terms, datetime]:
    """Return what the record says, see `govern.signing.terms`; a notice that was never shown is shown now."""
    from govern import signing

    workspace = options.open_workspace()
    with workspace.log() as log:
        terms, shown_at, was_shown = signing.terms(workspace, log, subject, policy, model, now)
    if show and not was_shown:
        options.output().say(terms.notice.text, important=True)
    return terms, shown_at


def ask_once_more(options: GlobalOptions, record: ConsentRecord, yes: bool) -> None:
    """Show what is about to be signed, and ask, where there is somebody to ask."""
    out = options.output()
    out.heading("You are about to agree to")
    for choice in record.choices:
        for name, value in choice.model_dump(by_alias=True).items():
            if name != "decision":
                out.say(f"  {name:<12}{', '.join(value) if isinstance(value, tuple) else value}")
    out.say(f"  {'withhold':<12}{', '.join(record.withhold) or 'nothing'}")
    out.say(f"  {'ends':<12}{record.end:%Y-%m-%d}, or when you withdraw")
    if not yes and not options.no_input and sys.stdin.isatty():
        click.confirm("Sign this?", abort=True, err=True)


def log_signed(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    passphrase_file: Path | None,
    record: ConsentRecord,
    policy: Policy,
    now: datetime,
) -> None:
    """Sign a record with the person's key, or the delegate's, and log it if it comes to count.

    Raises:
        RefusedError: The key is not the right one, or the record would not count.
    """
    from attest import keys
    from consent import build
    from govern import counted, stopping

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    by_subject = record.actor.role == "subject"
    with workspace.log() as log:
        enrolled = workspace.ledger(log).key(subject)
        if by_subject and enrolled is None:
            raise RefusedError(
                "this person has no enrolled key", f"govern keys enroll --subject {subject} --out KEYFILE"
            )
        key = load(options, key_file, passphrase_file)
        if by_subject and enrolled is not None and keys.key_id(key) != enrolled.key_id:
            raise RefusedError("this is not the key that the person enrolled", "`govern keys list` shows which one is")
        workspace.adopt(log, policy, now)
        signed = build.sign(record, key)
        actor = f"employee:{subject}" if by_subject else f"delegate:{record.actor.id}"
        index, _ = counted.append(log, signed.event_type, actor, signed.body, now)
        # A no, and a narrower yes, end what rests on the yes before.
        stopping.stop(workspace, log, None, now)
    out.say(f"{record.event.capitalize()}: log entry {index}, record {record.sha256}")
    out.say(f"Your receipt:  govern consent receipt --subject {subject}")
    out.say(f"To take it back, at any time and without a key:  govern consent withdraw --subject {subject}")
    out.result({"event": signed.event_type, "index": index, "subject": subject, "record_sha256": record.sha256})
