"""One extraction, from sources to a sealed draft: each stage is one call, and each stage is logged."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from extract import gating, manifest, redaction

if TYPE_CHECKING:
    from attest.disposition import Dispositions
    from consent.decide import RunDecision
    from consent.ledger import Ledger as Consents
    from consent.request import ClaimFacts, RunRequest
    from extract.distil.admission import Admission
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim, Distillate, Passage
    from extract.distil.settings import Settings
    from extract.gating import Gated
    from extract.job import Job, Progress, Tools
    from extract.records import Record
    from extract.residue import Ledger
    from extract.sources import ReadResult
    from policies.model import Policy
    from redact.engine import Redacted, Redactor


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished, sealed extraction.

    Attributes:
        extraction_id: Its id.
        claims: The claims; none reviewed.
        ledger: What was taken and what was left out.
        dispositions: The disposition tree.
        manifest_index: Log index of `source.manifest`.
        seal_index: Log index of `extraction.sealed`.
        pseudonym: The token that stands for the subject.
        unreadable: How many files could not be read.
        receipt: What redaction took out and what nothing looked for; see `redact.receipt`.
    """

    extraction_id: str
    claims: tuple[Claim, ...]
    ledger: Ledger
    dispositions: Dispositions
    manifest_index: int
    seal_index: int
    pseudonym: str
    unreadable: int
    receipt: Mapping[str, Any] = field(default_factory=dict)


def run(job: Job, consents: Callable[[], Consents], backend: Backend, tools: Tools) -> Sealed:
    """Run one extraction and seal it in the log.

    Args:
        job: What is asked for.
        consents: Returns the consents as the log has them at that moment.
        backend: The language model.
        tools: Everything with a side effect.

    Raises:
        RefusedError: A gate says no; that is logged too. Or the model is not fit to paraphrase as is asked for.
        InputError: The sources cannot be read.
    """
    from attest import canonical
    from attest.encoding import from_time, to_time
    from extract import kept_facts, residue
    from extract.distil.admission import admit
    from extract.skill import codec
    from extract.vetoes import Vetoes

    redaction.require_models(job.policy)
    # Before anything is announced or read: a model that is not fit is shown nobody's words.
    admission = admit(backend, tools.progress) if job.paraphrase else None
    # The log keeps whole seconds, and a decision is replayed from the log.
    now = from_time(to_time(job.request.now))
    job = replace(job, request=replace(job.request, now=now))
    announced = gating.announce(job, tools, dry_run=False)
    extraction_id = announced.extraction_id
    head = {"extraction_id": extraction_id, "subject": job.subject, "purpose": job.request.purpose}

    def emit(kind: str, body: dict[str, Any]) -> int:
        return tools.emit(kind, {**head, **body}, now)

    def still_agreed(ledger: Consents) -> RunDecision:
        # Asked anew before each part of the work: a withdrawal stops the run at the next gate, not after it.
        decision = gating.decide_run(job, ledger, announced.index)
        if not decision.allowed:
            emit("extraction.gated", {"policy": job.policy_ref, "allowed": False, "reasons": list(decision.reasons)})
            raise gating.refuse(decision.reasons)
        return decision

    ledger_then = consents()
    decision = still_agreed(ledger_then)
    consent_index = decision.choice.record_index

    salts: list[bytes] = []
    commitments: list[str] = []
    manifest_index = -1

    def commit(read: ReadResult, excluded: int) -> None:
        # Commit, then gate: what there was is fixed before anything decides what is taken.
        nonlocal manifest_index
        salts.extend(tools.random(32) for _ in range(len(read.records)))
        manifest_index = manifest.commit(job, read, salts, commitments, extraction_id, excluded, tools, emit)

    vetoes = Vetoes.of(ledger_then, tools.secret)
    gated = gating.read_and_gate(job, decision.choice, vetoes, tools.progress, commit, tools.work)
    taken = gated.taken
    gated_index = emit(
        "extraction.gated",
        {
            "prev": manifest_index,
            "policy": job.policy_ref,
            "request": _request_body(job.request),
            "allowed": True,
            "consent_index": consent_index,
            # Up to where the log was replayed for this decision: whoever replays it decides again alike.
            "log_size": ledger_then.size,
            "taken": len(taken),
            "left_out": len(gated.reasons) - len(taken),
            "by_reason": gated.by_reason(),
            "by_source": gated.by_source(),
        },
    )

    redactor = redaction.redactor_of(job, gated, tools)
    drawn = gated
    made = redaction.redact_taken(gated, redactor, job.policy, tools.progress)
    gated, redacted = made.gated, made.texts
    tools.vault.put_facts(extraction_id, kept_facts.rows(drawn, gated))
    removed = redaction.removed_of(gated, redactor, redaction.removed_key(tools.secret, extraction_id))
    tools.vault.add_secret(extraction_id, redaction.REMOVED, removed)
    redacted_index = emit(
        "extraction.redacted",
        {
            "prev": gated_index,
            "redactor": {**redactor.info(), **made.receipt},
            "left_out": len(taken) - len(redacted),
            "emotion_segments": made.emotion_segments,
        },
    )
    redaction.ask_segments(job, made)

    still_agreed(consents())
    distillate = _distil(job, gated, redacted, backend, tools.progress, admission)
    still_agreed(consents())
    tools.progress("scanning again", 0, len(distillate.claims))
    claims, kept_back = output_gates(job, decision, distillate, redactor, gated)
    distilled_index = emit(
        "extraction.distilled",
        {
            "prev": redacted_index,
            # The seed is a digest of all records: who has all but one could find the last by it.
            "engine": {name: value for name, value in distillate.engine.items() if name != "seed"},
            "claims": len(claims),
            "claims_sha256": hashlib.sha256(codec.to_lines(claims)).hexdigest(),
            "kept_back": kept_back,
        },
    )

    dispositions = manifest.dispositions(gated, redacted, salts, commitments)
    characters = residue.characters(gated.read.records.light(), redacted)
    ledger = residue.account(dispositions, distillate, kept_back, made.emotion_segments, characters)
    pseudonym = str(redactor.people_tokens().get(job.subject, ""))
    seal_index = emit(
        "extraction.sealed",
        {
            "prev": distilled_index,
            "manifest_index": manifest_index,
            "root": dispositions.root.hex(),
            "size": dispositions.size,
            "counts": dispositions.counts(),
            "steps": {"gated": gated_index, "redacted": redacted_index, "distilled": distilled_index},
            "ledger_sha256": hashlib.sha256(canonical.dumps(ledger)).hexdigest(),
            "policy": job.policy_ref,
            "consent_index": consent_index,
            "pseudonym": pseudonym,
        },
    )
    return Sealed(
        extraction_id=extraction_id,
        claims=claims,
        ledger=ledger,
        dispositions=dispositions,
        manifest_index=manifest_index,
        seal_index=seal_index,
        pseudonym=pseudonym,
        unreadable=len(gated.read.unreadable),
        receipt=made.receipt,
    )


