"""Signed envelopes (DSSE 1.0): a payload, its type, and Ed25519 signatures over both, as canonical JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest import canonical
from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, SignatureError
from attest.shape import exact

MAX_ENVELOPE = 16 << 20
MAX_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of an envelope that at least one known key signed.

    Attributes:
        payload: The exact bytes that were signed.
        signers: Ids of the known keys whose signatures were verified, in the envelope's order.
        unknown: Number of signatures by keys that are not known; they say nothing.
    """

    payload: bytes
    signers: tuple[str, ...]
    unknown: int


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (DSSE, "Signature Definition"): lengths keep type and payload apart."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, keys: Sequence[tuple[str, Ed25519PrivateKey]]) -> bytes:
    """Sign a payload and return the envelope.

    Args:
        payload_type: A media type that names encoding and schema.
        payload: The exact bytes to sign.
        keys: Key id and private key of each signer.
    """
    if not keys or len({key_id for key_id, _ in keys}) != len(keys):
        raise ValueError("an envelope needs signers, each once")
    message = pae(payload_type, payload)
    return canonical.dumps(
        {
            "payload": to_base64(payload),
            "payloadType": payload_type,
            "signatures": [{"keyid": key_id, "sig": to_base64(private.sign(message))} for key_id, private in keys],
        }
    )


def open_envelope(data: bytes, keys: Mapping[str, bytes], payload_type: str) -> Opened:
    """Verify an envelope and return its payload.

    DSSE lets verifiers read other spellings of the same JSON and URL-safe base64; here one content has one spelling,
    because envelopes are hashed. The key id is a hint only: which keys are trusted is the caller's word.

    Args:
        data: The envelope.
        keys: The 32 bytes of each trusted public key, by key id.
        payload_type: The only type that is accepted.

    Raises:
        FormatError: The bytes are not a canonical envelope of that type.
        SignatureError: A signature under the id of a known key is wrong, or no known key signed.
    """
    if len(data) > MAX_ENVELOPE:
        raise FormatError("an envelope is too long")
    shape = {"payload": str, "payloadType": str, "signatures": list}
    envelope = exact(canonical.loads(data), "an envelope", shape)
    if envelope["payloadType"] != payload_type:
        raise FormatError("an envelope is of another type")
    payload = from_base64(envelope["payload"])
    signatures = [exact(item, "a signature", {"keyid": str, "sig": str}) for item in envelope["signatures"]]
    ids = [item["keyid"] for item in signatures]
    if not 0 < len(ids) <= MAX_SIGNATURES or len(set(ids)) != len(ids):
        raise FormatError("an envelope has no signature, too many, or two by one key")
    message = pae(payload_type, payload)
    signers = []
    for item in signatures:
        signature = from_base64(item["sig"])
        public = keys.get(item["keyid"])
        if public is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise SignatureError("a signature by a known key is wrong") from None
        signers.append(item["keyid"])
    if not signers:
        raise SignatureError("no known key signed the envelope")
    return Opened(payload, tuple(signers), len(ids) - len(signers))
