"""`govern consent`: request, sign, refuse, withdraw, status, receipt."""

from __future__ import annotations

from datetime import datetime

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
from govern.cli.context import GlobalOptions, governed, now_option


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


@consent.command(epilog="Example:  govern consent status --subject p-4k7q2m9x")
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
            s.state + (", objection open" if s.objected else ""),
            f"entry {s.index}" if s.index is not None else "",
            f"until {s.end:%Y-%m-%d}" if s.end else "",
            ", ".join(s.sources) if s.live else "",
            f"signed by {s.mandate.delegate} under a mandate" if s.live and s.mandate is not None else "",
        )
        for purpose, s in states.items()
    ]
    out.table(rows or [("nothing was asked or agreed yet",)])
    out.result(
        {
            "subject": subject,
            "at": now.isoformat(),
            "choices": {
                p: {
                    "state": s.state,
                    "index": s.index,
                    "expires": s.end.isoformat() if s.end else None,
                    "sources": list(s.sources),
                    "objected": s.objected,
                    "notice_at": s.notice_at.isoformat() if s.notice_at else None,
                    "signed_at": s.signed_at.isoformat() if s.signed_at else None,
                    "delegate": s.mandate.delegate if s.mandate else None,
                }
                for p, s in states.items()
            },
        }
    )
