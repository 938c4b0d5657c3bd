"""`govern consent receipt`: what the person signed, and the proof that it is in the log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError


@click.command()
@subject_option
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write the receipt's JSON to a file."
)
@now_option
@governed
def receipt(options: GlobalOptions, subject: str, output: Path | None, now: datetime) -> None:
    """Give the person their receipt: what they signed, and the proof that it is in the log."""
    import json

    from attest.files import replace_file
    from consent import receipt as receipts

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    with workspace.log() as log:
        index = workspace.ledger(log).latest(subject)
        if index is None:
            raise UsageError("there is nothing to give a receipt for", "`govern consent status` shows what the log has")
        note = workspace.sign(log)
        made = receipts.receipt(log.entry(index), log.proof(index, note).to_bytes(), workspace.log_vkey)
    out.say(made.text)
    if output is not None:
        replace_file(output, (json.dumps(made.document, indent=2, ensure_ascii=False) + "\n").encode())
        out.say(f"Written to {output}")
    out.result(made.document)


COMMANDS: tuple[click.Command, ...] = (receipt,)
