"""A worker's key in the log: enrolment signed by the key itself, rotation signed by the old key and the new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, dsse
from attest.encoding import from_base64, to_base64, to_time
from attest.keys import key_id, public_bytes
from consent.errors import RecordError
from govern.errors import GovernError

PAYLOAD_TYPE = "application/vnd.govern.key+json"
SCHEMA = "govern-key/1"

# As in consent records: ASCII only, so that no pid can look like another one.
_PID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A key that speaks for a person.

    Attributes:
        index: Entry that enrolled it.
        key_id: `ed25519:` and 32 hex digits.
        public: The 32 bytes of the public key.
        witness: Id of the officer, not of HR, who countersigned the enrolment, or "" for none.
    """

    index: int
    key_id: str
    public: bytes
    witness: str = ""


def enrolment(pid: str, private_key: Ed25519PrivateKey, now: datetime) -> dict[str, Any]:
    """Return the body of a `key.enrolled` event: the key and its own signature over who it speaks for.

    Args:
        pid: Whose key it is.
        private_key: The key; only its public half leaves this function.
        now: The time that the signature states.
    """
    return _body(pid, now, private_key, [private_key])


def rotation(pid: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, now: datetime) -> dict[str, Any]:
    """Return the body of a `key.rotated` event: the new key, signed by the old one and by itself."""
    return _body(pid, now, new, [old, new])


def _body(pid: str, now: datetime, key: Ed25519PrivateKey, signers: list[Ed25519PrivateKey]) -> dict[str, Any]:
    public = public_bytes(key)
    head = {"pid": pid, "key_id": key_id(public), "public_key": to_base64(public)}
    payload = canonical.dumps({"schema": SCHEMA, **head, "at": to_time(now)})
    envelope = dsse.sign(PAYLOAD_TYPE, payload, [(key_id(public_bytes(s)), s) for s in signers])
    return {**head, "self_signature": canonical.loads(envelope)}


def check(body: Mapping[str, Any], old: EnrolledKey | None = None) -> tuple[str, str, bytes]:
    """Return (pid, key id, public key) of an enrolment whose signatures hold.

    Args:
        body: The event's body.
        old: For a rotation, the key that must have signed too.

    Raises:
        RecordError: The body is malformed, or a signature is missing or wrong.
    """
    if set(body) != {"pid", "key_id", "public_key", "self_signature"}:
        raise RecordError("an enrolment has other keys than it should")
    try:
        public = from_base64(body["public_key"])
        identity = key_id(public)
        trusted = {identity: public} | ({old.key_id: old.public} if old else {})
        opened = dsse.open_envelope(canonical.dumps(body["self_signature"]), trusted, PAYLOAD_TYPE)
        said = canonical.loads(opened.payload)
    except (GovernError, ValueError, TypeError):
        raise RecordError("an enrolment is malformed or not signed by its key") from None
    if set(opened.signers) != set(trusted):
        raise RecordError("an enrolment lacks a signature")
    head = {name: body[name] for name in ("pid", "key_id", "public_key")}
    moment = said.get("at") if isinstance(said, dict) else None
    if said != {"schema": SCHEMA, **head, "at": moment} or identity != head["key_id"]:
        raise RecordError("an enrolment says something else than what its key signed")
    if not isinstance(body["pid"], str) or not _PID.fullmatch(body["pid"]):
        raise RecordError("an enrolment names no person")
    return body["pid"], identity, public