def _request_body(request: RunRequest) -> dict[str, Any]:
    return {
        "sources": sorted(request.sources or ()),
        "recipients": sorted(request.recipients or ()),
        "model_kind": request.model_kind,
        "model_sha256": request.model_sha256,
        "model_address": request.model_address,
    }


def passages_of(gated: Gated, redacted: Mapping[int, Redacted]) -> list[Passage]:
    """Return what a distiller may see of the records: redacted words, day, and an opaque number for the thread."""
    from datetime import date

    from extract.distil.claims import Passage

    threads: dict[str, str] = {}
    passages = []
    for row, result in redacted.items():
        record = gated.read.records[row]
        # Thread ids of mail are addresses of sorts: the distiller gets an opaque number.
        thread = threads.setdefault(f"{record.source_kind}/{record.thread_id}", f"t{len(threads):04d}")
        day = date.fromisoformat(str(gated.facts["local_date"].iloc[row]))
        passages.append(
            Passage(row, result.text, record.source_kind, thread, day, commit_message=_is_commit_message(record))
        )
    return passages


def _is_commit_message(record: Record) -> bool:
    """Say whether a record is what a person wrote of a commit, and neither written by git nor a remark on code."""
    from extract.records import FLAG_MERGE, FLAG_REVERT
    from extract.sources.reviewnotes import FLAG_REVIEW

    return record.source_kind == "commit" and {FLAG_MERGE, FLAG_REVERT, FLAG_REVIEW}.isdisjoint(record.labels)


def distil_settings(policy: Policy) -> Settings:
    """Return what a policy asks of a claim's support."""
    from extract.distil.settings import Settings

    support: Any = policy.gates.get("output.support")
    return Settings(min_records=support.records, min_days=support.days) if support else Settings()


def _distil(
    job: Job,
    gated: Gated,
    redacted: Mapping[int, Redacted],
    backend: Backend,
    progress: Progress,
    admission: Admission | None,
) -> Distillate:
    from extract.distil.pipeline import distil

    passages = passages_of(gated, redacted)
    settings = distil_settings(job.policy)
    return distil(
        passages,
        backend,
        seed=gated.seed,
        settings=settings,
        progress=progress,
        chosen=job.chosen,
        admission=admission,
    )


def claim_facts(claims: Sequence[Claim]) -> list[ClaimFacts]:
    """Return what the output gates need to know of each claim of one draft, the struck ones among them."""
    from consent.request import ClaimFacts
    from extract.distil.claims import CATEGORY
    from extract.distil.keeps import kept_kinds
    from extract.skill.verbatim import verbatim_words

    quoted = [span for claim in claims for span in claim.evidence]
    return [
        ClaimFacts(c.id, CATEGORY[c.kind], c.support, c.days, c.review, verbatim_words(c, quoted), kept_kinds(c))
        for c in claims
    ]


def spoken(claim: Claim) -> str:
    """Return all words of a claim: its statement and its quotes."""
    return "\n".join([claim.statement, *(s.quote for s in claim.evidence)])


def output_gates(
    job: Job, decision: RunDecision, made: Distillate, redactor: Redactor, gated: Gated
) -> tuple[tuple[Claim, ...], dict[str, int]]:
    """Return the claims that may be shown to the subject, and how many each gate kept back.

    Args:
        job: What is asked for.
        decision: The choice that it is allowed by.
        made: What was distilled.
        redactor: The run's redactor.
        gated: The run's records.
    """
    from consent import decide
    from extract import others
    from redact.rescan import rescan

    # A claim is read outside its passage, where the detectors may see what they did not see inside it.
    words = {c.id: spoken(c) for c in made.claims}
    hit = {found.file for found in rescan(words, redactor)}
    hit |= others.carried(words, gated, job.people, job.subject)
    reasons = [
        (*gates, *(("output.residual_pii",) if claim.id in hit else ()))
        for claim, gates in zip(
            made.claims, decide.claim_reasons(job.policy, decision.choice, claim_facts(made.claims)), strict=True
        )
    ]
    kept = tuple(c for c, r in zip(made.claims, reasons, strict=True) if not r)
    # A claim that two gates keep back is counted once, under the first, so that the ledger adds up.
    back = Counter(r[0] for r in reasons if r)
    return kept, dict(sorted(back.items()))
