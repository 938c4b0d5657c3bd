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
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path), help="New key file.")
@click.option(
    "--ssh-key",
    "ssh_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead: enrol the ssh-ed25519 key in this private key file; it is read once and not copied.",
)
@passphrase_options
@now_option
@governed
def enroll(
    options: GlobalOptions,
    subject: str,
    path: Path | None,
    ssh_file: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Make a key that only its owner can use, and enter its public half in the log.

    The key file is yours: keep it where your employer cannot read it. Whoever has the file and the passphrase can
    agree in your name. A lost key never keeps you in: withdrawing needs none.

    With --ssh-key, a key that you have speaks for you: responses can then be signed with ssh-keygen. Consents and
    releases still take a key file, which --out beside --ssh-key makes from the same key.
    """
    from attest import keys as keyfiles
    from consent import keys as enrolment

    out = options.output()
    workspace = options.open_workspace()
    if path is None and ssh_file is None:
        raise UsageError("no key file was named", "add --out FILE for a new key, or --ssh-key FILE for one of yours")
    workspace.identities().person(subject)
    key = keyfiles.generate() if ssh_file is None else keyfiles.load_ssh(ssh_file)
    passphrase = read_passphrase(options, passphrase_file, confirm=True) if path is not None else None
    with workspace.log() as log:
        if workspace.ledger(log).key(subject) is not None:
            raise UsageError("this person has a key already", "rotating a key is not built yet in this version")
        if path is not None:
            keyfiles.save(path, key, passphrase)
        try:
            index = workspace.append(
                log, "key.enrolled", f"employee:{subject}", enrolment.enrolment(subject, key, now), now
            )
        except BaseException:
            if path is not None:
                path.unlink()
            raise
    key_id = keyfiles.key_id(keyfiles.public_bytes(key))
    places = " and ".join(str(file) for file in (ssh_file, path) if file is not None)
    out.say(
        f"Key {key_id} enrolled for {subject}, log entry {index}. The private key is in {places}, and nowhere else."
    )
    out.say("Next: read what you are asked, then agree or refuse:")
    out.say(f"  govern consent request --subject {subject} --policy worker_protection")
    out.result({"subject": subject, "key_id": key_id, "index": index, "file": str(path or ssh_file)})


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
