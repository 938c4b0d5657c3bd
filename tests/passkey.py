"""An authenticator in software: makes passkeys and signs with them, as a browser returns it, and as badly as asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import webauthn
from attest.webauthn import Assertion, Passkey, to_base64url

RP_ID, ORIGIN = "consent.example", "https://consent.example"

Private = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def cbor(value: Any) -> bytes:
    """Encode integers, bytes, text, lists and maps (RFC 8949)."""
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(type(value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    size = next(s for s in (1, 2, 4, 8) if number < 1 << 8 * s)
    return bytes([kind << 5 | 24 + (1, 2, 4, 8).index(size)]) + number.to_bytes(size, "big")


def private_key(alg: int, seed: str) -> Private:
    """Return a key; the same for the same seed, except RSA, which is made anew."""
    digest = hashlib.sha256(seed.encode()).digest()
    if alg == webauthn.EDDSA:
        return Ed25519PrivateKey.from_private_bytes(digest)
    if alg == webauthn.ES256:
        return ec.derive_private_key(int.from_bytes(digest, "big") >> 1, ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Authenticator:
    """One passkey, and what the client around it says. `but` returns one that does something wrong."""

    alg: int = webauthn.ES256
    seed: str = "phone"
    rp_id: str = RP_ID
    origin: str = ORIGIN
    flags: int = webauthn.PRESENT | webauthn.VERIFIED | webauthn.ELIGIBLE | webauthn.BACKED_UP
    counter: int = 0
    extensions: bytes = b""
    says: dict[str, Any] = field(default_factory=dict)
    key: Private = field(init=False)
    other_key: Private | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.other_key or private_key(self.alg, self.seed))

    def but(self, **changes: Any) -> Authenticator:
        return replace(self, **{"other_key": self.key, **changes})

    @property
    def credential_id(self) -> bytes:
        return hashlib.sha256(b"credential " + self.seed.encode()).digest()

    @property
    def passkey(self) -> Passkey:
        return Passkey(self.alg, webauthn.to_der(self.key.public_key()), self.rp_id, self.origin)

    @property
    def cose(self) -> bytes:
        """The public key as a COSE key (RFC 9053)."""
        public = self.key.public_key()
        match public:
            case ec.EllipticCurvePublicKey():
                n = public.public_numbers()
                return cbor({1: 2, 3: -7, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")})
            case rsa.RSAPublicKey():
                m = public.public_numbers()
                return cbor({1: 3, 3: -257, -1: m.n.to_bytes(256, "big"), -2: m.e.to_bytes(3, "big")})
        return cbor({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})  # type: ignore[union-attr]

    def authenticator_data(self, attested: bytes = b"") -> bytes:
        flags = self.flags | (webauthn.ATTESTED if attested else 0) | (webauthn.EXTENDED if self.extensions else 0)
        head = hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")
        return head + attested + self.extensions

    def client_data(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": to_base64url(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **self.says}, separators=(",", ":")).encode()

    def attestation(self) -> bytes:
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.cose
        return cbor({"fmt": "none", "attStmt": {}, "authData": self.authenticator_data(attested)})

    def sign_raw(self, data: bytes) -> bytes:
        match self.key:
            case ec.EllipticCurvePrivateKey():
                return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPrivateKey():
                return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data)

    def sign(self, message: bytes) -> Assertion:
        """Return an assertion over a message."""
        return self.answer(webauthn.challenge_of(message))

    def answer(self, challenge: bytes) -> Assertion:
        client_data, data = self.client_data("webauthn.get", challenge), self.authenticator_data()
        return Assertion(data, client_data, self.sign_raw(data + hashlib.sha256(client_data).digest()))

    # What a browser returns.

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create(...)`, then `.toJSON()`."""
        challenge = webauthn.from_base64url(options["challenge"])
        client_data = self.client_data("webauthn.create", challenge)
        return self._returned({"clientDataJSON": client_data, "attestationObject": self.attestation()})

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.get(...)`, then `.toJSON()`."""
        made = self.answer(webauthn.from_base64url(options["challenge"]))
        return self._returned(
            {
                "clientDataJSON": made.client_data,
                "authenticatorData": made.authenticator_data,
                "signature": made.signature,
            }
        )

    def _returned(self, parts: dict[str, bytes]) -> dict[str, Any]:
        name = to_base64url(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {key: to_base64url(value) for key, value in parts.items()},
        }
