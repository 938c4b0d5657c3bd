"""`govern subject erase`: destroy what ties the log to a person's records, and make again or end what rests on them."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from govern.cli.context import GlobalOptions, governed, now_option

#: What no salt reaches, said each time.
KEPT = (
    "copies of skills that were released: every copy keeps the redacted words in it, until its holder deletes it",
    "drafts that are still lying about outside the workspace: delete the files",
    "the sources themselves, and backups of the vault: whoever keeps them must delete them",
    "the log: it names you by pseudonym only, and cannot be shortened; the people file links the pseudonym to you",
    "answers that you were given: they hold the salts of the records that you asked about",
)


@click.command(epilog="Example:  govern subject erase --subject p-4k7q2m9x")
@click.option(
    "--subject",
    "named",
    required=True,
    metavar="PID",
    help="Pseudonymous id, as in the people file; or the mail address of somebody who is not in it.",
)
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@now_option
@governed
def erase(options: GlobalOptions, named: str, yes: bool, now: datetime) -> None:
    """Destroy the salts of every record in which a person appears. It cannot be undone.

    From then on nobody can tell from tree, log or workspace whether a message was among the records, even with the
    message in hand. All trees and proofs stay valid: they hold commitments that open nothing any more. Skills and
    drafts that rest on these records are revoked at once; `govern sweep` makes them again without, or ends them.
    """
    from govern import erasure, stopping, subjects

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, named)
        if not yes and not options.no_input and sys.stdin.isatty():
            click.confirm("This cannot be undone. Erase?", abort=True, err=True)
        erased = erasure.erase(workspace, log, vault, who.filed, now)
        revoked = stopping.stop(workspace, log, vault, now)
    total = sum(erased.records.values())
    out.say(f"Salts destroyed: {total} records in {len(erased.records)} extractions.")
    if erased.indexes:
        out.say(f"Logged as entry {', '.join(map(str, erased.indexes))}, without naming the person.")
    out.say(f"Skills and drafts revoked: {len(revoked)}")
    if revoked:
        out.say("To make them again without these records, or end them:  govern sweep")
    out.say("Not erased by this:")
    for line in KEPT:
        out.say(f"  - {line}")
    out.result(
        {
            "records": total,
            "extractions": erased.records,
            "indexes": list(erased.indexes),
            "revoked": revoked,
            "kept": list(KEPT),
        }
    )
