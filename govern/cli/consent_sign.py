"""`govern consent sign`, `refuse` and `renew`: what a person, or a delegate under a mandate, signs."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.consent_options import delegate_option, subject_option
from govern.cli.consent_signing import ask_once_more, log_signed, terms_for
from govern.cli.context import GlobalOptions, Moment, governed, now_option, passphrase_options
from govern.cli.keyfiles import KEY
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from consent.choice import ChoiceState

    F = Callable[..., Any]

key_option = click.option("--key", "key_file", required=True, type=KEY, help="Your key file.")
validity_option = click.option("--validity", metavar="PERIOD", help="How long your yes lasts.")
model_option = click.option(
    "--model", type=click.Path(path_type=Path), metavar="FILE.gguf", help="The model agreed to, if not the default."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask once more before signing.")


def _choice_options(command: F) -> F:
    for decorator in (
        click.option(
            "--withhold",
            multiple=True,
            metavar="NAME",
            help="A category, or a kind of knowledge such as pitfalls, that you keep to yourself.",
        ),
        click.option(
            "--compensation", metavar="REF", help="Reference to the compensation terms agreed with you for the skill."
        ),
        click.option("--cooling-off-until", type=Moment(), metavar="TIME", help="Nothing may be read before then."),
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


@click.command(
    epilog="Example:  govern consent sign --subject p-4k7q2m9x --key my.key --policy worker_protection "
    "--purpose knowledge_transfer --source mail.work --source vcs.commit --category procedures"
)
@subject_option
@key_option
@delegate_option
@_choice_options
@model_option
@yes_option
@passphrase_options
@now_option
@governed
def sign(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    delegate: str | None,
    ref: str,
    purposes: tuple[str, ...],
    sources: tuple[str, ...],
    categories: tuple[str, ...],
    recipients: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    validity: str,
    cooling_off_until: datetime | None,
    compensation: str | None,
    withhold: tuple[str, ...],
    model: Path | None,
    yes: bool,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Agree, to exactly what is named here. Signed with your key; take it back at any time with `withdraw`."""
    from consent import build
    from govern import signing
    from policies import loader

    policy = loader.load(ref)
    for what, given in (("--purpose", purposes), ("--source", sources), ("--category", categories)):
        if not given:
            raise UsageError(f"no {what} was named", "nothing is agreed to by leaving it out: name each one")
    terms, shown_at = terms_for(options, subject, policy, model, now)
    record = build.given(
        pid=subject,
        terms=terms,
        purposes=signing.known("purpose", purposes, signing.purposes_of(policy)),
        sources=signing.known("source", sources, policy.gates["record.source"].values()["allow"]),
        categories=signing.known("category", categories, policy.gates["output.categories"].values()["allow"]),
        recipients=sorted(set(recipients)),
        withhold=signing.to_withhold(withhold, policy),
        material_from=since.date() if since else now.date() - timedelta(days=365),
        material_until=until.date() if until else now.date(),
        validity=validity,
        now=now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
        shown_at=shown_at,
        delegate=delegate,
        cooling_off_until=cooling_off_until,
        compensation_ref=compensation,
    )
    signing.refuse_too_long(record, policy)
    ask_once_more(options, record, yes)
    log_signed(options, subject, key_file, passphrase_file, record, policy, now)


@click.command(epilog="Example:  govern consent refuse --subject p-4k7q2m9x --key my.key --policy worker_protection")
@subject_option
@key_option
@delegate_option
@click.option("--policy", "ref", required=True, metavar="POLICY", help="The policy that you were asked about.")
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Refuse only this.  [default: everything]")
@passphrase_options
@now_option
@governed
def refuse(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    delegate: str | None,
    ref: str,
    purposes: tuple[str, ...],
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Say no. No reason is asked, and reports to HR never show it."""
    from consent import build
    from govern import signing
    from policies import loader

    policy = loader.load(ref)
    chosen = (
        signing.known("purpose", purposes, signing.purposes_of(policy)) if purposes else signing.purposes_of(policy)
    )
    terms, _ = terms_for(options, subject, policy, None, now, show=False)
    record = build.refused(
        pid=subject,
        terms=terms,
        purposes=chosen,
        now=now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
        delegate=delegate,
    )
    log_signed(options, subject, key_file, passphrase_file, record, policy, now)


@click.command(epilog="Example:  govern consent renew --subject p-4k7q2m9x --key my.key")
@subject_option
@key_option
@delegate_option
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Only for this.  [default: all in force]")
@click.option("--policy", "ref", metavar="POLICY", help="Under another policy.  [default: the one agreed to]")
@click.option("--until", type=Moment(), metavar="DATE", help="Only records up to this day.  [default: today]")
@validity_option
@model_option
@yes_option
@passphrase_options
@now_option
@governed
def renew(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    delegate: str | None,
    purposes: tuple[str, ...],
    ref: str | None,
    until: datetime | None,
    validity: str | None,
    model: Path | None,
    yes: bool,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Go on with a consent that is in force, or suspended: the same limits, more recent material, a new end."""
    from consent import build
    from govern import signing
    from policies import loader

    workspace = options.open_workspace()
    with workspace.log() as log:
        held = _running(workspace.ledger(log).states(subject, now), purposes)
        record_before = held[0].record
        assert record_before is not None
        policy = loader.load(ref) if ref is not None else workspace.policy(log, record_before.policy.sha256)
    terms, shown_at = terms_for(options, subject, policy, model, now)
    record = build.renewed(
        record_before,
        [state.purpose for state in held],
        terms=terms,
        material_until=until.date() if until else now.date(),
        now=now,
        record_id=str(uuid.uuid4()),
        nonce=secrets.token_hex(16),
        validity=validity,
        shown_at=shown_at,
        delegate=delegate,
        sources=sorted(set.intersection(*(set(state.sources) for state in held))),
    )
    signing.refuse_too_long(record, policy)
    ask_once_more(options, record, yes)
    log_signed(options, subject, key_file, passphrase_file, record, policy, now)


def _running(states: dict[str, ChoiceState], purposes: tuple[str, ...]) -> list[ChoiceState]:
    """Return the choices to be renewed; a renewal continues one record, so all of them rest on the same."""
    held = [s for s in states.values() if s.record is not None and s.state in ("given", "renewed", "suspended")]
    held = [s for s in held if not purposes or s.purpose in purposes]
    if not held or set(purposes) - {s.purpose for s in held}:
        raise RefusedError("there is no consent to renew", "`govern consent status` shows what is in force; else sign")
    if len({s.record_sha256 for s in held}) > 1:
        raise UsageError("these consents were signed apart", "renew them one by one, with --purpose")
    return held


COMMANDS: tuple[click.Command, ...] = (sign, refuse, renew)
