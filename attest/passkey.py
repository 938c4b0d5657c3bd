"""A passkey entered in the log: signed by the passkey itself, and always by a witness who is not of HR.

With attestation "none" a new credential is signed by nobody, and whoever runs the page could make one up. So the record
of the enrolment is signed three times over the same bytes: by the new passkey, which shows that it works and that its
owner touched it; by the witness; and, where the person has a key already, by one of those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attest import canonical, dsse
from attest.encoding import from_base64, from_time, to_base64, to_time
from attest.errors import FormatError, SignatureError
from attest.names import PID, fits
from attest.shape import Shape, exact
from attest.webauthn import MAX_CREDENTIAL_ID, Passkey

PAYLOAD_TYPE = "application/vnd.govern.passkey+json"
SCHEMA = "govern-passkey/1"

#: What every record of a passkey says of it, a person's and an officer's.
FIELDS: Shape = {"key_id": str, "alg": int, "public_key": str, "credential_id": str, "rp_id": str, "origin": str}
_SHAPE: Shape = {"schema": str, "pid": str, **FIELDS, "witness": str, "by": str, "at": str}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the record of an enrolment says.

    Attributes:
        pid: Whose passkey it is.
        passkey: Its public half, and where it may be used.
        credential_id: What the authenticator finds it by.
        witness: Id of the officer who is there.
        by: Id of the key that spoke for the person until then and signs too, or "" where there is none.
        at: When, by the word of who signed.
    """

    pid: str
    passkey: Passkey
    credential_id: bytes
    witness: str
    by: str
    at: datetime

    def to_payload(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical.dumps(
            {
                "schema": SCHEMA,
                "pid": self.pid,
                **said_of(self.passkey, self.credential_id),
                "witness": self.witness,
                "by": self.by,
                "at": to_time(self.at),
            }
        )

    def to_body(self, signatures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the body of a `passkey.enrolled` event with these signatures, which are not checked here."""
        envelope = dsse.build(PAYLOAD_TYPE, self.to_payload(), signatures)
        return {"pid": self.pid, "key_id": self.passkey.key_id, "envelope": canonical.loads(envelope)}


def parse(payload: bytes) -> Enrolment:
    """Return what the record of an enrolment says, whoever signed it.

    Raises:
        FormatError: The bytes are not such a record in its one form.
    """
    said = exact(canonical.loads(payload), "the enrolment of a passkey", _SHAPE)
    if said["schema"] != SCHEMA:
        raise FormatError("the enrolment of a passkey is of a version that is not known")
    pid = fits(PID, said["pid"], "the owner of a passkey")
    witness = fits(PID, said["witness"], "the witness of an enrolment")
    found = Enrolment(pid, *read(said), witness, said["by"], from_time(said["at"]))
    if found.to_payload() != payload:
        raise FormatError("the id of a passkey is not that of its key")
    return found


def said_of(key: Passkey, credential_id: bytes) -> dict[str, Any]:
    """Return what a record says of a passkey, as in `FIELDS`."""
    return {
        "key_id": key.key_id,
        "alg": key.alg,
        "public_key": to_base64(key.public),
        "credential_id": to_base64(credential_id),
        "rp_id": key.rp_id,
        "origin": key.origin,
    }


def read(said: Mapping[str, Any]) -> tuple[Passkey, bytes]:
    """Return the passkey that a record speaks of, and its credential id. That `key_id` is its id is not checked.

    Raises:
        FormatError: A part is not in form, or the page may not use passkeys of the host.
    """
    key = Passkey(said["alg"], from_base64(said["public_key"]), said["rp_id"], said["origin"])
    check_page(key.rp_id, key.origin)
    credential_id = from_base64(said["credential_id"])
    if not 0 < len(credential_id) <= MAX_CREDENTIAL_ID:
        raise FormatError("the id of a credential is empty, or too long")
    return key, credential_id


def check_page(rp_id: str, origin: str) -> None:
    """Check that a page may use passkeys of a host (WebAuthn §5.1.3): the host itself or one below it, by TLS.

    Raises:
        FormatError: It may not.
    """
    scheme, _, rest = origin.partition("://")
    host = rest.partition(":")[0]
    # Browsers treat the loopback as secure, and give passkeys to its name only.
    secure = scheme == "https" or (scheme == "http" and host == "localhost")
    ascii_ = rp_id.isascii() and origin.isascii()
    if not rp_id or not secure or not ascii_ or "/" in rest or not (host == rp_id or host.endswith(f".{rp_id}")):
        raise FormatError(
            "the page is not one of the host that the passkey is for",
            "an origin is written like https://consent.example, and its host is the relying party's or below it",
        )


def parse_entry(body: Mapping[str, Any]) -> tuple[Enrolment, bytes, tuple[str, ...]]:
    """Return what an entry says, its envelope, and the ids of its signers; no signature is checked.

    Raises:
        FormatError: The body is not an enrolment in form.
    """
    head = exact(dict(body), "an enrolment of a passkey", {"pid": str, "key_id": str, "envelope": dict})
    envelope = canonical.dumps(head["envelope"])
    shape: Shape = {"payload": str, "payloadType": str, "signatures": list}
    parts = exact(head["envelope"], "an envelope", shape)
    said = parse(from_base64(parts["payload"]))
    if (said.pid, said.passkey.key_id) != (head["pid"], head["key_id"]):
        raise FormatError("an enrolment says something else than what was signed")
    signers = tuple(str(item.get("keyid")) for item in parts["signatures"] if isinstance(item, dict))
    return said, envelope, signers


def check(body: Mapping[str, Any], witness: Mapping[str, dsse.Key], before: dsse.Key | None = None) -> Enrolment:
    """Return the enrolment in an entry that everybody signed who must.

    Args:
        body: The event's body.
        witness: What speaks for the named witness, by id; one of them signs. Whether that officer may witness is the
            caller's to know.
        before: The key that the record names as the one that spoke until then; None where it names none.

    Raises:
        FormatError: The body is not an enrolment in form.
        SignatureError: A signature is missing, wrong, or one too many, or somebody witnesses their own enrolment.
    """
    said, envelope, signers = parse_entry(body)
    if said.witness == said.pid:
        raise SignatureError("nobody witnesses their own enrolment")
    by_witness = {name: witness[name] for name in signers if name in witness}
    if len(by_witness) != 1:
        raise SignatureError("the witness of an enrolment did not sign it, or signed twice")
    trusted: dict[str, dsse.Key] = {said.passkey.key_id: said.passkey, **by_witness}
    if bool(said.by) != (before is not None):
        raise SignatureError("an enrolment names a key before it that is not known, or names none")
    if before is not None:
        trusted[said.by] = before
    if len(trusted) != 2 + bool(said.by):
        raise SignatureError("one key signs an enrolment twice over")
    opened = dsse.open_envelope(envelope, trusted, PAYLOAD_TYPE)
    if set(opened.signers) != set(trusted) or opened.unknown:
        raise SignatureError("an enrolment lacks the signature of a key, or of its witness, or has one too many")
    return said
