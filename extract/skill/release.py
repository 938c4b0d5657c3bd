"""Release: the output gates, the subject's signature over the final content, and its place in the log."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import bundle, container, dsse, evidence, statement
from attest.disposition import Dispositions
from attest.encoding import to_time
from attest.keys import key_id
from extract import residue
from extract.pipeline import spoken
from extract.skill import document
from govern.errors import RefusedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.log import EventLog
    from attest.note import NoteSigner
    from consent.keys import EnrolledKey
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
        judged: Every claim of the draft with what the subject said of it, the struck ones included.
        release: The bytes that the subject signs.
    """

    files: Mapping[str, bytes]
    claims: tuple[Claim, ...]
    judged: tuple[Claim, ...]
    release: bytes

    def pages(self) -> dict[str, str]:
        """Return what a reader sees, by file name."""
        return {name: data.decode() for name, data in self.files.items() if name.endswith(".md")}

    def texts(self) -> dict[str, str]:
        """Return everything that holds words, for the second scan: the pages by file name, each claim by its id."""
        return self.pages() | {c.id: spoken(c) for c in self.claims}

    def trusted(self) -> list[str]:
        """Return the lines of the pages that this program wrote itself: no statement and no quote stands in them."""
        # A page shows statement and quote whole, each on one line; a quote's own lines may be a single everyday word.
        said = (text for c in self.claims for text in (c.statement, *(s.quote for s in c.evidence)))
        words = {" ".join(text.split()) for text in said}
        return [
            line for page in self.pages().values() for line in page.splitlines() if not any(w in line for w in words)
        ]


def prepare(draft: Draft, review: Review, now: datetime, evaluation: Mapping[str, Any] | None = None) -> Candidate:
    """Return the final content as the subject decided it, with the numbers of its last evaluation if there is one.

    Raises:
        RefusedError: No claim is left.
    """
    claims = review.apply(draft.claims)
    if not claims:
        raise RefusedError("refused by output.subject_review: no claim is left", "there is nothing to release")
    ledger = residue.after_review(draft.ledger, draft.claims, claims, review.withheld_claims)
    files = document.files(draft.header, claims, ledger, draft=False, evaluation=evaluation)
    release = statement.release(
        extraction_id=draft.extraction_id,
        skill=draft.header.name,
        files=files,
        review=review.counts(),
        at=to_time(now),
        expires=to_time(draft.header.expires),
    )
    return Candidate(files, claims, review.judged(draft.claims), release)


def sign(candidate: Candidate, key: Ed25519PrivateKey) -> bytes:
    """Return the subject's envelope over the final content."""
    return dsse.sign(statement.RELEASE_TYPE, candidate.release, [(key_id(key), key)])


def release(
    draft: Draft,
    candidate: Candidate,
    envelope: bytes,
    *,
    enrolled: EnrolledKey,
    consent_sha256: str,
    policy: Policy,
    engine: Mapping[str, Any],
    redactor: Mapping[str, Any],
    log: EventLog,
    signer: NoteSigner,
    checkpoint: Callable[[], bytes],
    emit: Emit,
) -> bytes:
    """Log the release and return the finished `.skill`.

    The caller has asked the gates already. What is checked here is that the envelope is the subject's own, over exactly
    this content.

    Raises:
        RefusedError: The envelope is not signed by the subject's enrolled key.
    """
    subject = draft.header.subject
    opened = dsse.open_envelope(envelope, {enrolled.key_id: enrolled.verifier}, statement.RELEASE_TYPE)
    if opened.payload != candidate.release:
        raise RefusedError("refused by output.subject_review: the signature is over another content", "sign it again")
    tree = Dispositions.parse(draft.dispositions)
    consent_index = int(draft.seal["consent_index"])
    expires = to_time(draft.header.expires)
    # A passkey stands beside the keys: one of them may have signed the consent, or for the passkey.
    last = enrolled.index if enrolled.passkey is None else log.size - 1
    keys = tuple(key.index for key in bundle.key_chain(log, subject, last))
    passkeys = () if enrolled.passkey is None else (enrolled.index,)
    places = bundle.Places(draft.manifest_index, draft.seal_index, (consent_index,), keys, passkeys)
    covered = bundle.covered(log, places, name=draft.header.name, dispositions=draft.dispositions, release=envelope)
    kept = {**candidate.files, **covered}
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
        "consents": [{"index": consent_index, "record_sha256": consent_sha256}],
        "subject_key": {"key_id": enrolled.key_id, "index": enrolled.index},
        "release": {"sha256": hashlib.sha256(envelope).hexdigest()},
        "expires": expires,
        "log_origin": signer.name,
        "authenticity": tree.authenticity(),
        "responses": [],
        "packed_with": {"zlib": zlib.ZLIB_RUNTIME_VERSION},
    }
    signed = bundle.signed_statement(kept, predicate, signer)
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
    note = checkpoint()
    files = bundle.build(log, places, index, note, {**kept, evidence.STATEMENT: signed})
    data = container.pack(draft.header.name, files)
    emit(
        "skill.packaged",
        {"extraction_id": draft.extraction_id, "release_index": index, "sha256": hashlib.sha256(data).hexdigest()},
    )
    return data
