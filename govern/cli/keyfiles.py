"""Private keys that a command is given: options, passphrases, and the word of a witness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govern.cli.context import GlobalOptions, read_passphrase
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent.approvals import Officer
    from consent.ledger import Ledger

F = TypeVar("F", bound=Callable[..., Any])

KEY = click.Path(dir_okay=False, path_type=Path)


def witness_options(command: F) -> F:
    """Add `--witness`, `--witness-key` and `--witness-passphrase-file`."""
    for decorator in (
        click.option(
            "--witness-passphrase-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="File whose first line is the passphrase of the witness's key.",
        ),
        click.option("--witness-key", type=KEY, metavar="FILE", help="Key file of the witness."),
        click.option("--witness", metavar="ID", help="Officer, not of HR, who is there and signs too."),
    ):
        command = decorator(command)
    return command


def load(options: GlobalOptions, path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Return the key in a file, ours or OpenSSH's; a passphrase is read only where the file needs one."""
    from attest import keys

    return keys.load(path, read_passphrase(options, passphrase_file) if keys.is_locked(path) else None)


def witness_of(
    options: GlobalOptions, ledger: Ledger, named: str | None, path: Path | None, passphrase_file: Path | None
) -> tuple[str, Ed25519PrivateKey] | None:
    """Return id and key of the witness that was named, or None where none was.

    Raises:
        UsageError: Only one of name and key was given.
        RefusedError: There is no such officer, or it is HR, or the key is another one.
    """
    if named is None and path is None:
        return None
    if named is None or path is None:
        raise UsageError("a witness needs a name and a key", "give both --witness ID and --witness-key FILE")
    found = officer(ledger, named)
    if found.role == "hr":
        raise RefusedError(
            "HR cannot be the witness", "whoever asks does not also watch: `govern role list` shows who else there is"
        )
    return named, officer_key(options, found, path, passphrase_file)


def officer(ledger: Ledger, holder: str) -> Officer:
    """Return an officer in office.

    Raises:
        RefusedError: There is none with this id.
    """
    found = ledger.officer(holder)
    if found is None:
        raise RefusedError(f"there is no officer {holder}", "`govern role list` shows who holds which role")
    return found


def officer_key(options: GlobalOptions, held: Officer, path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """Return the key in a file if it is the one that the officer enrolled.

    Raises:
        RefusedError: It is another one.
    """
    from attest import keys

    key = load(options, path, passphrase_file)
    if keys.key_id(key) != held.key_id:
        raise RefusedError("this is not the key that the officer enrolled", "`govern role list` shows which one is")
    return key
