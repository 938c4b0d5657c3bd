"""Cosignatures (C2SP tlog-cosignature): a witness's dated Ed25519 signature over a checkpoint that it found consistent.

Only `cosignature/v1` with Ed25519 is read and made. Lines of other types, those with ML-DSA among them, are signatures
by unknown keys, as C2SP signed-note wants it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest import checkpoint as checkpoints
from attest.encoding import MAX_NUMBER
from attest.errors import FormatError, SignatureError
from attest.keys import public_bytes
from attest.note import check_name, from_vkey, key_hash, signature_line, split, to_vkey

COSIGNATURE = 0x04
"""Signature type of timestamped Ed25519 cosignatures (C2SP signed-note, "Signature types")."""

_SIZE = 8 + 64
"""A big-endian 64-bit timestamp, then the signature."""

_LAST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
"""Beyond this there is no date to show; the format would allow 2^63 - 1."""


def signed_message(timestamp: int, text: str) -> bytes:
    """Return what a cosigner signs: two lines that no checkpoint begins with, then the checkpoint's text."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness's public key under the name that it cosigns with.

    Attributes:
        name: The key's name.
        public: Its 32 bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what is not a name and a key."""
        check_name(self.name)
        if len(self.public) != 32:
            raise FormatError("an Ed25519 public key has 32 bytes")

    @classmethod
    def from_vkey(cls, vkey: str) -> Cosigner:
        """Read a key in the form `NAME+HASH+KEY`.

        Raises:
            FormatError: The text is not such a key, or not a key for Ed25519 cosignatures.
        """
        name, kind, public = from_vkey(vkey)
        if kind != COSIGNATURE or len(public) != 32:
            raise FormatError("a witness's key is not a key for Ed25519 cosignatures (type 04)")
        return cls(name, public)

    @property
    def hash(self) -> bytes:
        """The 4 bytes that, with the name, tell which key made a signature."""
        return key_hash(self.name, COSIGNATURE, self.public)

    @property
    def vkey(self) -> str:
        """The key in the form `NAME+HASH+KEY`."""
        return to_vkey(self.name, COSIGNATURE, self.public)

    def verify(self, text: str, signature: bytes) -> int:
        """Check a timestamped signature over a checkpoint's text.

        Args:
            text: The checkpoint's text.
            signature: What stands behind the key's hash in the signature line.

        Returns:
            The time that it states, in seconds since 1970.

        Raises:
            SignatureError: It is wrong.
        """
        if len(signature) != _SIZE:
            raise SignatureError("a cosignature by a known witness has another length than 72 bytes")
        (timestamp,) = struct.unpack(">Q", signature[:8])
        if timestamp > MAX_NUMBER:
            raise SignatureError("a cosignature by a known witness states a time beyond 2^63 - 1")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature[8:], signed_message(timestamp, text))
        except (InvalidSignature, ValueError):
            raise SignatureError("a cosignature by a known witness is wrong") from None
        return int(timestamp)


class CosignatureSigner:
    """A witness's private key under the name that it cosigns with.

    The signed message does not name the cosigner, so one key must not serve under two names, nor be a log's key too.

    Args:
        name: The key's name.
        private_key: The key.
    """

    __slots__ = ("_private", "cosigner")

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.cosigner = Cosigner(name, public_bytes(private_key))
        self._private = private_key

    def line(self, text: str, timestamp: int) -> str:
        """Cosign a checkpoint's text and return the signature line, newline included.

        Raises:
            FormatError: The text is not a checkpoint, or no such time can be stated.
        """
        checkpoints.parse(text)
        if not 0 <= timestamp <= _LAST:
            raise FormatError("the time of a cosignature is out of range")
        signature = struct.pack(">Q", timestamp) + self._private.sign(signed_message(timestamp, text))
        return signature_line(self.cosigner.name, self.cosigner.hash, signature)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature.

    Attributes:
        cosigner: Whose.
        timestamp: The time that it states, in seconds since 1970.
        line: The signature line, newline included.
    """

    cosigner: Cosigner
    timestamp: int
    line: str

    @property
    def at(self) -> datetime:
        """The time that it states; the last moment of the year 9999 for all that lies beyond."""
        return datetime.fromtimestamp(min(self.timestamp, _LAST), UTC)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The cosignatures of a checkpoint.

    Attributes:
        text: The checkpoint's text.
        cosignatures: Those by known cosigners, each verified, the newest of each, in the order in which the cosigners
            were given.
        unknown: Number of the other signatures, the log's own among them; they were not looked at.
    """

    text: str
    cosignatures: tuple[Cosignature, ...]
    unknown: int


def open_cosigned(note: bytes, cosigners: Sequence[Cosigner]) -> Cosigned:
    """Verify the cosignatures on a checkpoint; the log's own signature is not looked at here.

    Args:
        note: The signed note.
        cosigners: The witnesses that are trusted.

    Raises:
        FormatError: The bytes are not a note.
        SignatureError: A signature under the name and hash of a known cosigner is wrong.
    """
    known: dict[tuple[str, bytes], Cosigner] = {}
    for cosigner in cosigners:
        if known.setdefault((cosigner.name, cosigner.hash), cosigner) != cosigner:
            raise ValueError("two witnesses' keys share their name and hash")
    text, signatures = split(note)
    found: dict[Cosigner, Cosignature] = {}
    unknown = 0
    for name, key, signature in signatures:
        by = known.get((name, key))
        if by is None:
            unknown += 1
            continue
        timestamp = by.verify(text, signature)
        if by not in found or timestamp > found[by].timestamp:
            found[by] = Cosignature(by, timestamp, signature_line(name, key, signature))
    return Cosigned(text, tuple(found[by] for by in known.values() if by in found), unknown)
