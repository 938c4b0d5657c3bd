"""`govern consent withdraw`: take a yes back, in one step."""

from __future__ import annotations

from datetime import datetime

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option


@click.command(epilog="Example:  govern consent withdraw --subject p-4k7q2m9x")
@subject_option
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Only for this.  [default: for everything]")
@now_option
@governed
def withdraw(options: GlobalOptions, subject: str, purposes: tuple[str, ...], now: datetime) -> None:
    """Take a consent back: at once, in one step, no key needed, no reason asked.

    From here on nothing is read or released under it, and skills made from it are revoked.
    """
    from consent import build
    from govern import releases

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        # Someone whose line was erased from the people file must still be able to get out.
        if subject not in workspace.ledger(log).people():
            workspace.identities().person(subject)
        body = build.withdrawal(subject, purposes or None, "command line")
        index = workspace.append(log, "consent.withdrawn", f"employee:{subject}", body, now)
        revoked = releases.revoke(workspace, log, subject, set(purposes) or None, now)
    out.say(f"Withdrawn: log entry {index}. It holds from now on.")
    out.say(f"Skills revoked: {len(revoked)}")
    out.result({"index": index, "subject": subject, "purposes": sorted(purposes) or None, "revoked": revoked})


COMMANDS: tuple[click.Command, ...] = (withdraw,)
