"""What signing a consent takes, whatever it says: terms and notice, a last question, key and log."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions
from govern.cli.keyfiles import load
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from consent.build import Terms
    from consent.notice import Notice
    from consent.record import ConsentRecord
    from policies.model import Policy


def refuse_too_long(record: ConsentRecord, policy: Policy) -> None:
    """Refuse a record that lasts longer than the policy lets it.

    Raises:
        UsageError: It does.
    """
    longest = policy.gates["subject.validity"].values()["max"] if "subject.validity" in policy.gates else None
    if longest is not None and record.end > longest.after(record.start):
        raise UsageError(f"the policy lets a consent last {longest} at most", f"--validity {longest}, or less")


def terms_for(
    options: GlobalOptions, subject: str, policy: Policy, model: Path | None, now: datetime, *, show: bool = True
) -> tuple[Terms, datetime]:
    """Return what the record says of notice, policy, model and places, and when the notice was shown.

    It is the notice of the latest request; one that was never shown is shown now, in the person's language.
    """
    from consent import build, notice
    from extract.distil.backend import default_model, model_sha256

    workspace = options.open_workspace()
    people = workspace.identities()
    person = people.person(subject)
    told, shown_at = _told(options, subject, now)
    if told is None:
        told = notice.choose(person.language)
        if show:
            options.output().say(told.text, important=True)
    places = tuple(sorted({*(person.jurisdictions or ()), *(people.jurisdictions or ())}))
    return build.Terms(told, policy, model_sha256(model or default_model()), jurisdictions=places), shown_at


def _told(options: GlobalOptions, subject: str, now: datetime) -> tuple[Notice | None, datetime]:
    import json

    from consent import notice
    from govern import notices

    with options.open_workspace().log() as log:
        requests = [json.loads(data) for _, data in log.entries() if b'"type":"consent.requested"' in data]
        texts = {text.sha256: text for text in (*notice.shipped(), *notices.published(log))}
    for entry in reversed(requests):
        if entry["body"]["pid"] == subject:
            told = texts.get(entry["body"].get("notice_sha256") or "")
            # What was shown cannot be told any more: it is shown anew, and from now on.
            return told, datetime.fromisoformat(entry["at"]) if told is not None else now
    return None, now


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
