"""Approvals: what an officer (HR, data protection, works council) signed and the log holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from attest import dsse
from consent.keys import EnrolledKey

Role = Literal["hr", "dpo", "works_council", "auditor", "authority"]
ApprovalKind = Literal[
    "run",
    "impact_assessment",
    "collective_agreement",
    "undertaking",
    "benefit",
    "mandate",
    "invalidation",
    "key_lost",
]


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval in force.

    Attributes:
        index: Entry that holds it.
        kind: What is approved.
        holder: Who signed: id of an officer.
        role: The officer's role.
        at: When it was logged, by the log's clock.
        until: When it ends by itself, or None.
        subject: The person that it is about, or None for everyone.
        purpose: The purpose that it is about, or None for all.
        policy: SHA-256 of the policy that it is about, or None for all.
        sha256: Digest of the document that it stands for, or None.
        dated: Date of that document, or None.
        ref: Short reference: number of an agreement, of compensation terms; or "".
    """

    index: int
    kind: ApprovalKind
    holder: str
    role: Role
    at: datetime
    until: datetime | None = None
    subject: str | None = None
    purpose: str | None = None
    policy: str | None = None
    sha256: str | None = None
    dated: datetime | None = None
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Officer:
    """Someone whose signature counts for others.

    Attributes:
        holder: Id of the officer, in the form of a pseudonym: `dpo-1`.
        role: The one role.
        key_id: Id of the key.
        public: The 32 bytes of the key.
        index: Entry that enrolled it.
        witness: Id of the officer who countersigned the enrolment, or "".
        passkeys: Passkeys that speak for the officer beside the key.
    """

    holder: str
    role: Role
    key_id: str
    public: bytes
    index: int
    witness: str = ""
    passkeys: tuple[EnrolledKey, ...] = ()

    @property
    def keys(self) -> dict[str, dsse.Key]:
        """What speaks for the officer now, by id."""
        return {self.key_id: self.public, **{each.key_id: each.verifier for each in self.passkeys}}
