"""`govern consent`: request, sign, refuse, withdraw, status, receipt."""

from __future__ import annotations

import secrets
import sys
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli import consent_papers, consent_request, consent_withdraw
from govern.cli.consent_options import known, purposes_of, subject_option
from govern.cli.context import GlobalOptions, Moment, governed, now_option, passphrase_options, read_passphrase
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent.build import Terms
    from consent.notice import Notice
    from consent.record import ConsentRecord
    from policies.model import Policy

    F = Callable[..., Any]


@click.group()
def consent() -> None:
    """Request, sign, refuse, withdraw, look up.

    Nothing is ticked beforehand and nothing is implied: a purpose, source or category that is not named is not
    agreed to. Saying no, and taking a yes back, has no consequence and needs no reason.
    """


for _command in (*consent_request.COMMANDS, *consent_papers.COMMANDS, *consent_withdraw.COMMANDS):
    consent.add_command(_command)


def _choice_options(command: F) -> F:
    for decorator in (
        click.option("--withhold", multiple=True, metavar="NAME", help="A category that you keep to yourself."),
        click.option(
            "--validity", default="P12M", show_default=True, metavar="PERIOD", help="How long your yes lasts."
        ),
        click.option("--until", type=Moment(), metavar="DATE", help="Only records up to this day.  [default: today]"),
        click.option(
            "--from", "since", type=Moment(), metavar="DATE", help="Only records from then on.  [default: a year]"
        ),
        click.option(
            "--recipient",
            "recipients",
            multiple=True,
            default=("team:own",),
            show_default=True,
            metavar="NAME",
            help="Who may use the skill.",
        ),
        click.option(
            "--category", "categories", multiple=True, metavar="NAME", help="What may be learned: procedures ..."
        ),
        click.option("--source", "sources", multiple=True, metavar="NAME", help="What may be read: mail.work ..."),
        click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="What for: knowledge_transfer ..."),
        click.option("--policy", "ref", required=True, metavar="POLICY", help="The policy that you agree to."),
    ):
        command = decorator(command)
    return command


