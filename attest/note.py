"""Signed notes (C2SP signed-note): a text and the Ed25519 signatures of the keys that stand for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, SignatureError
from attest.keys import public_bytes

ED25519 = 0x01
"""Signature type of plain Ed25519 (C2SP signed-note, "Signature types")."""

MAX_NOTE = 1 << 20
MAX_SIGNATURES = 100
"""The specification asks for at least 16; the checksum database of Go accepts 100."""

_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def check_name(name: str) -> None:
    """Check a key name: not empty, no spaces, no plus (C2SP signed-note, "Format"), no control characters.

    Raises:
        FormatError: It is not one.
    """
    if not name or "+" in name or not name.isprintable() or any(char.isspace() for char in name):
        raise FormatError("a key name is empty, or holds a space, a plus or a control character")


def key_hash(name: str, kind: int, public: bytes) -> bytes:
    """Return the 4 bytes that, with the name, tell which key made a signature (C2SP signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def to_vkey(name: str, kind: int, public: bytes) -> str:
    """Write a key in the form `NAME+HASH+KEY` that Go's checksum database uses."""
    return f"{name}+{key_hash(name, kind, public).hex()}+{to_base64(bytes([kind]) + public)}"


def from_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Read a key in the form `NAME+HASH+KEY`: its name, its signature type, its bytes.

    Raises:
        FormatError: The text is not such a key, or its hash is not that of name and key.
    """
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise FormatError("a verifier key is not written like NAME+HASH+KEY")
    name, stated, encoded = parts
    check_name(name)
    key = from_base64(encoded)
    if not key:
        raise FormatError("a verifier key is empty")
    if key_hash(name, key[0], key[1:]).hex() != stated:
        raise FormatError("the hash in a verifier key is not that of its name and key")
    return name, key[0], key[1:]


def signature_line(name: str, key: bytes, signature: bytes) -> str:
    """Write a signature line, newline included.

    Args:
        name: The key's name.
        key: The 4 bytes of `key_hash`.
        signature: What the key made.
    """
    return f"{_MARK}{name} {to_base64(key + signature)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the name that it signs with.

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
    def from_vkey(cls, vkey: str) -> Verifier:
        """Read a key in the form `NAME+HASH+KEY` that Go's checksum database uses.

        Raises:
            FormatError: The text is not such a key, or its hash is not that of name and key.
        """
        name, kind, public = from_vkey(vkey)
        if kind != ED25519 or len(public) != 32:
            raise FormatError("a verifier key is not an Ed25519 key")
        return cls(name, public)

    @property
    def hash(self) -> bytes:
        """The 4 bytes that, with the name, tell which key made a signature."""
        return key_hash(self.name, ED25519, self.public)

    @property
    def vkey(self) -> str:
        """The key in the form `NAME+HASH+KEY`."""
        return to_vkey(self.name, ED25519, self.public)

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check a bare signature over a note's text.

        Raises:
            SignatureError: It is wrong.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            raise SignatureError("a signature by a known key is wrong") from None


class NoteSigner:
    """A private key under the name that it signs with.

    Args:
        name: The key's name; for a log, its origin.
        private_key: The key.
    """

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.verifier = Verifier(name, public_bytes(private_key))
        self._private = private_key

    @property
    def name(self) -> str:
        """The key's name."""
        return self.verifier.name

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """The key itself, for the other formats that the same key signs."""
        return self._private

    def signature_line(self, text: str) -> str:
        """Sign a text and return the signature line, newline included."""
        return signature_line(self.name, self.verifier.hash, self._private.sign(text.encode()))


@dataclass(frozen=True, slots=True)
class Note:
    """A note that at least one known key stands for.

    Attributes:
        text: The text, final newline included.
        signers: The known keys whose signatures were verified, in the order given to `open_note`.
        unknown: Number of signatures by keys that are not known; they say nothing.
    """

    text: str
    signers: tuple[Verifier, ...]
    unknown: int


def sign(text: str, signers: Sequence[NoteSigner]) -> bytes:
    """Sign a text with one or more keys.

    Raises:
        FormatError: The text does not end in a newline, or holds control characters.
    """
    if not signers:
        raise ValueError("a note needs a signature")
    _check_text(text)
    return (text + "\n" + "".join(signer.signature_line(text) for signer in signers)).encode()


def open_note(data: bytes, verifiers: Sequence[Verifier]) -> Note:
    """Verify a note and return its text.

    Args:
        data: The note.
        verifiers: The keys that are trusted.

    Raises:
        FormatError: The bytes are not a note.
        SignatureError: A signature under the name and hash of a known key is wrong, or no known key signed.
    """
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.hash), verifier) != verifier:
            raise ValueError("two verifier keys share their name and hash")
    text, signatures = split(data)
    verified: set[Verifier] = set()
    unknown = 0
    for name, key, signature in signatures:
        by = known.get((name, key))
        if by is None:
            unknown += 1
            continue
        by.verify(text.encode(), signature)
        verified.add(by)
    if not verified:
        raise SignatureError("no known key signed the note")
    return Note(text, tuple(verifier for verifier in known.values() if verifier in verified), unknown)


def text_of(data: bytes) -> str:
    """Return the text of a note without verifying it; only for notes from one's own store.

    Raises:
        FormatError: The bytes are not a note.
    """
    return split(data)[0]


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise FormatError("a note's text does not end in a newline, or holds control characters")


def split(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Split a note into its text and (name, hash, signature) of each signature line; none of it is verified.

    Raises:
        FormatError: The bytes are not a note.
    """
    if len(data) > MAX_NOTE:
        raise FormatError("a note is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("a note is not UTF-8") from None
    _check_text(whole)
    # "The text is separated from the signatures by the last empty line in the note."
    body, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail:
        raise FormatError("a note has no signatures")
    # split and not splitlines: the latter also breaks at U+2028 and its like.
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise FormatError("a note has too many signatures")
    signatures = []
    for line in lines:
        name, space, encoded = line.removeprefix(_MARK).partition(" ")
        if not line.startswith(_MARK) or not space:
            raise FormatError("a signature line is not in form")
        check_name(name)
        raw = from_base64(encoded)
        if len(raw) < 5:
            raise FormatError("a signature is too short")
        signatures.append((name, raw[:4], raw[4:]))
    return body + "\n", signatures
