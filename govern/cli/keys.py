"""`govern keys`: a person's signing key, held only by that person."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options, read_passphrase
from govern.errors import UsageError


@click.group()
def keys() -> None:
    """Enrol a person's signing key."""


@keys.command(epilog="Example:  govern keys enroll --subject p-4k7q2m9x --out ~/govern.key")
@click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
@click.option("--out", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="New key file.")
@passphrase_options
@now_option
@governed
def enroll(options: GlobalOptions, subject: str, path: Path, passphrase_file: Path | None, now: datetime) -> None:
    """Make a key that only its owner can use, and enter its public half in the log.

    The key file is yours: keep it where your employer cannot read it. Whoever has the file and the passphrase can
    agree in your name. A lost key never keeps you in: withdrawing needs none.
    """
    from attest import keys as keyfiles
    from consent import keys as enrolment

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    passphrase = read_passphrase(options, passphrase_file, confirm=True)
    key = keyfiles.generate()
    with workspace.log() as log:
        if workspace.ledger(log).key(subject) is not None:
            raise UsageError("this person has a key already", "rotating a key is not built yet in this version")
        keyfiles.save(path, key, passphrase)
        try:
            index = workspace.append(
                log, "key.enrolled", f"employee:{subject}", enrolment.enrolment(subject, key, now), now
            )
        except BaseException:
            path.unlink()
            raise
    key_id = keyfiles.key_id(keyfiles.public_bytes(key))
    out.say(f"Key {key_id} enrolled for {subject}, log entry {index}. The private key is in {path}, and nowhere else.")
    out.say("Next: read what you are asked, then agree or refuse:")
    out.say(f"  govern consent request --subject {subject} --policy worker_protection")
    out.result({"subject": subject, "key_id": key_id, "index": index, "file": str(path)})


@keys.command("list")
@governed
def list_(options: GlobalOptions) -> None:
    """List the enrolled keys."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        ledger = workspace.ledger(log)
    rows = [(p.pid, k.key_id, k.index) for p in workspace.identities().people if (k := ledger.key(p.pid)) is not None]
    out.table([("person", "key", "entry"), *rows])
    out.result({"keys": [{"subject": pid, "key_id": key_id, "index": index} for pid, key_id, index in rows]})
