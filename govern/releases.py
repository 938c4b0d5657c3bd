"""Release of skills in a workspace: gates asked again over the finished files, events logged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest import canonical
from govern import refusals
from govern.errors import RefusedError
from govern.standing import Standing, Word, contested, standing, statement_sha256, use_ends, word

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.log import EventLog
    from consent.keys import EnrolledKey
    from consent.ledger import ChoiceState
    from consent.request import Circumstances, OutputFacts, RunRequest
    from extract.skill.draft import Draft
    from extract.skill.release import Candidate
    from extract.skill.review import Review
    from govern.workspace import Workspace
    from policies.model import Policy

__all__ = [
    "Plan",
    "Standing",
    "Word",
    "ask",
    "carry_out",
    "circumstances",
    "complete",
    "contested",
    "output_facts",
    "plan",
    "standing",
    "statement_sha256",
    "word",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """A release as the person decided it, before any gate was asked."""

    draft: Draft
    candidate: Candidate
    policy: Policy
    choice: ChoiceState
    request: RunRequest
    enrolled: EnrolledKey | None
    evaluation: Mapping[str, Any] | None


def circumstances(workspace: Workspace, log: EventLog, draft: Draft, now: datetime) -> Circumstances:
    """Return what is known about people, papers and duties now, for the run that a draft came of.

    The operator is the one who ran it and the announcement is that of the run: what has changed since is asked anew.
    """
    from extract import circumstances as known
    from govern import jobs, lineage

    job = jobs.load(workspace, draft.extraction_id)
    with workspace.vault() as vault:
        duties = lineage.duties(workspace, log, vault, now)
    people = Path(job.people) if job is not None and job.people is not None else None
    return known.of(
        workspace.identities(people),
        workspace.ledger(log),
        draft.header.subject,
        now,
        operator=job.operator if job is not None else None,
        announced=_announced(log, draft.extraction_id),
        cascades=duties.cascades,
        access=duties.access,
        raw_kept=duties.raw_kept,
        salts=duties.salts,
    )


def _announced(log: EventLog, extraction_id: str) -> int | None:
    wanted = extraction_id.encode()
    for index, data in log.entries():
        if b'"type":"extraction.announced"' in data and wanted in data:
            entry = json.loads(data)
            if entry["type"] == "extraction.announced" and entry["body"].get("extraction_id") == extraction_id:
                return index
    return None


def plan(
    workspace: Workspace,
    log: EventLog,
    draft: Draft,
    review: Review,
    now: datetime,
    known: Callable[[], Circumstances],
    at: datetime | None = None,
) -> Plan:
    """Put together what is to be released and what the gates need to know.

    Args:
        workspace: The workspace.
        log: Its log.
        draft: The draft.
        review: What the person decided.
        now: The moment of the release.
        known: Returns what is known about people, papers and duties, see `circumstances`.
        at: The moment that the signed release names, where it was offered to be signed before; else `now`.

    Raises:
        RefusedError: A gate of the run says no by now: the consent ended, a newer one took its place, an approval ran
            out.
    """
    from consent import decide
    from consent.request import RunRequest
    from extract import gating
    from extract.skill import release
    from govern import lineage

    consents = workspace.ledger(log)
    policy = workspace.policy(log, draft.seal["policy"]["sha256"])
    asked = json.loads(log.entry(draft.seal["steps"]["gated"]))["body"]["request"]
    request = RunRequest(
        subject=draft.header.subject,
        purpose=draft.header.purpose,
        sources=tuple(asked["sources"]),
        recipients=tuple(asked["recipients"]),
        policy=policy.sha256,
        model_kind=asked["model_kind"],
        model_sha256=asked["model_sha256"],
        model_address=asked["model_address"],
        now=now,
        circumstances=known(),
    )
    # Asked anew: since the extraction the person may have withdrawn, or the consent may have run out.
    decision = decide.decide_run(policy, request, consents)
    if not decision.allowed:
        raise gating.refuse(decision.reasons)
    if decision.choice.record_index != draft.seal["consent_index"]:
        raise RefusedError(
            "refused by subject.consent_valid: the consent was replaced after the extraction",
            "extract again under the consent in force",
        )
    draft = replace(draft, header=_final(draft, policy, decision.choice, request.circumstances))
    lineage.refuse_taken_back(workspace, log, draft.extraction_id, now)
    kept = workspace.evaluation_path(draft.extraction_id)
    evaluation = canonical.loads(kept.read_bytes()) if kept.exists() else None
    candidate = release.prepare(draft, review, at or now, evaluation)
    return Plan(draft, candidate, policy, decision.choice, request, consents.key(draft.header.subject), evaluation)


def _final(draft: Draft, policy: Policy, choice: ChoiceState, known: Circumstances) -> Any:
    """Return the head of the skill as the log and the people file have it now, not as the draft says."""
    expires = min(draft.header.expires, choice.end or draft.header.expires)
    if known.last_day is not None:
        expires = min(expires, use_ends(policy, known.last_day))
    ref = choice.record.compensation_ref if choice.record is not None else None
    return replace(draft.header, expires=expires, compensation_ref=ref or "")


def output_facts(
    draft: Draft,
    candidate: Candidate,
    *,
    reviewed_at: datetime | None,
    signature_valid: bool | None,
    residual_hits: int | None,
    is_contested: bool | None,
    evaluation: Mapping[str, Any] | None,
) -> OutputFacts:
    """Return what the output gates need to know, measured on the finished files wherever they tell it.

    How well the skill identifies its author is known only where exactly its claims were evaluated, on messages of after
    the extraction and against a peer: a policy that caps it lets no other skill pass.
    """
    from consent.request import OutputFacts
    from extract import pipeline
    from extract.skill import codec, impersonation, terms

    pages = candidate.pages()
    author = None
    if evaluation is not None and evaluation["claims_sha256"] == codec.statements_sha256(candidate.claims):
        author = evaluation["gain"]["author"]
    return OutputFacts(
        claims=tuple(pipeline.claim_facts(candidate.judged)),
        drafted_at=draft.sealed_at,
        reviewed_at=reviewed_at,
        signature_valid=signature_valid,
        residual_hits=residual_hits,
        expires=draft.header.expires,
        contested=is_contested,
        identity=None if author is None else author / 1000,
        disclosed=terms.disclosed(pages["SKILL.md"]),
        impersonates=len(impersonation.places(pages)),
        terms=terms.forbids_decisions(pages["SKILL.md"]),
        compensation_ref=terms.compensation_ref(pages["SKILL.md"]),
    )


def _removed(workspace: Workspace, extraction_id: str) -> tuple[bytes, bytes] | None:
    """Return digests and key of what the run removed, or None where they are gone with somebody's erasure."""
    from attest.errors import SaltShredded
    from extract import redaction

    with workspace.vault() as vault:
        try:
            sealed = vault.secret(extraction_id, redaction.REMOVED)
        except SaltShredded:
            return None
    return sealed, redaction.removed_key(workspace.pseudonym_secret(), extraction_id)


