"""Ed25519 private keys in files, and the ids of public keys."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest.errors import KeyFileError
from attest.files import create_file

MAX_KEY_FILE = 64 * 1024

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"

AnyKey = Ed25519PrivateKey | Ed25519PublicKey | bytes


def generate() -> Ed25519PrivateKey:
    """Make a new private key from the operating system's randomness."""
    return Ed25519PrivateKey.generate()


def public_bytes(key: AnyKey) -> bytes:
    """Return the 32 bytes of a public key (RFC 8032 §5.1.5), from a private key, a public key, or themselves."""
    if isinstance(key, bytes):
        if len(key) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        return key
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(key: AnyKey) -> str:
    """Return the id of a public key: `ed25519:` and the first 32 hexadecimal digits of its SHA-256."""
    return "ed25519:" + hashlib.sha256(public_bytes(key)).hexdigest()[:32]


def save(path: Path, key: Ed25519PrivateKey, passphrase: bytes | None) -> None:
    """Write a private key as PKCS#8 PEM, readable by its owner only. An existing file is never replaced.

    Args:
        path: Where to.
        key: The key.
        passphrase: Encrypts the file; None leaves it in the clear.

    Raises:
        KeyFileError: The file exists, or cannot be written.
    """
    if passphrase is not None and not passphrase:
        raise KeyFileError("the passphrase is empty", "leave it out, or give one")
    encryption = (
        serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase)
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    try:
        create_file(path, pem, mode=0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists", "a key is never overwritten: choose another name") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from None


def is_locked(path: Path) -> bool:
    """Say whether a private key file, of ours or of OpenSSH, can be read with a passphrase only.

    Raises:
        KeyFileError: The file cannot be read.
    """
    data = _read(path)
    if _OPENSSH not in data:
        return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    try:
        serialization.load_ssh_private_key(data, None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        # What cannot be read at all is said by whoever reads it.
        return False
    return False


def load_ssh(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read an ssh-ed25519 private key as `ssh-keygen` writes it.

    Raises:
        KeyFileError: The file is missing, locked, or not such a key.
    """
    data = _read(path)
    try:
        key = serialization.load_ssh_private_key(data, passphrase)
    except TypeError:
        locked = passphrase is None
        raise KeyFileError(
            f"{path} is {'' if locked else 'not '}protected by a passphrase",
            "give the passphrase" if locked else "leave the passphrase out",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None:
            raise KeyFileError(
                f"the passphrase does not open {path}, or the file is damaged",
                "try again; a lost passphrase cannot be recovered, and withdrawing needs no key",
            ) from None
        raise KeyFileError(
            f"{path} is not an SSH private key that can be read", "expected what `ssh-keygen -t ed25519` writes"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is an SSH key of another kind than Ed25519")
    return key


def load(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read a private key that `save`, `openssl genpkey -algorithm ed25519` or `ssh-keygen -t ed25519` wrote.

    Raises:
        KeyFileError: The file is missing, is not a private key, is of another kind, or the passphrase does not fit.
    """
    pem = _read(path)
    if _OPENSSH in pem:
        return load_ssh(path, passphrase)
    locked = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem
    if len(pem) > MAX_KEY_FILE or not (locked or b"-----BEGIN PRIVATE KEY-----" in pem):
        raise KeyFileError(f"{path} is not a private key file", "expected a PEM file that begins with PRIVATE KEY")
    if locked and not passphrase:
        raise KeyFileError(f"{path} is protected by a passphrase", "give the passphrase")
    if not locked and passphrase:
        raise KeyFileError(f"{path} is not protected by a passphrase", "leave the passphrase out")
    try:
        key = serialization.load_pem_private_key(pem, passphrase if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise KeyFileError(
                f"the passphrase does not open {path}, or the file is damaged",
                "try again; a lost passphrase cannot be recovered, and withdrawing needs no key",
            ) from None
        raise KeyFileError(f"{path} is damaged") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is a private key of another kind than Ed25519")
    return key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
