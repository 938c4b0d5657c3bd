"""`govern consent withdraw`: take a yes back, in one step."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option

if TYPE_CHECKING:
    from govern.cli.output import Output
    from govern.rederive import Settled


@click.command(epilog="Example:  govern consent withdraw --subject p-4k7q2m9x")
@subject_option
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Only for this.  [default: for everything]")
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="Only this may no longer be read: mail.work ..."
)
@click.option("--erase", is_flag=True, help="Destroy the salts of all your records, too. It cannot be undone.")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Write the receipt: what was done, each entry with its proof.",
)
@now_option
@governed
def withdraw(
    options: GlobalOptions,
    subject: str,
    purposes: tuple[str, ...],
    sources: tuple[str, ...],
    erase: bool,
    output: Path | None,
    now: datetime,
) -> None:
    """Take a consent back: at once, in one step, no key needed, no reason asked.

    From here on nothing is read or released under it. Skills and drafts made from it are revoked at once and ended;
    with --source they are made again without it, for your review. What cannot be done at once `govern sweep` does.
    """
    from attest.files import replace_file
    from govern import receipts, withdrawing

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        index, _ = withdrawing.withdraw(
            workspace, log, subject, now, channel="command line", purposes=purposes, sources=sources
        )
        out.say(f"Withdrawn: log entry {index}. It holds from now on.")
        with out.progress("starting") as progress:
            cleared = withdrawing.clear(workspace, log, subject, index, now, progress, erase=erase)
    settled, later, data = list(cleared.settled), cleared.later, cleared.receipt
    made = receipts.verify(data, workspace.log_vkey)
    _show(out, settled, later)
    if output is not None:
        replace_file(output, data, 0o600)
        out.say(f"Your receipt is in {output}. Anyone who has the log's key can check it offline:")
        out.say(f"  govern audit answer {output} --log-key KEY")
    _result(out, made.document, index, purposes, sources, settled, later, output)


def _show(out: Output, settled: list[Settled], later: str) -> None:
    counts = {action: sum(each.action == action for each in settled) for action in ("tombstoned", "rederived")}
    out.say(f"Skills and drafts ended: {counts['tombstoned']}; made again, for review: {counts['rederived']}")
    for each in settled:
        if each.action == "waiting":
            out.say(f"Revoked, and due by {each.deadline:%Y-%m-%d %H:%M} UTC: {each.extraction_id}: {each.obstacle}")
    if later:
        out.say(f"Not yet done: {later}. `govern sweep` does the rest.", important=True)


def _result(
    out: Output,
    done: dict[str, Any],
    index: int,
    purposes: tuple[str, ...],
    sources: tuple[str, ...],
    settled: list[Settled],
    later: str,
    output: Path | None,
) -> None:
    mine = {each.extraction_id for each in settled}
    out.result(
        {
            "index": index,
            "subject": done["subject"],
            "purposes": sorted(purposes) or None,
            "sources": sorted(sources) or None,
            "revoked": [name for name in done["revoked"] if name in mine or later],
            "tombstoned": {name: why for name, why in done["tombstoned"].items() if name in mine},
            "rederived": {name: new for name, new in done["rederived"].items() if name in mine},
            "waiting": done["waiting"],
            "shredded": done["shredded"],
            "later": later or None,
            "receipt": str(output) if output is not None else None,
        }
    )


COMMANDS: tuple[click.Command, ...] = (withdraw,)