def carry_out(workspace: Workspace, log: EventLog, plan_: Plan, key: Ed25519PrivateKey | None, now: datetime) -> bytes:
    """Ask the output gates over the final content, sign it as the subject, log it, return the finished `.skill`.

    Args:
        workspace: The workspace.
        log: Its log.
        plan_: What is to be released.
        key: The subject's private key; None where nobody signs, which is refused.
        now: The moment of the release.

    Raises:
        RefusedError: A gate says no: a claim was not reviewed, something personal is left, the signature is missing or
            somebody else's, the text passes itself off as the person.
    """
    from attest import keys
    from extract.skill import release

    enrolled = plan_.enrolled
    own = key is not None and enrolled is not None and keys.key_id(key) == enrolled.key_id
    ask(workspace, log, plan_, now, reviewed=key is not None, own=own)
    if key is None or enrolled is None:
        raise RefusedError("refused by output.subject_review: nobody signs", "sign with --key KEYFILE")
    return complete(workspace, log, plan_, enrolled, release.sign(plan_.candidate, key), now)


def ask(workspace: Workspace, log: EventLog, plan_: Plan, now: datetime, *, reviewed: bool, own: bool) -> None:
    """Ask the output gates over the final content.

    Args:
        workspace: The workspace.
        log: Its log.
        plan_: What is to be released.
        now: The moment.
        reviewed: Whether somebody signs that it was reviewed.
        own: Whether that is the person whom it describes.

    Raises:
        RefusedError: A gate says no.
    """
    from consent import decide
    from extract import redaction
    from extract.skill import impersonation

    draft, candidate = plan_.draft, plan_.candidate
    hits = redaction.residual_hits(
        candidate.texts(), redaction.scanner(workspace.identities(), plan_.policy), candidate.trusted()
    )
    removed = _removed(workspace, draft.extraction_id)
    if removed is not None:
        hits += redaction.removed_hits(candidate.texts(), *removed, candidate.trusted())
    header = draft.header
    facts = output_facts(
        draft,
        candidate,
        reviewed_at=now if reviewed else None,
        signature_valid=own,
        # Names that stood in headers only are known by what the run left; without it nobody knows what to look for.
        residual_hits=None if removed is None else len(hits),
        is_contested=contested(draft.extraction_id, header.subject, header.purpose, log, workspace.ledger(log), now),
        evaluation=plan_.evaluation,
    )
    results = decide.decide_output(plan_.policy, facts, plan_.choice, plan_.request)
    reasons = sorted({reason for result in results for reason in result.reasons})
    if reasons:
        details = [d for result in results if result.reasons for d in result.details] + sorted(set(hits))
        if "impersonation" in details:
            details += impersonation.places(candidate.pages())
        details = list(dict.fromkeys(details))
        raise RefusedError(
            f"refused by {', '.join(reasons)}" + (f" ({', '.join(details)})" if details else ""),
            refusals.hint(reasons, details),
        )


