"""`govern keys`: a person's signing key, held only by that person."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.consent_options import subject_option
from govern.cli.context import GlobalOptions, Moment, governed, now_option, passphrase_options, read_passphrase
from govern.cli.keyfiles import KEY, load, witness_of, witness_options
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.passkey import Enrolment


@click.group()
def keys() -> None:
    """Enrol, rotate, lose a person's signing key, or passkey."""


new_key = click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path), help="New key file.")
ssh_key = click.option(
    "--ssh-key",
    "ssh_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead: enrol the ssh-ed25519 key in this private key file; it is read once and not copied.",
)


@keys.command(
    epilog="Example:  govern keys enroll --subject p-4k7q2m9x --out ~/govern.key --witness wc-1 --witness-key wc.key"
)
@subject_option
@new_key
@ssh_key
@witness_options
@passphrase_options
@now_option
@governed
def enroll(
    options: GlobalOptions,
    subject: str,
    path: Path | None,
    ssh_file: Path | None,
    witness: str | None,
    witness_key: Path | None,
    witness_passphrase_file: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Make a key that only its owner can use, and enter its public half in the log.

    The key file is yours: keep it where your employer cannot read it. Whoever has the file and the passphrase can
    agree in your name. A lost key never keeps you in: withdrawing needs none.

    With --witness, an officer who is not of HR signs as well that this is your key. Policies ask for one: an employer
    who runs this machine could otherwise make up a key in your name.

    With --ssh-key, a key that you have speaks for you; consents and releases can be signed with it too.
    """
    from attest import keys as keyfiles
    from consent import keys as enrolment
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    with workspace.log() as log:
        ledger = workspace.ledger(log)
        if not ledger.may_enrol(subject):
            raise UsageError(
                "this person has a key already, or had a passkey",
                "`govern keys rotate` replaces a key; `govern keys lost` if it is lost",
            )
        if ledger.must_be_witnessed(subject) and witness is None:
            raise RefusedError(
                "a key after a loss, or beside a passkey, needs a witness", "give --witness ID and --witness-key FILE"
            )
        watching = witness_of(options, ledger, witness, witness_key, witness_passphrase_file)
        key = _new(options, path, ssh_file, passphrase_file)
        try:
            body = enrolment.enrolment(subject, key, now, watching)
            index, after = counted.append(log, "key.enrolled", f"employee:{subject}", body, now)
        except BaseException:
            if path is not None:
                path.unlink()
            raise
    held = after.key(subject)
    key_id = keyfiles.key_id(keyfiles.public_bytes(key))
    places = " and ".join(str(file) for file in (ssh_file, path) if file is not None)
    out.say(
        f"Key {key_id} enrolled for {subject}, log entry {index}. The private key is in {places}, and nowhere else."
    )
    out.say(f"Witnessed by {witness}." if witness else "Witnessed by nobody: policies may ask for a witness.")
    out.say("Next: read what you are asked, then agree or refuse:")
    out.say(f"  govern consent request --subject {subject} --policy worker_protection")
    out.result(
        {
            "subject": subject,
            "key_id": key_id,
            "index": index,
            "file": str(path or ssh_file),
            "witness": held.witness if held is not None else "",
        }
    )


@keys.command(epilog="Example:  govern keys rotate --subject p-4k7q2m9x --key old.key --out new.key")
@subject_option
@click.option("--key", "key_file", required=True, type=KEY, help="Your key file until now.")
@new_key
@ssh_key
@click.option(
    "--new-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase of the new key.  [default: as for the old one]",
)
@witness_options
@passphrase_options
@now_option
@governed
def rotate(
    options: GlobalOptions,
    subject: str,
    key_file: Path,
    path: Path | None,
    ssh_file: Path | None,
    new_passphrase_file: Path | None,
    witness: str | None,
    witness_key: Path | None,
    witness_passphrase_file: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Put another key in the place of yours: the old one signs the new one.

    What you agreed to stays; from here on the new key speaks for you. A witness of the old key counts for the new one.
    """
    from attest import keys as keyfiles
    from consent import keys as enrolment
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        ledger = workspace.ledger(log)
        held = ledger.key(subject)
        if held is None:
            raise RefusedError("this person has no enrolled key", "`govern keys enroll` enrols one")
        watching = witness_of(options, ledger, witness, witness_key, witness_passphrase_file)
        old = load(options, key_file, passphrase_file)
        if keyfiles.key_id(old) != held.key_id:
            raise RefusedError("this is not the key that the person enrolled", "`govern keys list` shows which one is")
        new = _new(options, path, ssh_file, new_passphrase_file or passphrase_file)
        try:
            body = enrolment.rotation(subject, old, new, now, watching)
            index, _ = counted.append(log, "key.rotated", f"employee:{subject}", body, now)
        except BaseException:
            if path is not None:
                path.unlink()
            raise
    out.say(f"Key {keyfiles.key_id(new)} speaks for {subject} from log entry {index} on.")
    out.result({"subject": subject, "key_id": keyfiles.key_id(new), "index": index, "before": held.key_id})


def _new(
    options: GlobalOptions, path: Path | None, ssh_file: Path | None, passphrase_file: Path | None
) -> Ed25519PrivateKey:
    """Return the key to be enrolled: made anew, or the SSH one; written to a key file where one is named."""
    from attest import keys as keyfiles

    if path is None and ssh_file is None:
        raise UsageError("no key file was named", "add --out FILE for a new key, or --ssh-key FILE for one of yours")
    needed = path is not None or (ssh_file is not None and keyfiles.is_locked(ssh_file))
    passphrase = read_passphrase(options, passphrase_file, confirm=path is not None) if needed else None
    if ssh_file is None:
        key = keyfiles.generate()
    else:
        key = keyfiles.load_ssh(ssh_file, passphrase if keyfiles.is_locked(ssh_file) else None)
    if path is not None:
        keyfiles.save(path, key, passphrase)
    return key


@keys.command(epilog="Example:  govern keys lost --subject p-4k7q2m9x")
@subject_option
@now_option
@governed
def lost(options: GlobalOptions, subject: str, now: datetime) -> None:
    """Log that a key is lost, after two officers, not of HR, have said so: `govern approve key_lost`.

    What it signed stays. Another key can then be enrolled, with a witness. Withdrawing needs no key at all.
    """
    from govern import counted

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        index, _ = counted.append(log, "key.lost", "operator", {"pid": subject}, now)
    out.say(f"The key of {subject} is lost: log entry {index}. It speaks for nobody any more.")
    out.say(f"Next:  govern keys enroll --subject {subject} --out KEYFILE --witness ID --witness-key FILE")
    out.result({"subject": subject, "index": index})


@keys.command(epilog="Example:  govern keys compromised --subject p-4k7q2m9x --since 2026-11-20T00:00:00Z")
@subject_option
@click.option("--since", type=Moment(), metavar="TIME", help="Since when.  [default: ever]")
@now_option
@governed
def compromised(options: GlobalOptions, subject: str, since: datetime | None, now: datetime) -> None:
    """Say that somebody else may have a person's key. Whoever says so is believed.

    Every yes since then is invalid from its beginning; every no and every withdrawal stands. The key speaks for
    nobody any more. For another one, two officers say that it is lost.
    """
    from attest.encoding import to_time
    from govern import counted, stopping

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        before = workspace.ledger(log).quarantined()
        body = {"pid": subject, "since": to_time(since) if since is not None else None}
        index, after = counted.append(log, "key.compromised", "operator", body, now)
        stopping.stop(workspace, log, None, now)
    struck = sorted(after.quarantined() - before)
    out.say(f"The key of {subject} counts as compromised: log entry {index}.")
    out.say(f"Consents now invalid from their beginning: {len(struck)}")
    out.result({"subject": subject, "index": index, "quarantined": struck})


@keys.command(
    epilog="Example:  govern keys passkey p-4k7q2m9x.passkey --witness wc-1 --witness-key wc.key --key my.key"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@witness_options
@click.option("--key", "key_file", type=KEY, metavar="FILE", help="The person's own key file, where they have one.")
@click.option("--yes", is_flag=True, help="Do not ask whether the eight words are the same.")
@passphrase_options
@now_option
@governed
def passkey(
    options: GlobalOptions,
    file: Path,
    witness: str | None,
    witness_key: Path | None,
    witness_passphrase_file: Path | None,
    key_file: Path | None,
    yes: bool,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Enter a passkey in the log, as the officer who is there when it is made.

    FILE is the record that the page made and the new passkey signed. The officer, not of HR, compares the eight words
    with those on the person's screen, and signs the same bytes. Whoever has a key already signs with that too: nobody
    else can add a passkey to it.
    """
    from govern import passkeys

    out = options.output()
    workspace = options.open_workspace()
    enrolment, signatures = passkeys.read_paper(file.read_bytes())
    workspace.identities().person(enrolment.pid)
    with workspace.log() as log:
        ledger = workspace.ledger(log)
        watching = witness_of(options, ledger, witness, witness_key, witness_passphrase_file)
        if watching is None or watching[0] != enrolment.witness:
            raise RefusedError(
                "the record names another witness, or none was given",
                f"give --witness {enrolment.witness} and --witness-key FILE, or make the record anew",
            )
        out.say(f"A passkey for {enrolment.pid}, for use at {enrolment.passkey.origin} only.")
        out.say(f"The eight words:  {passkeys.words(enrolment)}")
        if not yes and not options.no_input and sys.stdin.isatty():
            click.confirm("Are these the words on the person's screen?", abort=True, err=True)
        signatures.append(_countersigned(enrolment, watching[1]))
        if key_file is not None:
            signatures.append(_countersigned(enrolment, load(options, key_file, passphrase_file)))
        index, _ = passkeys.enrol(log, enrolment, signatures, now)
    key_id = enrolment.passkey.key_id
    out.say(f"Passkey {key_id} enrolled for {enrolment.pid}, log entry {index}, witnessed by {enrolment.witness}.")
    out.result(
        {
            "subject": enrolment.pid,
            "key_id": key_id,
            "index": index,
            "origin": enrolment.passkey.origin,
            "witness": enrolment.witness,
            "words": passkeys.words(enrolment),
        }
    )


def _countersigned(enrolment: Enrolment, key: Ed25519PrivateKey) -> dict[str, Any]:
    from attest import keys as keyfiles
    from govern import passkeys

    return passkeys.countersign(enrolment, keyfiles.key_id(key), key)


@keys.command(epilog="Example:  govern keys end --subject p-4k7q2m9x --passkey webauthn:6f1c...")
@subject_option
@click.option("--passkey", "key_id", required=True, metavar="ID", help="The passkey, as `govern keys list` shows it.")
@now_option
@governed
def end(options: GlobalOptions, subject: str, key_id: str, now: datetime) -> None:
    """End one passkey: a lost phone, an old laptop. Whoever says so is believed; what it signed stays.

    The person's other keys and passkeys go on. If somebody else may have used it, say `govern keys compromised`.
    """
    from govern import passkeys

    out = options.output()
    with options.open_workspace().log() as log:
        index = passkeys.end(log, subject, key_id, now)
    out.say(f"Passkey {key_id} of {subject} has ended: log entry {index}. It speaks for nobody any more.")
    out.result({"subject": subject, "key_id": key_id, "index": index})


@keys.command("list", epilog="Example:  govern keys list")
@governed
def list_(options: GlobalOptions) -> None:
    """List the enrolled keys, and the passkeys."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        ledger = workspace.ledger(log)
    people = [p.pid for p in workspace.identities().people]
    rows = [(pid, k) for pid in people if (k := ledger.key(pid)) is not None]
    passkeys = [(pid, k, k.passkey) for pid in people for k in ledger.passkeys(pid) if k.passkey is not None]
    shown = [*rows, *((pid, key) for pid, key, _ in passkeys)]
    out.table(
        [
            ("person", "key", "entry", "witnessed by"),
            *((pid, key.key_id, key.index, key.witness or "nobody") for pid, key in shown),
        ]
    )
    out.result(
        {
            "keys": [
                {
                    "subject": pid,
                    "key_id": key.key_id,
                    "index": key.index,
                    "witness": key.witness,
                    "before": [held.key_id for held in ledger.keys(pid)[:-1]],
                }
                for pid, key in rows
            ],
            "passkeys": [
                {
                    "subject": pid,
                    "key_id": key.key_id,
                    "index": key.index,
                    "witness": key.witness,
                    "origin": pinned.origin,
                }
                for pid, key, pinned in passkeys
            ],
        }
    )
