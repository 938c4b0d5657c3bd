"""Approvals: what an officer signs, strict and once only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import canonical, dsse
from attest.encoding import from_time, is_digest, to_time
from attest.enrolment import ROLES
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes
from attest.names import NAME, NONCE, PID, REFERENCE, fits
from attest.shape import DIGEST, Shape, exact

PAYLOAD_TYPE = "application/vnd.govern.approval+json"
SCHEMA = "govern-approval/1"
MAX_PAYLOAD = 4096

MAY_SIGN: Mapping[str, frozenset[str]] = {
    "run": frozenset({"hr", "dpo", "works_council"}),
    "impact_assessment": frozenset({"dpo"}),
    "collective_agreement": frozenset({"works_council"}),
    "undertaking": frozenset({"hr"}),
    "benefit": frozenset({"hr"}),
    "mandate": frozenset({"dpo", "works_council", "auditor", "authority"}),
    "invalidation": frozenset({"dpo", "works_council", "auditor", "authority"}),
    "key_lost": frozenset({"dpo", "works_council", "auditor", "authority"}),
}
"""Which roles an approval of each kind counts from."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "impact_assessment": ("sha256", "dated"),
    "collective_agreement": ("sha256",),
    "benefit": ("subject", "ref"),
    "mandate": ("subject", "sha256"),
    "invalidation": ("subject",),
    "key_lost": ("subject",),
}
"""What an approval of each kind must say, or it means nothing."""

_MAYBE = (str, type(None))
_SHAPE: Shape = {
    "schema": str,
    "kind": str,
    "holder": str,
    "role": str,
    "nonce": str,
    "at": str,
    "until": _MAYBE,
    "subject": _MAYBE,
    "purpose": _MAYBE,
    "policy": _MAYBE,
    "sha256": _MAYBE,
    "dated": _MAYBE,
    "ref": str,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What an officer says.

    Attributes:
        kind: A key of `MAY_SIGN`.
        holder: Id of the officer.
        role: The officer's role.
        nonce: 32 random hex digits, used once.
        at: When, by the officer's word.
        until: When it ends by itself, or None.
        subject: Pseudonymous id of the person that it is about, or None for everyone.
        purpose: The purpose that it is about, or None for all.
        policy: SHA-256 of the policy that it is about, or None for all.
        sha256: Digest of the document that it stands for, or None.
        dated: Date of that document, or None.
        ref: Short reference, or "".
    """

    kind: str
    holder: str
    role: str
    nonce: str
    at: datetime
    until: datetime | None = None
    subject: str | None = None
    purpose: str | None = None
    policy: str | None = None
    sha256: str | None = None
    dated: datetime | None = None
    ref: str = ""

    def __post_init__(self) -> None:
        """Refuse what no officer can say; cut times to whole seconds.

        Raises:
            FormatError: A part is not in form, or one that this kind needs is missing.
        """
        if self.kind not in MAY_SIGN or self.role not in ROLES:
            raise FormatError("an approval is of a kind or a role that is not known")
        fits(PID, self.holder, "the holder of an approval")
        fits(NONCE, self.nonce, "the nonce of an approval")
        if self.subject is not None:
            fits(PID, self.subject, "the subject of an approval")
        if self.purpose is not None:
            fits(NAME, self.purpose, "the purpose of an approval")
        if not all(value is None or is_digest(value) for value in (self.policy, self.sha256)):
            raise FormatError("a digest in an approval is not in form")
        if self.ref != "":
            fits(REFERENCE, self.ref, "the reference of an approval")
        if missing := [name for name in NEEDS.get(self.kind, ()) if not getattr(self, name)]:
            raise FormatError(f"an approval of kind {self.kind} needs {missing[0]}")
        for name in ("at", "until", "dated"):
            moment = getattr(self, name)
            if moment is not None:
                object.__setattr__(self, name, from_time(to_time(moment)))

    def payload(self) -> bytes:
        """Return the exact bytes that are signed."""
        return canonical.dumps(
            {
                "schema": SCHEMA,
                "kind": self.kind,
                "holder": self.holder,
                "role": self.role,
                "nonce": self.nonce,
                "at": to_time(self.at),
                "until": None if self.until is None else to_time(self.until),
                "subject": self.subject,
                "purpose": self.purpose,
                "policy": self.policy,
                "sha256": self.sha256,
                "dated": None if self.dated is None else to_time(self.dated),
                "ref": self.ref,
            }
        )

    def body(self, key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return the body of an `approval.given` event, signed with the officer's key."""
        return self.signed_body(dsse.signature(PAYLOAD_TYPE, self.payload(), key_id(public_bytes(key)), key))

    def signed_body(self, signature: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of an `approval.given` event with a signature, which is not checked here."""
        payload = self.payload()
        parse(payload)
        envelope = dsse.build(PAYLOAD_TYPE, payload, [signature])
        return {
            "kind": self.kind,
            "holder": self.holder,
            "subject": self.subject,
            "approval_sha256": hashlib.sha256(payload).hexdigest(),
            "envelope": canonical.loads(envelope),
        }


def parse(payload: bytes) -> Statement:
    """Read what was signed.

    Raises:
        FormatError: The bytes are not what `Statement.payload` writes.
    """
    if len(payload) > MAX_PAYLOAD:
        raise FormatError("an approval is too long")
    value = exact(canonical.loads(payload), "an approval", _SHAPE)
    if value.pop("schema") != SCHEMA:
        raise FormatError("an approval is of a version that is not known")
    for name in ("at", "until", "dated"):
        value[name] = None if value[name] is None else from_time(value[name])
    return Statement(**value)


def check(body: Mapping[str, Any], keys: Mapping[str, dsse.Key]) -> Statement:
    """Return what a log entry says that one of these keys signed.

    Args:
        body: Body of an `approval.given` event.
        keys: What speaks for the officer, by id.

    Raises:
        FormatError: The body is not in form, or says something else than what was signed.
        SignatureError: None of them signed it.
    """
    shape: Shape = {"kind": str, "holder": str, "subject": _MAYBE, "approval_sha256": DIGEST, "envelope": dict}
    head = exact(dict(body), "an approval entry", shape)
    opened = dsse.open_envelope(canonical.dumps(head["envelope"]), keys, PAYLOAD_TYPE)
    said = parse(opened.payload)
    if opened.unknown or len(opened.signers) != 1:
        raise SignatureError("an approval is signed by others than its holder, or twice")
    if hashlib.sha256(opened.payload).hexdigest() != head["approval_sha256"]:
        raise FormatError("an approval entry names another approval than the one that was signed")
    if (said.kind, said.holder, said.subject) != (head["kind"], head["holder"], head["subject"]):
        raise FormatError("an approval entry says something else than what was signed")
    return said
