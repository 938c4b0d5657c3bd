"""Signatures in OpenSSH's form (PROTOCOL.sshsig), Ed25519 only, so that people can sign with the key that they have.

`ssh-keygen -Y sign -f KEY -n NAMESPACE FILE` writes them, `ssh-keygen -Y verify` reads them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest.encoding import to_base64
from attest.errors import FormatError, SignatureError
from attest.keys import public_bytes

MAX_ARMOR = 16 * 1024
KEY_TYPE = b"ssh-ed25519"
HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}

_MAGIC = b"SSHSIG"
_VERSION = 1
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_WIDTH = 70


@dataclass(frozen=True, slots=True)
class SshSignature:
    """A signature with all that it says of itself; none of it is checked before `verify`.

    Attributes:
        public: The 32 bytes of the key that it names.
        namespace: What the signature is for, so that one made for something else does not count here.
        hash_name: `sha256` or `sha512`, over the message.
        signature: The 64 bytes.
    """

    public: bytes
    namespace: str
    hash_name: str
    signature: bytes

    def verify(self, message: bytes, public: bytes, namespace: str) -> None:
        """Check the signature over a message.

        Args:
            message: The exact bytes that were signed.
            public: The key that must have signed, from somewhere else than the signature.
            namespace: The only namespace that counts.

        Raises:
            SignatureError: Another key signed, or for something else, or another message.
        """
        if self.public != public:
            raise SignatureError("the signature is by another key")
        if self.namespace != namespace:
            raise SignatureError("the signature was made for something else: its namespace differs")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(
                self.signature, _signed(self.namespace, self.hash_name, message)
            )
        except (InvalidSignature, ValueError):
            raise SignatureError("the signature is not over this content") from None

    def armor(self) -> str:
        """Return the signature as `ssh-keygen` writes it."""
        blob = b"".join(
            (
                _MAGIC,
                struct.pack(">I", _VERSION),
                _string(_string(KEY_TYPE) + _string(self.public)),
                _string(self.namespace.encode()),
                _string(b""),
                _string(self.hash_name.encode()),
                _string(_string(KEY_TYPE) + _string(self.signature)),
            )
        )
        text = to_base64(blob)
        lines = [text[place : place + _WIDTH] for place in range(0, len(text), _WIDTH)]
        return "\n".join((_BEGIN, *lines, _END)) + "\n"


def sign(message: bytes, key: Ed25519PrivateKey, namespace: str) -> SshSignature:
    """Sign a message the way that `ssh-keygen -Y sign` does."""
    return SshSignature(public_bytes(key), namespace, "sha512", key.sign(_signed(namespace, "sha512", message)))


def parse(armored: str) -> SshSignature:
    """Read a signature file.

    Raises:
        FormatError: It is not one, or not one of an Ed25519 key.
    """
    lines = armored.strip().replace("\r\n", "\n").split("\n")
    if len(armored) > MAX_ARMOR or len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise FormatError("this is not a signature that ssh-keygen wrote")
    try:
        blob = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("an SSH signature is not base64") from None
    if blob[:10] != _MAGIC + struct.pack(">I", _VERSION):
        raise FormatError("an SSH signature is of a version that is not known")
    public, namespace, _reserved, hash_name, signature = _strings(blob[10:], 5)
    if hash_name not in HASHES:
        raise FormatError("an SSH signature uses a hash that is not known")
    try:
        name = namespace.decode("ascii")
    except UnicodeDecodeError:
        raise FormatError("the namespace of an SSH signature is not ASCII") from None
    found = SshSignature(_of_type(public, 32), name, hash_name.decode(), _of_type(signature, 64))
    # One signature has one spelling: what is logged can be compared byte by byte.
    if base64.b64encode(blob).decode() != "".join(found.armor().split("\n")[1:-2]):
        raise FormatError("an SSH signature is not in canonical form")
    return found


def public_key(line: str) -> bytes:
    """Return the 32 bytes of a public key line, `ssh-ed25519 AAAA... comment`.

    Raises:
        FormatError: It is not one.
    """
    words = line.split()
    try:
        if len(line) > MAX_ARMOR or len(words) < 2 or words[0] != KEY_TYPE.decode():
            raise ValueError
        return _of_type(base64.b64decode(words[1], validate=True), 32)
    except (binascii.Error, ValueError):
        raise FormatError("this is not the public half of an ssh-ed25519 key") from None


def _signed(namespace: str, hash_name: str, message: bytes) -> bytes:
    digest = HASHES[hash_name.encode()](message).digest()
    return _MAGIC + b"".join(map(_string, (namespace.encode(), b"", hash_name.encode(), digest)))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        if len(data) < 4:
            raise FormatError("an SSH signature is cut off")
        (size,) = struct.unpack_from(">I", data)
        if len(data) < 4 + size:
            raise FormatError("an SSH signature is cut off")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    if data:
        raise FormatError("an SSH signature goes on after its end")
    return found


def _of_type(data: bytes, size: int) -> bytes:
    kind, value = _strings(data, 2)
    if kind != KEY_TYPE or len(value) != size:
        raise FormatError("the SSH key or signature is of another kind than Ed25519")
    return value
