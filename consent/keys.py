"""A worker's key in the log: enrolment signed by the key itself, rotation signed by the old key and the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import dsse
from attest import enrolment as enrolments
from attest.webauthn import Passkey
from consent.errors import RecordError
from govern.errors import GovernError

PAYLOAD_TYPE = enrolments.KEY_TYPE
SCHEMA = enrolments.KEY_SCHEMA

Witness = tuple[str, Ed25519PrivateKey]
"""Id and key of the officer, not of HR, who is there when a key is enrolled."""


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A key that speaks for a person.

    Attributes:
        index: Entry that enrolled it.
        key_id: `ed25519:` or `webauthn:`, and 32 hex digits.
        public: The 32 bytes of the public key; of a passkey, its DER.
        witness: Id of the officer, not of HR, who countersigned the enrolment, or "" for none.
        passkey: The passkey, where it is one.
        credential_id: What the authenticator finds the passkey by.
    """

    index: int
    key_id: str
    public: bytes
    witness: str = ""
    passkey: Passkey | None = None
    credential_id: bytes = b""

    @property
    def verifier(self) -> dsse.Key:
        """What opens an envelope that the key signed."""
        return self.passkey or self.public

    @property
    def method(self) -> str:
        """How the key signs, in the words of a consent record."""
        return "ed25519" if self.passkey is None else "webauthn"


def enrolment(
    pid: str, private_key: Ed25519PrivateKey, now: datetime, witness: Witness | None = None
) -> dict[str, Any]:
    """Return the body of a `key.enrolled` event: the key and its own signature over who it speaks for.

    Args:
        pid: Whose key it is.
        private_key: The key; only its public half leaves this function.
        now: The time that the signatures state.
        witness: Who countersigns.
    """
    return enrolments.key_body(pid, private_key, now, witness=witness)


def rotation(
    pid: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, now: datetime, witness: Witness | None = None
) -> dict[str, Any]:
    """Return the body of a `key.rotated` event: the new key, signed by the old one and by itself."""
    return enrolments.key_body(pid, new, now, before=old, witness=witness)


def check(body: Mapping[str, Any], old: EnrolledKey | None = None) -> tuple[str, str, bytes]:
    """Return (pid, key id, public key) of an enrolment whose own signatures hold.

    Args:
        body: The event's body.
        old: For a rotation, the key that must have signed too.

    Raises:
        RecordError: The body is malformed, or a signature is missing or wrong.
    """
    try:
        found = enrolments.check_key(body, before={old.key_id: old.public} if old else None)
    except GovernError:
        raise RecordError("an enrolment is malformed, or not signed by its key over what it says") from None
    return found.owner, found.key_id, found.public
