"""Signed envelopes (DSSE 1.0): a payload, its type, and signatures over both, as canonical JSON.

A signature is raw Ed25519, or what a passkey returned. Which of the two follows from the key that is trusted under the
id, and never from the envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from attest import canonical, webauthn
from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, SignatureError
from attest.shape import exact
from attest.webauthn import Passkey

MAX_ENVELOPE = 16 << 20
MAX_SIGNATURES = 16

Key = bytes | Passkey
"""The 32 bytes of an Ed25519 public key, or a passkey as it was enrolled."""


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
    return build(payload_type, payload, [signature(payload_type, payload, *key) for key in keys])


def signature(payload_type: str, payload: bytes, key_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return one signature over a payload, as it stands in an envelope."""
    return {"keyid": key_id, "sig": to_base64(key.sign(pae(payload_type, payload)))}


def build(payload_type: str, payload: bytes, signatures: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the envelope that holds these signatures, which are not checked here."""
    if not signatures or len({item["keyid"] for item in signatures}) != len(signatures):
        raise ValueError("an envelope needs signers, each once")
    return canonical.dumps(
        {
            "payload": to_base64(payload),
            "payloadType": payload_type,
            "signatures": [dict(item) for item in signatures],
        }
    )


def open_envelope(data: bytes, keys: Mapping[str, Key], payload_type: str) -> Opened:
    """Verify an envelope and return its payload.

    DSSE lets verifiers read other spellings of the same JSON and URL-safe base64; here one content has one spelling,
    because envelopes are hashed. The key id is a hint only: which keys are trusted is the caller's word.

    Args:
        data: The envelope.
        keys: Each trusted public key, by key id.
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
    shape = {"keyid": str, "sig": str}
    signatures = [exact(item, "a signature", shape, {"webauthn": dict}) for item in envelope["signatures"]]
    ids = [item["keyid"] for item in signatures]
    if not 0 < len(ids) <= MAX_SIGNATURES or len(set(ids)) != len(ids):
        raise FormatError("an envelope has no signature, too many, or two by one key")
    message = pae(payload_type, payload)
    signers = []
    for item in signatures:
        sig = from_base64(item["sig"])
        assertion = webauthn.parse_assertion(item) if "webauthn" in item else None
        public = keys.get(item["keyid"])
        if public is None:
            continue
        if isinstance(public, Passkey) != (assertion is not None):
            raise SignatureError("a signature is of another kind than the key that is known under its id")
        if isinstance(public, Passkey) and assertion is not None:
            webauthn.verify(public, message, assertion)
        elif isinstance(public, bytes):
            _verify(public, sig, message)
        signers.append(item["keyid"])
    if not signers:
        raise SignatureError("no known key signed the envelope")
    return Opened(payload, tuple(signers), len(ids) - len(signers))


def _verify(public: bytes, sig: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(sig, message)
    except (InvalidSignature, ValueError):
        raise SignatureError("a signature by a known key is wrong") from None