@consent.command(
    epilog="Example:  govern consent sign --subject p-4k7q2m9x --key my.key --policy worker_protection "
    "--purpose knowledge_transfer --source mail.work --source vcs.commit --category procedures"
)
@subject_option
@click.option(
    "--key", "key_file", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Your key file."
)
@_choice_options
@click.option(
    "--model", type=click.Path(path_type=Path), metavar="FILE.gguf", help="The model agreed to, if not the default."
)
@click.option("--yes", is_flag=True, help="Do not ask once more before signing.")
@passphrase_options
@now_option
@governed
def sign(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    ref: str,
    purposes: tuple[str, ...],
    sources: tuple[str, ...],
    categories: tuple[str, ...],
    recipients: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    validity: str,
    withhold: tuple[str, ...],
    model: Path | None,
    yes: bool,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Agree, to exactly what is named here. Signed with your key; take it back at any time with `withdraw`."""
    from consent import build
    from policies import loader

    policy = loader.load(ref)
    terms = _terms(policy, model)
    for what, given in (("--purpose", purposes), ("--source", sources), ("--category", categories)):
        if not given:
            raise UsageError(f"no {what} was named", "nothing is agreed to by leaving it out: name each one")
    record = build.given(
        pid=subject,
        terms=terms,
        purposes=known("purpose", purposes, purposes_of(policy)),
        sources=known("source", sources, policy.gates["record.source"].values()["allow"]),
        categories=known("category", categories, policy.gates["output.categories"].values()["allow"]),
        recipients=sorted(set(recipients)),
        withhold=withhold,
        material_from=since.date() if since else now.date() - timedelta(days=365),
        material_until=until.date() if until else now.date(),
        validity=validity,
        now=now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
        shown_at=_show_notice(options, subject, terms.notice, now),
    )
    longest = policy.gates["subject.validity"].values()["max"] if "subject.validity" in policy.gates else None
    if longest is not None and record.end > longest.after(record.start):
        raise UsageError(f"the policy lets a consent last {longest} at most", f"--validity {longest}, or less")
    _ask_once_more(options, record, yes)
    _log_signed(options, subject, key_file, passphrase_file, record, policy, now)


def _show_notice(options: GlobalOptions, subject: str, notice: Notice, now: datetime) -> datetime:
    """Return when this very notice was shown to the person; show it now where that never happened."""
    import json

    with options.open_workspace().log() as log:
        requests = [json.loads(data) for _, data in log.entries() if b'"type":"consent.requested"' in data]
    for entry in reversed(requests):
        if entry["body"]["pid"] == subject and entry["body"].get("notice_sha256") == notice.sha256:
            return datetime.fromisoformat(entry["at"])
    options.output().say(notice.text, important=True)
    return now


def _ask_once_more(options: GlobalOptions, record: ConsentRecord, yes: bool) -> None:
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


@consent.command(epilog="Example:  govern consent refuse --subject p-4k7q2m9x --key my.key --policy worker_protection")
@subject_option
@click.option(
    "--key", "key_file", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Your key file."
)
@click.option("--policy", "ref", required=True, metavar="POLICY", help="The policy that you were asked about.")
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Refuse only this.  [default: everything]")
@passphrase_options
@now_option
@governed
def refuse(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    ref: str,
    purposes: tuple[str, ...],
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Say no. No reason is asked, and reports to HR never show it."""
    from consent import build
    from policies import loader

    policy = loader.load(ref)
    chosen = known("purpose", purposes, purposes_of(policy)) if purposes else purposes_of(policy)
    record = build.refused(
        pid=subject,
        terms=_terms(policy, None),
        purposes=chosen,
        now=now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
    )
    _log_signed(options, subject, key_file, passphrase_file, record, policy, now)


def _terms(policy: Policy, model: Path | None) -> Terms:
    from consent import build, notice
    from extract.distil.backend import default_model, model_sha256

    return build.Terms(notice.load(), policy, model_sha256(model or default_model()))


def _log_signed(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    passphrase_file: Path | None,
    record: ConsentRecord,
    policy: Policy,
    now: datetime,
) -> None:
    from attest import keys
    from consent import build

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    with workspace.log() as log:
        enrolled = workspace.ledger(log).key(subject)
        if enrolled is None:
            raise RefusedError(
                "this person has no enrolled key", f"govern keys enroll --subject {subject} --out KEYFILE"
            )
        key = keys.load(key_file, read_passphrase(options, passphrase_file))
        if keys.key_id(key) != enrolled.key_id:
            raise RefusedError("this is not the key that the person enrolled", "`govern keys list` shows which one is")
        workspace.adopt(log, policy, now)
        signed = build.sign(record, key)
        index = workspace.append(log, signed.event_type, f"employee:{subject}", signed.body, now)
    out.say(f"{record.event.capitalize()}: log entry {index}, record {record.sha256}")
    out.say(f"Your receipt:  govern consent receipt --subject {subject}")
    out.say(f"To take it back, at any time and without a key:  govern consent withdraw --subject {subject}")
    out.result({"event": signed.event_type, "index": index, "subject": subject, "record_sha256": record.sha256})


@consent.command()
@subject_option
@now_option
@governed
def status(options: GlobalOptions, subject: str, now: datetime) -> None:
    """Say what a person agreed to, purpose by purpose, as the log has it."""
    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    with workspace.log() as log:
        ledger = workspace.ledger(log)
    states = ledger.states(subject, now)
    rows = [
        (
            purpose,
            s.state,
            f"entry {s.index}" if s.index is not None else "",
            f"until {s.end:%Y-%m-%d}" if s.end else "",
        )
        for purpose, s in states.items()
    ]
    out.table(rows or [("nothing was asked or agreed yet",)])
    out.result(
        {
            "subject": subject,
            "at": now.isoformat(),
            "choices": {
                p: {"state": s.state, "index": s.index, "expires": s.end.isoformat() if s.end else None}
                for p, s in states.items()
            },
        }
    )
