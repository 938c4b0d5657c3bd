"""`govern audit answer`: check offline what a person was answered, or everything that they were given about them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed
from govern.errors import VerificationError


@click.command(epilog="Example:  govern audit answer answer.json --log-key log.vkey --message mail.eml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--log-key", required=True, metavar="KEY", help="The log's key, or a file with it; never from FILE.")
@click.option(
    "--message",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The raw message that was asked about: the answer must open to exactly its bytes.",
)
@governed
def answer(options: GlobalOptions, file: Path, log_key: str, message: Path | None) -> None:
    """Check an answer of `govern subject taken`, a zip of `govern subject export`, or a receipt of a withdrawal.

    Needs no workspace and no network. Exit code 4 when any proof fails.
    """
    from attest import answers, dossier
    from govern import receipts
    from govern.cli.audit import read_log_key, read_skill
    from govern.cli.subject_taken import answer_document, show_answer

    out = options.output()
    data, key = read_skill(file), read_log_key(log_key)
    if receipts.is_receipt(data):
        done = receipts.verify(data, key)
        out.say(done.text)
        out.say(f"Every proof holds: {done.origin}, log size {done.log_size}.")
        out.say("Not proven: that copies outside the workspace were deleted. Whoever holds one must do that.")
        out.result({"ok": True, **done.document})
        return
    made = None
    if data.startswith(b"PK"):
        made = dossier.verify(data, key)
        found = made.answer
        kinds = sorted({event.type for event in made.entries.values()})
        out.say(f"{len(made.entries)} log entries about {made.pid}, each in the log: {', '.join(kinds) or 'none'}")
        out.say(f"{len(made.statements)} skill statements, each one that the log knows")
    else:
        found = answers.verify(data, key)
    if message is not None and (not found.found or hashlib.sha256(message.read_bytes()).hexdigest() != found.record):
        raise VerificationError(
            "the answer is not about this message", "compare with the raw message, byte by byte as it was exported"
        )
    show_answer(out, found)
    out.say(f"Every proof holds: {found.origin}, log size {made.log_size if made else found.log_size}.")
    out.say("Not proven: that no other record about the person was read. What the log does not hold it cannot show.")
    out.result({"ok": True, "entries": len(made.entries) if made else 0, **answer_document(found)})
