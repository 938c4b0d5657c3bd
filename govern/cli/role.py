"""`govern role`: the officers whose signatures count: HR, data protection, works council, auditor, authority."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options, read_passphrase
from govern.cli.keyfiles import KEY, officer, officer_key, witness_of, witness_options
from govern.errors import UsageError

ROLES = ("hr", "dpo", "works_council", "auditor", "authority")


@click.group()
def role() -> None:
    """Enrol the officers who approve, witness and invalidate."""


holder_option = click.option("--holder", required=True, metavar="ID", help="Id of the officer: dpo-1.")


@role.command(epilog="Example:  govern role enroll --holder dpo-1 --role dpo --out dpo.key")
@holder_option
@click.option("--role", "name", required=True, type=click.Choice(ROLES), help="The one role of this officer.")
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path), help="New key file.")
@click.option(
    "--ssh-key",
    "ssh_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead: the ssh-ed25519 key in this private key file; it is read once and not copied.",
)
@witness_options
@passphrase_options
@now_option
@governed
def enroll(
    options: GlobalOptions,
    holder: str,
    name: str,
    path: Path | None,
    ssh_file: Path | None,
    witness: str | None,
    witness_key: Path | None,
    witness_passphrase_file: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Make an officer's key, and enter its public half in the log.

    With --witness, an officer who is not of HR signs as well that this is who they know: without one, whoever runs
    this machine could make up an officer. The first officers have nobody to witness them; compare their key ids by
    another way.
    """
    from attest import enrolment, keys
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    if (path is None) == (ssh_file is None):
        raise UsageError("name one key file", "--out FILE for a new key, or --ssh-key FILE for one that you have")
    with workspace.log() as log:
        watching = witness_of(options, workspace.ledger(log), witness, witness_key, witness_passphrase_file)
        if ssh_file is not None:
            locked = keys.is_locked(ssh_file)
            key = keys.load_ssh(ssh_file, read_passphrase(options, passphrase_file) if locked else None)
        else:
            key = keys.generate()
        body = enrolment.role_body(holder, name, key, now, watching)
        enrolment.check_role(body, None if watching is None else keys.public_bytes(watching[1]))
        if path is not None:
            keys.save(path, key, read_passphrase(options, passphrase_file, confirm=True))
        try:
            index, _ = counted.append(log, "role.enrolled", f"{name}:{holder}", body, now)
        except BaseException:
            if path is not None:
                path.unlink()
            raise
    by = f", witnessed by {witness}" if witness else ", witnessed by nobody"
    out.say(f"{holder} is {name}: key {keys.key_id(key)}, log entry {index}{by}.")
    out.result({"holder": holder, "role": name, "key_id": keys.key_id(key), "index": index, "witness": witness or ""})


@role.command("list", epilog="Example:  govern role list")
@governed
def list_(options: GlobalOptions) -> None:
    """List the officers in office."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        officers = workspace.ledger(log).officers()
    rows = [(o.holder, o.role, o.key_id, o.index, o.witness or "nobody") for o in officers]
    rows += [(o.holder, o.role, key.key_id, key.index, "the key above") for o in officers for key in o.passkeys]
    out.table([("officer", "role", "key", "entry", "witnessed by"), *rows])
    out.result(
        {
            "officers": [
                {
                    "holder": o.holder,
                    "role": o.role,
                    "key_id": o.key_id,
                    "index": o.index,
                    "witness": o.witness,
                    "passkeys": [{"key_id": key.key_id, "index": key.index} for key in o.passkeys],
                }
                for o in officers
            ]
        }
    )


@role.command(epilog="Example:  govern role passkey wc-1.passkey --key wc.key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--key", "key_file", required=True, type=KEY, metavar="FILE", help="The officer's key file.")
@click.option("--yes", is_flag=True, help="Do not ask whether the eight words are the same.")
@passphrase_options
@now_option
@governed
def passkey(
    options: GlobalOptions, file: Path, key_file: Path, yes: bool, passphrase_file: Path | None, now: datetime
) -> None:
    """Enter a passkey of an officer in the log, beside the key of the office.

    FILE is the record that the page made and the new passkey signed. The officer compares the eight words with those on
    the screen, and signs the same bytes with the key file. From then on the passkey witnesses and approves on the page.
    """
    from attest import keys
    from govern import office_passkeys

    out = options.output()
    workspace = options.open_workspace()
    record, signatures = office_passkeys.read_paper(file.read_bytes())
    with workspace.log() as log:
        held = officer(workspace.ledger(log), record.holder)
        key = officer_key(options, held, key_file, passphrase_file)
        out.say(f"A passkey for {held.holder} ({held.role}), for use at {record.passkey.origin} only.")
        out.say(f"The eight words:  {office_passkeys.words(record)}")
        if not yes and not options.no_input and sys.stdin.isatty():
            click.confirm("Are these the words on your screen?", abort=True, err=True)
        signatures.append(office_passkeys.countersign(record, keys.key_id(key), key))
        index = office_passkeys.enrol(log, held, record, signatures, now)
    key_id = record.passkey.key_id
    out.say(f"Passkey {key_id} enrolled for {held.holder}, log entry {index}.")
    out.result({"holder": held.holder, "key_id": key_id, "index": index, "origin": record.passkey.origin})


@role.command(epilog="Example:  govern role end --holder hr-1")
@holder_option
@click.option("--passkey", "key_id", metavar="ID", help="End this passkey only: a lost phone.")
@now_option
@governed
def end(options: GlobalOptions, holder: str, key_id: str | None, now: datetime) -> None:
    """End a role: the officer's approvals are no longer in force. Taking it up again needs a witness.

    With --passkey only that passkey ends; the role goes on, and what it signed stays.
    """
    from govern import counted, office_passkeys

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        if key_id is not None:
            index = office_passkeys.end(log, holder, key_id, now)
            out.say(f"The passkey does not speak for {holder} any more: log entry {index}.")
            out.result({"holder": holder, "key_id": key_id, "index": index})
            return
        index, _ = counted.append(log, "role.ended", "operator", {"holder": holder}, now)
    out.say(f"{holder} holds no role any more: log entry {index}.")
    out.result({"holder": holder, "index": index})
