"""Release: the output gates, the subject's signature over the final content, and its place in the log."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import bundle, container, dsse, statement
from attest.disposition import Dispositions
from attest.encoding import to_time
from attest.keys import key_id
from extract import residue
from extract.skill import document
from govern.errors import RefusedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.log import EventLog
    from attest.note import NoteSigner
    from consent.ledger import Ledger as Consents
    from extract.distil.claims import Claim
    from extract.skill.draft import Draft
    from extract.skill.review import Review
    from policies.model import Policy

Emit = Callable[[str, dict[str, Any]], int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """The final content, ready to be signed by the subject.

    Attributes:
        files: Every file outside `attestation/`.
        claims: The claims in it.
        release: The bytes that the subject signs.
    """

    files: Mapping[str, bytes]
    claims: tuple[Claim, ...]
    release: bytes


def prepare(draft: Draft, review: Review, now: datetime) -> Candidate:
    """Return the final content as the subject decided it.

    Raises:
        RefusedError: A claim was not reviewed, or none is left.
    """
    waiting = review.open_claims(draft.claims)
    if waiting:
        raise RefusedError(
            f"refused by output.subject_review: {len(waiting)} of {len(draft.claims)} claims were not reviewed",
            "silence is no consent: `govern skill review FILE` shows what is open",
        )
    claims = review.apply(draft.claims)
    if not claims:
        raise RefusedError("refused by output.subject_review: no claim is left", "there is nothing to release")
    ledger = residue.after_review(draft.ledger, draft.claims, claims)
    files = document.files(draft.header, claims, ledger, draft=False)
    release = statement.release(
        extraction_id=draft.extraction_id,
        skill=draft.header.name,
        files=files,
        review=review.counts(),
        at=to_time(now),
        expires=to_time(draft.header.expires),
    )
    return Candidate(files, claims, release)


def sign(candidate: Candidate, key: Ed25519PrivateKey) -> bytes:
    """Return the subject's envelope over the final content."""
    return dsse.sign(statement.RELEASE_TYPE, candidate.release, [(key_id(key), key)])


def release(
    draft: Draft,
    candidate: Candidate,
    envelope: bytes,
    *,
    consents: Consents,
    policy: Policy,
    engine: Mapping[str, Any],
    redactor: Mapping[str, Any],
    log: EventLog,
    signer: NoteSigner,
    emit: Emit,
) -> bytes:
    """Log the release and return the finished `.skill`.

    The caller has asked the gates already; see `consent.decide`. What is checked here is that the envelope is the
    subject's own, over exactly this content.

    Raises:
        RefusedError: The envelope is not signed by the subject's enrolled key.
    """
    subject = draft.header.subject
    enrolled = consents.key(subject)
    if enrolled is None:
        raise RefusedError("refused by output.subject_review: the person has no key", "`govern keys enroll`")
    opened = dsse.open_envelope(envelope, {enrolled.key_id: enrolled.public}, statement.RELEASE_TYPE)
    if opened.payload != candidate.release:
        raise RefusedError("refused by output.subject_review: the signature is over another content", "sign it again")
    tree = Dispositions.parse(draft.dispositions)
    consent_index = int(draft.seal["consent_index"])
    expires = to_time(draft.header.expires)
    kept = {
        **candidate.files,
        "attestation/dispositions.jsonl": draft.dispositions,
        "attestation/release.dsse.json": envelope,
        "attestation/VERIFY.md": bundle.verify_text(draft.header.name),
        "attestation/manifest.json": log.entry(draft.manifest_index),
        "attestation/seal.json": log.entry(draft.seal_index),
        f"attestation/consents/{consent_index}.json": log.entry(consent_index),
        f"attestation/keys/{enrolled.index}.json": log.entry(enrolled.index),
    }
    state = consents.record_at(consent_index)
    predicate = {
        "extraction_id": draft.extraction_id,
        "subject": subject,
        "purpose": draft.header.purpose,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "model": dict(engine),
        "redactor": dict(redactor),
        "manifest": {"index": draft.manifest_index, "root": tree.manifest_root.hex(), "size": tree.size},
        "seal": {"index": draft.seal_index},
        "dispositions": {"root": tree.root.hex(), "size": tree.size, "counts": tree.counts()},
        "consents": [{"index": consent_index, "record_sha256": state.record_sha256}],
        "subject_key": {"key_id": enrolled.key_id, "index": enrolled.index},
        "release": {"sha256": hashlib.sha256(envelope).hexdigest()},
        "expires": expires,
        "log_origin": signer.name,
        "authenticity": tree.authenticity(),
        "responses": [],
        "packed_with": {"zlib": zlib.ZLIB_RUNTIME_VERSION},
    }
    signed = dsse.sign(
        statement.PAYLOAD_TYPE,
        statement.statement(kept, predicate),
        [(key_id(signer.private_key), signer.private_key)],
    )
    index = emit(
        "skill.released",
        {
            "extraction_id": draft.extraction_id,
            "subject": subject,
            "purpose": draft.header.purpose,
            "seal_index": draft.seal_index,
            "consent_index": consent_index,
            "statement_sha256": hashlib.sha256(signed).hexdigest(),
            "expires": expires,
            "claims": len(candidate.claims),
        },
    )
    note = log.checkpoint(signer)
    files = dict(kept)
    files["attestation/statement.dsse.json"] = signed
    files["attestation/entry.json"] = log.entry(index)
    for name, entry in (
        ("log", index),
        ("manifest", draft.manifest_index),
        ("seal", draft.seal_index),
        (f"consents/{consent_index}", consent_index),
        (f"keys/{enrolled.index}", enrolled.index),
    ):
        files[f"attestation/{name}.tlog-proof"] = log.proof(entry, note).to_bytes()
    data = container.pack(draft.header.name, files)
    emit(
        "skill.packaged",
        {"extraction_id": draft.extraction_id, "release_index": index, "sha256": hashlib.sha256(data).hexdigest()},
    )
    return data
