"""`govern consent`: request, sign, refuse, withdraw, status, receipt."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli import (
    consent_delegate,
    consent_papers,
    consent_pause,
    consent_request,
    consent_sign,
    consent_withdraw,
)
from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options
from govern.cli.keyfiles import KEY, load
from govern.errors import RefusedError

if TYPE_CHECKING:
    from consent.choice import ChoiceState


@click.group()
def consent() -> None:
    """Request, sign, refuse, withdraw, look up.

    Nothing is ticked beforehand and nothing is implied: a purpose, source or category that is not named is not
    agreed to. Saying no, and taking a yes back, has no consequence and needs no reason.
    """


for _command in (
    *consent_request.COMMANDS,
    *consent_sign.COMMANDS,
    *consent_withdraw.COMMANDS,
    *consent_pause.COMMANDS,
    *consent_delegate.COMMANDS,
    *consent_papers.COMMANDS,
):
    consent.add_command(_command)


@consent.command(epilog="Example:  govern consent status --subject p-4k7q2m9x --key my.key")
@subject_option
@click.option("--key", "key_file", type=KEY, help="The person's key file: shows all, a no included.")
@passphrase_options
@now_option
@governed
def status(
    options: GlobalOptions, subject: str, key_file: Path | None, passphrase_file: Path | None, now: datetime
) -> None:
    """Say where a person stands, purpose by purpose: what is in force; with their key, everything.

    Without the key it is not told apart whether somebody was never asked, has not answered, said no or took it back.
    """
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        ledger = workspace.ledger(log)
    if subject not in ledger.people():
        workspace.identities().person(subject)
    if key_file is not None:
        from attest import keys

        if keys.key_id(load(options, key_file, passphrase_file)) not in {key.key_id for key in ledger.keys(subject)}:
            raise RefusedError("this is not a key of this person", "`govern keys list` shows which one is")
    states = ledger.states(subject, now)
    shown = [(p, s) for p, s in states.items() if key_file is not None or (s.live and not s.objected)]
    out.table([_row(purpose, s, exact=key_file is not None) for purpose, s in shown] or [("nothing is in force",)])
    if key_file is None:
        out.say("What is not in force is not listed. With --key, the person sees everything.")
    choices = {purpose: _document(s, exact=key_file is not None) for purpose, s in shown}
    out.result({"subject": subject, "at": now.isoformat(), "choices": choices})


def _row(purpose: str, s: ChoiceState, *, exact: bool) -> tuple[str, ...]:
    return (
        purpose,
        (s.state + (", objection open" if s.objected else "")) if exact else "in force",
        f"entry {s.index}" if s.index is not None else "",
        f"until {s.end:%Y-%m-%d}" if s.end else "",
        ", ".join(s.sources) if s.live else "",
        f"signed by {s.mandate.delegate} under a mandate" if s.live and s.mandate is not None else "",
    )


def _document(s: ChoiceState, *, exact: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "state": s.state if exact else "in_force",
        "index": s.index,
        "expires": s.end.isoformat() if s.end else None,
        "sources": list(s.sources),
        "delegate": s.mandate.delegate if s.mandate else None,
    }
    if exact:
        found |= {
            "objected": s.objected,
            "notice_at": s.notice_at.isoformat() if s.notice_at else None,
            "signed_at": s.signed_at.isoformat() if s.signed_at else None,
        }
    return found
