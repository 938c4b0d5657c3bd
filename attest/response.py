"""The subject's word: a signed answer to a released skill, beside the leaves that it speaks of, never in them.

What is signed is canonical JSON over the digest of the skill's statement. It is signed by the person's enrolled key,
or a passkey, in a DSSE envelope, or as `ssh-keygen -Y sign -n govern-response` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, dsse, sshsig
from attest.encoding import from_time, to_time
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes
from attest.shape import DIGEST, Shape, exact
from attest.webauthn import Passkey

PAYLOAD_TYPE = "application/vnd.govern.response+json"
SCHEMA = "govern-response/1"
NAMESPACE = "govern-response"
RESPONSES = ("confirm", "contest", "correct")
MAX_PAYLOAD = 4096

_SAID: Shape = {"pid": str, "extraction_id": str, "response": str, "statement_sha256": DIGEST, "at": str}


@dataclass(frozen=True, slots=True)
class Response:
    """What a person says of a skill that describes them.

    Attributes:
        pid: Who.
        extraction_id: Of which extraction.
        response: `confirm`, `contest` or `correct`.
        statement_sha256: Digest of the signed statement of the skill, `attestation/statement.dsse.json`.
        at: When, by the person's word.
    """

    pid: str
    extraction_id: str
    response: str
    statement_sha256: str
    at: datetime

    def __post_init__(self) -> None:
        """Refuse what is no response."""
        if self.response not in RESPONSES:
            raise FormatError("a response is confirm, contest or correct")
        object.__setattr__(self, "at", from_time(to_time(self.at)))

    def said(self) -> dict[str, Any]:
        """Return the fields that payload and log entry share."""
        return {
            "pid": self.pid,
            "extraction_id": self.extraction_id,
            "response": self.response,
            "statement_sha256": self.statement_sha256,
            "at": to_time(self.at),
        }

    def payload(self) -> bytes:
        """Return the exact bytes that are signed."""
        return canonical.dumps({"schema": SCHEMA, **self.said()})

    def body(self, key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return the body of a `subject.response` event, signed in an envelope."""
        return self.signed_body(dsse.signature(PAYLOAD_TYPE, self.payload(), key_id(key), key))

    def signed_body(self, signature: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of a `subject.response` event with a signature as it stands in an envelope."""
        envelope = dsse.build(PAYLOAD_TYPE, self.payload(), [signature])
        return {**self.said(), "envelope": canonical.loads(envelope)}

    def ssh_body(self, armored: str) -> dict[str, Any]:
        """Return the body of a `subject.response` event with a signature that `ssh-keygen` made over `payload`."""
        return {**self.said(), "sshsig": sshsig.parse(armored).armor()}


def parse(payload: bytes) -> Response:
    """Read what was, or is to be, signed.

    Raises:
        FormatError: The bytes are not what `Response.payload` writes.
    """
    if len(payload) > MAX_PAYLOAD:
        raise FormatError("a response is too long")
    value = exact(canonical.loads(payload), "a response", {"schema": str, **_SAID})
    if value.pop("schema") != SCHEMA:
        raise FormatError("a response is of a version that is not known")
    return Response(**{**value, "at": from_time(value["at"])})


def passkey_of(body: Mapping[str, Any]) -> str:
    """Return the id of the passkey that signed a log entry, by its own word; "" where a key file did."""
    envelope = body.get("envelope")
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    first = signatures[0] if isinstance(signatures, list) and signatures else None
    name = str(first.get("keyid")) if isinstance(first, dict) else ""
    return name if name.startswith("webauthn:") else ""


def check(body: Mapping[str, Any], key: dsse.Key) -> Response:
    """Return what a log entry says that this key signed.

    Args:
        body: Body of a `subject.response` event.
        key: The key, or the passkey, that spoke for the person at that place of the log.

    Raises:
        FormatError: The body is not in form, or says something else than what was signed.
        SignatureError: The key did not sign it.
    """
    value = exact(dict(body), "a response", _SAID, {"envelope": dict, "sshsig": str})
    envelope, armored = value.pop("envelope", None), value.pop("sshsig", None)
    if (envelope is None) == (armored is None):
        raise FormatError("a response has one signature, in an envelope or as SSH makes it")
    response = Response(**{**value, "at": from_time(value["at"])})
    if armored is not None:
        if isinstance(key, Passkey):
            raise SignatureError("a passkey does not sign as SSH does")
        signature = sshsig.parse(armored)
        if signature.armor() != armored:
            raise FormatError("the SSH signature of a response is not in canonical form")
        signature.verify(response.payload(), public_bytes(key), NAMESPACE)
        return response
    name = key.key_id if isinstance(key, Passkey) else key_id(key)
    opened = dsse.open_envelope(canonical.dumps(envelope), {name: key}, PAYLOAD_TYPE)
    if opened.payload != response.payload():
        raise FormatError("a response in the log says something else than what was signed")
    return response
