"""Keys entered in the log: a person's or an officer's, signed by the key itself and, at best, by a witness.

What is signed is canonical JSON that names the owner, the key and the witness. The key signs it, which shows that
whoever enrols it has its private half. The witness, an officer who is not HR, signs the very same bytes: whoever
writes the log alone cannot mint a witnessed key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, dsse
from attest.encoding import from_base64, from_time, to_base64, to_time
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes
from attest.names import PID, fits
from attest.shape import Shape, exact

KEY_TYPE = "application/vnd.govern.key+json"
KEY_SCHEMA = "govern-key/1"
ROLE_TYPE = "application/vnd.govern.role+json"
ROLE_SCHEMA = "govern-role/1"
ROLES = ("hr", "dpo", "works_council", "auditor", "authority")
HR = "hr"
"""The role that witnesses nothing: it stands on the side that asks."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolment whose own signature holds.

    Attributes:
        owner: Pseudonymous id of the person, or id of the officer.
        role: Role of the officer; "" for a person's key.
        key_id: Id of the key.
        public: Its 32 bytes.
        at: When, by the word of who signed.
        witness: Id of the officer who is named as witness, or "".
        witnessed: Whether that officer's key was given and signed.
    """

    owner: str
    role: str
    key_id: str
    public: bytes
    at: datetime
    witness: str
    witnessed: bool


def key_body(
    pid: str,
    key: Ed25519PrivateKey,
    now: datetime,
    *,
    before: Ed25519PrivateKey | None = None,
    witness: tuple[str, Ed25519PrivateKey] | None = None,
) -> dict[str, Any]:
    """Return the body of a `key.enrolled` event, or of a `key.rotated` one where `before` is given.

    Args:
        pid: Whose key it is.
        key: The key; only its public half leaves this function.
        now: The time that the signatures state.
        before: For a rotation, the key that this one takes the place of; it signs too.
        witness: Id and key of the officer who is there.
    """
    return _body({"pid": pid}, KEY_TYPE, KEY_SCHEMA, key, now, before, witness)


def role_body(
    holder: str, role: str, key: Ed25519PrivateKey, now: datetime, witness: tuple[str, Ed25519PrivateKey] | None = None
) -> dict[str, Any]:
    """Return the body of a `role.enrolled` event.

    Args:
        holder: Id of the officer.
        role: One of `ROLES`.
        key: The officer's key.
        now: The time that the signatures state.
        witness: Id and key of the officer who is there.
    """
    return _body({"holder": holder, "role": role}, ROLE_TYPE, ROLE_SCHEMA, key, now, None, witness)


def named_witness(body: Mapping[str, Any]) -> str:
    """Return the witness whom an enrolment names, unchecked, or ""."""
    witness = body.get("witness", "")
    return witness if isinstance(witness, str) else ""


def check_key(
    body: Mapping[str, Any], *, before: Mapping[str, bytes] | None = None, witness: bytes | None = None
) -> Enrolment:
    """Return a person's enrolment or rotation.

    Args:
        body: The event's body.
        before: For a rotation, id and 32 bytes of the one key that must have signed too.
        witness: The 32 bytes of the named witness's key, where they are known.

    Raises:
        FormatError: The body is not an enrolment in form.
        SignatureError: A signature is missing or wrong, or is over something else.
    """
    return _check(body, {"pid": str}, KEY_TYPE, KEY_SCHEMA, before or {}, witness)


def check_role(body: Mapping[str, Any], witness: bytes | None = None) -> Enrolment:
    """Return an officer's enrolment.

    Raises:
        FormatError: The body is not an enrolment in form.
        SignatureError: A signature is missing or wrong, or is over something else.
    """
    found = _check(body, {"holder": str, "role": str}, ROLE_TYPE, ROLE_SCHEMA, {}, witness)
    if found.role not in ROLES:
        raise FormatError("an enrolment names a role that is not known")
    return found


def _body(
    owner: dict[str, str],
    payload_type: str,
    schema: str,
    key: Ed25519PrivateKey,
    now: datetime,
    before: Ed25519PrivateKey | None,
    witness: tuple[str, Ed25519PrivateKey] | None,
) -> dict[str, Any]:
    public = public_bytes(key)
    head: dict[str, Any] = {**owner, "key_id": key_id(public), "public_key": to_base64(public)}
    if witness is not None:
        head["witness"] = witness[0]
    payload = canonical.dumps({"schema": schema, **head, "at": to_time(now)})
    signers = [k for k in (before, key, witness[1] if witness is not None else None) if k is not None]
    envelope = dsse.sign(payload_type, payload, [(key_id(public_bytes(signer)), signer) for signer in signers])
    return {**head, "self_signature": canonical.loads(envelope)}


def _check(
    body: Mapping[str, Any],
    owner: Shape,
    payload_type: str,
    schema: str,
    before: Mapping[str, bytes],
    witness: bytes | None,
) -> Enrolment:
    shape: Shape = {**owner, "key_id": str, "public_key": str}
    head = exact(dict(body), "an enrolment", {**shape, "self_signature": dict}, {"witness": str})
    public = from_base64(head["public_key"])
    if len(public) != 32 or key_id(public) != head["key_id"]:
        raise FormatError("the id of an enrolled key is not that of the key")
    named = "witness" in head
    required = {head["key_id"]: public, **before}
    if len(required) != 1 + len(before):
        raise SignatureError("a key cannot take its own place")
    trusted = dict(required)
    if named and witness is not None:
        trusted[key_id(witness)] = witness
        if len(trusted) != 1 + len(required):
            raise SignatureError("a key cannot witness its own enrolment")
    opened = dsse.open_envelope(canonical.dumps(head["self_signature"]), trusted, payload_type)
    # A witness whose key is not known leaves one signature that says nothing here; no other one may be there.
    if set(opened.signers) != set(trusted) or opened.unknown != (1 if named and witness is None else 0):
        raise SignatureError("an enrolment lacks a signature of a key, or of its witness, or has one too many")
    said = exact(
        canonical.loads(opened.payload),
        "what a key signed of itself",
        {"schema": str, "at": str, **shape},
        {"witness": str},
    )
    at = from_time(said["at"])
    del head["self_signature"]
    if said != {**head, "schema": schema, "at": said["at"]}:
        raise SignatureError("an enrolment says something else than what its key signed")
    name = fits(PID, head["pid" if "pid" in owner else "holder"], "the owner of a key")
    by = fits(PID, head["witness"], "the witness of an enrolment") if named else ""
    if by == name:
        raise SignatureError("nobody witnesses their own enrolment")
    return Enrolment(name, head.get("role", ""), head["key_id"], public, at, by, named and witness is not None)
