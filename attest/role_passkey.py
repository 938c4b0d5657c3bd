"""A passkey of an officer entered in the log, beside the key of the office: signed by itself, and by a key before it.

Nobody else vouches for it. The key that the officer was enrolled with signs, or a passkey that it vouched for: whoever
writes the log can add a passkey to no officer's key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attest import canonical, dsse
from attest.encoding import from_base64, from_time, to_time
from attest.errors import FormatError, SignatureError
from attest.names import PID, fits
from attest.passkey import FIELDS, read, said_of
from attest.shape import Shape, exact
from attest.webauthn import Passkey

PAYLOAD_TYPE = "application/vnd.govern.role-passkey+json"
SCHEMA = "govern-role-passkey/1"

_SHAPE: Shape = {"schema": str, "holder": str, **FIELDS, "by": str, "at": str}


@dataclass(frozen=True, slots=True)
class RolePasskey:
    """What the record of the enrolment says.

    Attributes:
        holder: Id of the officer.
        passkey: Its public half, and where it may be used.
        credential_id: What the authenticator finds it by.
        by: Id of the officer's key that signs too.
        at: When, by the word of who signed.
    """

    holder: str
    passkey: Passkey
    credential_id: bytes
    by: str
    at: datetime

    def to_payload(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical.dumps(
            {
                "schema": SCHEMA,
                "holder": self.holder,
                **said_of(self.passkey, self.credential_id),
                "by": self.by,
                "at": to_time(self.at),
            }
        )

    def to_body(self, signatures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the body of a `role.passkey_enrolled` event with these signatures, which are not checked here."""
        envelope = dsse.build(PAYLOAD_TYPE, self.to_payload(), signatures)
        return {"holder": self.holder, "key_id": self.passkey.key_id, "envelope": canonical.loads(envelope)}


def parse(payload: bytes) -> RolePasskey:
    """Return what the record of an enrolment says, whoever signed it.

    Raises:
        FormatError: The bytes are not such a record in its one form.
    """
    said = exact(canonical.loads(payload), "the passkey of an officer", _SHAPE)
    if said["schema"] != SCHEMA:
        raise FormatError("the passkey of an officer is of a version that is not known")
    holder = fits(PID, said["holder"], "the holder of a passkey")
    found = RolePasskey(holder, *read(said), said["by"], from_time(said["at"]))
    if found.to_payload() != payload:
        raise FormatError("the id of a passkey is not that of its key")
    return found


def parse_entry(body: Mapping[str, Any]) -> tuple[RolePasskey, bytes]:
    """Return what an entry says, and its envelope; no signature is checked.

    Raises:
        FormatError: The body is not an enrolment in form.
    """
    head = exact(dict(body), "the passkey of an officer", {"holder": str, "key_id": str, "envelope": dict})
    parts = exact(head["envelope"], "an envelope", {"payload": str, "payloadType": str, "signatures": list})
    said = parse(from_base64(parts["payload"]))
    if (said.holder, said.passkey.key_id) != (head["holder"], head["key_id"]):
        raise FormatError("an enrolment says something else than what was signed")
    return said, canonical.dumps(head["envelope"])


def check(body: Mapping[str, Any], keys: Mapping[str, dsse.Key]) -> RolePasskey:
    """Return the enrolment in an entry that the passkey and the key before it signed.

    Args:
        body: The event's body.
        keys: Everything that speaks for the officer until then, by id.

    Raises:
        FormatError: The body is not an enrolment in form.
        SignatureError: A signature is missing, wrong, or one too many, or the key before it is not the officer's.
    """
    said, envelope = parse_entry(body)
    before = keys.get(said.by)
    if before is None or said.passkey.key_id in keys:
        raise SignatureError("a passkey names a key before it that does not speak for the officer, or is enrolled")
    trusted: dict[str, dsse.Key] = {said.passkey.key_id: said.passkey, said.by: before}
    opened = dsse.open_envelope(envelope, trusted, PAYLOAD_TYPE)
    if set(opened.signers) != set(trusted) or opened.unknown:
        raise SignatureError("an enrolment lacks the signature of a key, or has one too many")
    return said
