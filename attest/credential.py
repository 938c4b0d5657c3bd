"""A new passkey: what a browser returns when one is made (WebAuthn §7.1), with attestation "none".

Nothing is believed about the make of the authenticator. That whoever enrols the key can use it is shown by what the key
signs next: the record of its own enrolment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from attest import cbor, webauthn
from attest.errors import FormatError
from attest.webauthn import Passkey

MAX_ATTESTATION = 16 * 1024

_ID_AT = 55
"""Where the credential id begins: after 37 bytes of head, 16 of the model's id, 2 of length (WebAuthn §6.5.1)."""


@dataclass(frozen=True, slots=True)
class Created:
    """A credential that was made for this page.

    Attributes:
        passkey: Its public half, pinned to the page.
        credential_id: What the authenticator finds it by.
    """

    passkey: Passkey
    credential_id: bytes


def created(client_data: bytes, attestation: bytes, *, challenge: bytes, rp_id: str, origin: str) -> Created:
    """Check and return a new credential.

    Args:
        client_data: `clientDataJSON` of the response.
        attestation: `attestationObject` of the response.
        challenge: What was asked for.
        rp_id: Host name of the relying party.
        origin: The page that asked.

    Raises:
        FormatError: The bytes are not in form, or the key is of a kind that is not accepted.
        SignatureError: They answer another question, or another page, or the owner was not verified.
    """
    webauthn.check_client_data(client_data, "webauthn.create", challenge, origin)
    if len(attestation) > MAX_ATTESTATION:
        raise FormatError("an attestation is too long")
    found = cbor.loads(attestation)
    if type(found) is not dict or type(data := found.get("authData")) is not bytes or type(found.get("fmt")) is not str:
        raise FormatError("an attestation lacks its parts")
    flags = webauthn.check_authenticator_data(data, rp_id)
    if not flags & webauthn.ATTESTED or len(data) < _ID_AT:
        raise FormatError("an attestation holds no credential")
    end = _ID_AT + int.from_bytes(data[_ID_AT - 2 : _ID_AT], "big")
    credential_id = data[_ID_AT:end]
    if not 0 < len(credential_id) <= webauthn.MAX_CREDENTIAL_ID or len(data) < end:
        raise FormatError("the id of a credential is cut off, or too long")
    key, rest = cbor.first(data[end:])
    webauthn.check_extensions(rest, flags)
    alg, public = _public(key)
    return Created(Passkey(alg, webauthn.to_der(public), rp_id, origin), credential_id)


def _public(key: Any) -> tuple[int, webauthn.Public]:
    """Return algorithm and key of a COSE key (RFC 9053 §7, RFC 8230 §4)."""
    if type(key) is not dict:
        raise FormatError("the key of a credential is not a map")
    kind = (key.get(1), key.get(3))
    try:
        match kind:
            case (1, webauthn.EDDSA) if key.get(-1) == 6:
                return webauthn.EDDSA, Ed25519PublicKey.from_public_bytes(_part(key, -2, 32))
            case (2, webauthn.ES256) if key.get(-1) == 1:
                point = b"\x04" + _part(key, -2, 32) + _part(key, -3, 32)
                return webauthn.ES256, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            case (3, webauthn.RS256):
                n, e = (int.from_bytes(_part(key, label), "big") for label in (-1, -2))
                return webauthn.RS256, rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        raise FormatError("the key of a credential is no point of its curve, or no key") from None
    raise FormatError("a credential has an algorithm that is not accepted")


def _part(key: dict[int, Any], label: int, size: int | None = None) -> bytes:
    part = key.get(label)
    if type(part) is not bytes or (size is not None and len(part) != size) or len(part) > 1024:
        raise FormatError("the key of a credential lacks a part")
    return part
