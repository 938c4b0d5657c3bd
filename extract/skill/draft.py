"""A draft `.skill`: what an extraction leaves for the person to review, tied to the log entry that sealed it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import canonical, container
from attest.encoding import from_time
from extract.skill import codec, document
from govern.errors import InputError, VerificationError

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.distil.claims import Claim
    from extract.pipeline import Sealed
    from extract.residue import Ledger

SCHEMA = "govern-draft/1"
_AGAIN = "make the draft again with `govern extract`"


@dataclass(frozen=True, slots=True)
class Draft:
    """An opened draft whose claims and numbers are those that the log sealed.

    Attributes:
        header: The head of the skill.
        claims: As distilled; none reviewed.
        ledger: What was taken and left out.
        extraction_id: Id of the extraction.
        manifest_index: Log index of `source.manifest`.
        seal_index: Log index of `extraction.sealed`.
        seal: Body of that entry.
        sealed_at: Time of that entry.
        dispositions: The JSON lines of the disposition tree.
    """

    header: document.Header
    claims: tuple[Claim, ...]
    ledger: Ledger
    extraction_id: str
    manifest_index: int
    seal_index: int
    seal: dict[str, Any]
    sealed_at: datetime
    dispositions: bytes


def pack(header: document.Header, sealed: Sealed, log: EventLog) -> bytes:
    """Return the draft as the bytes of a `.skill`; it carries no release and verifies as unreleased."""
    files = document.files(header, sealed.claims, sealed.ledger, draft=True)
    head = {
        "schema": SCHEMA,
        "extraction_id": sealed.extraction_id,
        "manifest_index": sealed.manifest_index,
        "seal_index": sealed.seal_index,
        "role": header.role,
        "subject": header.subject,
        "purpose": header.purpose,
        "policy": header.policy,
        "expires": header.expires.isoformat(),
        "pseudonym": header.pseudonym,
    }
    files["attestation/draft.json"] = canonical.dumps(head)
    files["attestation/manifest.json"] = log.entry(sealed.manifest_index)
    files["attestation/seal.json"] = log.entry(sealed.seal_index)
    files["attestation/dispositions.jsonl"] = sealed.dispositions.to_bytes()
    return container.pack(header.name, files)


def is_draft(data: bytes) -> bool:
    """Return whether the bytes are a draft, by its own word."""
    return "attestation/draft.json" in container.unpack(data).files


def read(data: bytes, log: EventLog) -> Draft:
    """Open a draft and hold it against the log: nobody can slip a claim in between sealing and review.

    Raises:
        InputError: It is not a draft.
        VerificationError: It is not what the log sealed.
    """
    box = container.unpack(data)
    try:
        head = canonical.loads(box.files["attestation/draft.json"])
        claims_bytes, ledger_bytes = box.files["references/claims.jsonl"], box.files["references/ledger.json"]
        if head["schema"] != SCHEMA:
            raise ValueError
        seal_index, manifest_index = int(head["seal_index"]), int(head["manifest_index"])
        header = document.Header(
            name=box.name,
            role=str(head["role"]),
            subject=str(head["subject"]),
            purpose=str(head["purpose"]),
            policy=str(head["policy"]),
            expires=datetime.fromisoformat(head["expires"]),
            pseudonym=str(head["pseudonym"]),
        )
        dispositions = box.files["attestation/dispositions.jsonl"]
    except (KeyError, ValueError, TypeError, InputError):
        raise InputError("this is not a draft skill", f"released skills cannot be reviewed again; {_AGAIN}") from None
    claims = codec.from_lines(claims_bytes)
    if not (0 <= manifest_index < seal_index < log.size):
        raise VerificationError("the draft names log entries that are not there", "is this the right --workspace?")
    seal = json.loads(log.entry(seal_index))
    body = seal["body"]
    if seal["type"] != "extraction.sealed" or body["extraction_id"] != head["extraction_id"]:
        raise VerificationError("the draft names a log entry that did not seal it", "is this the right --workspace?")
    distilled = json.loads(log.entry(body["steps"]["distilled"]))["body"]
    checks = {
        "claims": distilled["claims_sha256"] == hashlib.sha256(claims_bytes).hexdigest(),
        "numbers": body["ledger_sha256"] == hashlib.sha256(ledger_bytes.removesuffix(b"\n")).hexdigest(),
        "subject": body["subject"] == header.subject and body["purpose"] == header.purpose,
        "pseudonym": body["pseudonym"] == header.pseudonym,
        "seal": log.entry(seal_index) == box.files.get("attestation/seal.json"),
    }
    wrong = sorted(name for name, right in checks.items() if not right)
    if wrong:
        raise VerificationError(f"the draft is not what the log sealed: {', '.join(wrong)} differ", _AGAIN)
    return Draft(
        header=header,
        claims=claims,
        ledger=canonical.loads(ledger_bytes.removesuffix(b"\n")),
        extraction_id=head["extraction_id"],
        manifest_index=manifest_index,
        seal_index=seal_index,
        seal=body,
        sealed_at=from_time(seal["at"]),
        dispositions=dispositions,
    )