def complete(
    workspace: Workspace, log: EventLog, plan_: Plan, enrolled: EnrolledKey, envelope: bytes, now: datetime
) -> bytes:
    """Log a release whose gates said yes, and return the finished `.skill`.

    Args:
        workspace: The workspace.
        log: Its log.
        plan_: What is released.
        enrolled: The subject's key, or passkey, that signed.
        envelope: What it signed, see `extract.skill.release`.
        now: The moment of the release.

    Raises:
        RefusedError: The envelope is over another content.
        SignatureError: That key did not sign it.
    """
    from attest import container, evidence
    from extract.skill import release

    draft, candidate = plan_.draft, plan_.candidate
    steps = draft.seal["steps"]

    def emit(kind: str, body: dict[str, Any]) -> int:
        actor = f"employee:{draft.header.subject}" if kind == "skill.released" else "operator"
        return workspace.append(log, kind, actor, body, now)

    data = release.release(
        draft,
        candidate,
        envelope,
        enrolled=enrolled,
        consent_sha256=plan_.choice.record_sha256 or "",
        policy=plan_.policy,
        engine=json.loads(log.entry(steps["distilled"]))["body"]["engine"],
        redactor=json.loads(log.entry(steps["redacted"]))["body"]["redactor"],
        log=log,
        signer=workspace.signer(),
        checkpoint=lambda: workspace.sign(log),
        emit=emit,
    )
    # Kept so that the person can be given what was stated about their work, without whoever holds the skill.
    workspace.keep(workspace.statement_path(draft.extraction_id), container.unpack(data).files[evidence.STATEMENT])
    return data
