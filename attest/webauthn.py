"""Passkeys: what an authenticator signed (W3C Web Authentication, Level 3), checked from the stored bytes alone.

An authenticator shows no text and signs none. It signs its own state and the client's data, and the client's data hold
a challenge. Here the challenge is the SHA-256 of the bytes that a key file would sign, so that a signature by passkey
is as much about one record as any other. Origin and relying party are those of the enrolment, never those of the
signature.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from attest import cbor
from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, SignatureError
from attest.shape import exact

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (EDDSA, ES256, RS256)
"""COSE algorithms that are accepted, the ones preferred first."""

MAX_CLIENT_DATA = 4096
MAX_AUTHENTICATOR_DATA = 2048
MAX_CREDENTIAL_ID = 1023
"""The longest credential id (WebAuthn §5.8.3)."""

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
"""Flags of authenticator data (WebAuthn §6.1)."""

_HEAD = 37
_RSA_BITS = (2048, 4096)

Public = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a passkey, and where it may be used, as pinned when it was enrolled.

    Attributes:
        alg: COSE algorithm, one of `ALGORITHMS`. It follows from the enrolment and never from a signature.
        public: The public key, SubjectPublicKeyInfo in DER: one key has one spelling, and openssl reads it.
        rp_id: Host name of the relying party: `consent.example`.
        origin: Origin of the page: `https://consent.example`.
    """

    alg: int
    public: bytes
    rp_id: str
    origin: str

    def __post_init__(self) -> None:
        """Refuse a key that is not of the stated algorithm, or not in its one spelling.

        Raises:
            FormatError: It is not.
        """
        _key(self.alg, self.public)

    @property
    def key_id(self) -> str:
        """The id: `webauthn:` and the first 32 hexadecimal digits of the key's SHA-256."""
        return "webauthn:" + hashlib.sha256(self.public).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator returns when it signs, byte for byte.

    Attributes:
        authenticator_data: Relying party, flags, counter (WebAuthn §6.1).
        client_data: What the client says it asked for, JSON (WebAuthn §5.8.1).
        signature: Over the first, and the SHA-256 of the second.
    """

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def to_signature(self, key_id: str) -> dict[str, Any]:
        """Return the signature as it stands in an envelope."""
        return {
            "keyid": key_id,
            "sig": to_base64(self.signature),
            "webauthn": {
                "authenticatorData": to_base64(self.authenticator_data),
                "clientDataJSON": to_base64(self.client_data),
            },
        }


def parse_assertion(item: dict[str, Any]) -> Assertion:
    """Return the assertion in a signature of an envelope.

    Raises:
        FormatError: It is none.
    """
    shape = {"authenticatorData": str, "clientDataJSON": str}
    data = exact(item.get("webauthn"), "a signature by passkey", shape)
    return Assertion(
        from_base64(data["authenticatorData"]), from_base64(data["clientDataJSON"]), from_base64(item["sig"])
    )


def challenge_of(message: bytes) -> bytes:
    """Return the challenge for what is to be signed: its SHA-256."""
    return hashlib.sha256(message).digest()


def verify(passkey: Passkey, message: bytes, assertion: Assertion) -> None:
    """Verify that a passkey signed a message, at its own page, with its owner present and verified (WebAuthn §7.2).

    The counter is not looked at: passkeys that are synced between devices leave it at 0. Replay is stopped by the nonce
    in the record, and by the log.

    Args:
        passkey: The key, as it was enrolled.
        message: What a key file would sign: the pre-authentication encoding of an envelope.
        assertion: What the authenticator returned.

    Raises:
        FormatError: The bytes are not an assertion in form.
        SignatureError: It is about something else, from somewhere else, without its owner, or not by this key.
    """
    check_client_data(assertion.client_data, "webauthn.get", challenge_of(message), passkey.origin)
    data = assertion.authenticator_data
    flags = check_authenticator_data(data, passkey.rp_id)
    if flags & ATTESTED:
        raise FormatError("an assertion holds a new credential")
    check_extensions(data[_HEAD:], flags)
    signed = data + hashlib.sha256(assertion.client_data).digest()
    key = _key(passkey.alg, passkey.public)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(assertion.signature, signed)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(assertion.signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(assertion.signature, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise SignatureError("a signature by a passkey is wrong") from None


def check_client_data(data: bytes, kind: str, challenge: bytes, origin: str) -> None:
    """Check what the client says (WebAuthn §7.1 steps 5 to 12, §7.2 steps 9 to 14).

    Args:
        data: The JSON; a client may say more than is looked at here.
        kind: `webauthn.create` or `webauthn.get`.
        challenge: What was asked for.
        origin: The only page that may have asked.

    Raises:
        FormatError: It is not client data in form.
        SignatureError: It says something else.
    """
    if len(data) > MAX_CLIENT_DATA:
        raise FormatError("client data are too long")
    try:
        said = json.loads(data.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise FormatError("client data are not JSON in UTF-8") from None
    if type(said) is not dict:
        raise FormatError("client data are not an object")
    if said.get("type") != kind:
        raise SignatureError("a passkey was asked for something else than this")
    if said.get("challenge") != to_base64url(challenge):
        raise SignatureError("a passkey signed something else than this record")
    if said.get("origin") != origin:
        raise SignatureError("a passkey signed at another page than the one it was enrolled at")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise SignatureError("a passkey signed inside a page of somebody else")


def check_authenticator_data(data: bytes, rp_id: str) -> int:
    """Check relying party and owner, and return the flags.

    Raises:
        FormatError: The bytes are too short or too long, or the flags contradict each other.
        SignatureError: They are about another relying party, or the owner was not there or not verified.
    """
    if not _HEAD <= len(data) <= MAX_AUTHENTICATOR_DATA:
        raise FormatError("authenticator data are cut off, or too long")
    if data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise SignatureError("a passkey signed for another host than the one it was enrolled for")
    flags = data[32]
    if not flags & PRESENT:
        raise SignatureError("a passkey signed while nobody was there")
    if not flags & VERIFIED:
        raise SignatureError("a passkey signed without verifying its owner")
    if flags & BACKED_UP and not flags & ELIGIBLE:
        raise FormatError("authenticator data contradict themselves")
    return flags


def check_extensions(rest: bytes, flags: int) -> None:
    """Check that what ends authenticator data is a map of extensions where the flags say so, and nothing otherwise.

    Raises:
        FormatError: It is not.
    """
    if not flags & EXTENDED:
        if rest:
            raise FormatError("bytes follow authenticator data")
    elif type(cbor.loads(rest)) is not dict:
        raise FormatError("the extensions of authenticator data are not a map")


def from_base64url(text: object) -> bytes:
    """Decode base64url without padding, as browsers write it.

    Raises:
        FormatError: It is not that.
    """
    if not isinstance(text, str) or not text.isascii():
        raise FormatError("text is not base64url")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise FormatError("text is not base64url") from None
    if to_base64url(data) != text:
        raise FormatError("base64url is not in canonical form")
    return data


def to_base64url(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise FormatError("client data name a key twice")
    return dict(pairs)


def _key(alg: int, public: bytes) -> Public:
    try:
        key = serialization.load_der_public_key(public)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FormatError("the public key of a passkey cannot be read") from None
    # The algorithm fixes the kind of key, and a kind of key has one algorithm: nothing is left to be confused.
    if isinstance(key, Ed25519PublicKey):
        fits = alg == EDDSA
    elif isinstance(key, ec.EllipticCurvePublicKey):
        fits = alg == ES256 and isinstance(key.curve, ec.SECP256R1)
    else:
        fits = isinstance(key, rsa.RSAPublicKey) and alg == RS256 and _RSA_BITS[0] <= key.key_size <= _RSA_BITS[1]
    if not fits:
        raise FormatError("the public key of a passkey is of another kind than its algorithm, or not accepted")
    if to_der(key) != public:  # type: ignore[arg-type]
        raise FormatError("the public key of a passkey is not in its one form")
    return key  # type: ignore[return-value]


def to_der(key: Public) -> bytes:
    """Return a public key as SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
