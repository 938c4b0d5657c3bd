"""Release and standing of skills in a workspace: gates asked again, events logged, revocations followed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from govern.errors import RefusedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.log import EventLog
    from consent.keys import EnrolledKey
    from consent.ledger import ChoiceState, Ledger
    from consent.request import RunRequest
    from extract.skill.draft import Draft
    from extract.skill.release import Candidate
    from extract.skill.review import Review
    from govern.workspace import Workspace
    from policies.model import Policy

LIVE = ("given", "renewed")


@dataclass(frozen=True, slots=True)
class Plan:
    """A release as the person decided it, before any gate was asked."""

    draft: Draft
    candidate: Candidate
    policy: Policy
    choice: ChoiceState
    request: RunRequest
    enrolled: EnrolledKey | None


def plan(workspace: Workspace, log: EventLog, draft: Draft, review: Review, now: datetime) -> Plan:
    """Put together what is to be released and what the gates need to know.

    Raises:
        RefusedError: The consent ended, or a newer one took its place.
    """
    from consent import decide
    from consent.request import RunRequest
    from extract import pipeline
    from extract.skill import release

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
    )
    # Asked anew: since the extraction the person may have withdrawn, or the consent may have run out.
    decision = decide.decide_run(policy, request, consents)
    if not decision.allowed:
        raise pipeline.refuse(decision.reasons)
    if decision.choice.record_index != draft.seal["consent_index"]:
        raise RefusedError(
            "refused by subject.consent_valid: the consent was replaced after the extraction",
            "extract again under the consent in force",
        )
    candidate = release.prepare(draft, review, now)
    return Plan(draft, candidate, policy, decision.choice, request, consents.key(draft.header.subject))


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
            somebody else's.
    """
    from attest import keys
    from consent import decide
    from consent.request import OutputFacts
    from extract import pipeline
    from extract.skill import release

    draft, candidate = plan_.draft, plan_.candidate
    own = key is not None and plan_.enrolled is not None and keys.key_id(key) == plan_.enrolled.key_id
    hits = pipeline.residual_hits(
        candidate.texts(), pipeline.scanner(workspace.identities(), plan_.policy), candidate.trusted()
    )
    facts = OutputFacts(
        claims=tuple(pipeline.claim_facts(candidate.judged)),
        drafted_at=draft.sealed_at,
        reviewed_at=now if key is not None else None,
        signature_valid=own,
        residual_hits=len(hits),
        expires=draft.header.expires,
    )
    results = decide.decide_output(plan_.policy, facts, plan_.choice, plan_.request)
    reasons = sorted({reason for result in results for reason in result.reasons})
    if reasons or key is None or plan_.enrolled is None:
        details = [d for result in results if result.reasons for d in result.details] + sorted(set(hits))
        raise RefusedError(
            f"refused by {', '.join(reasons)}" + (f" ({', '.join(details)})" if details else ""),
            _hint(reasons, details),
        )
    steps = draft.seal["steps"]

    def emit(kind: str, body: dict[str, Any]) -> int:
        actor = f"employee:{draft.header.subject}" if kind == "skill.released" else "operator"
        return workspace.append(log, kind, actor, body, now)

    return release.release(
        draft,
        candidate,
        release.sign(candidate, key),
        enrolled=plan_.enrolled,
        consent_sha256=plan_.choice.record_sha256 or "",
        policy=plan_.policy,
        engine=json.loads(log.entry(steps["distilled"]))["body"]["engine"],
        redactor=json.loads(log.entry(steps["redacted"]))["body"]["redactor"],
        log=log,
        signer=workspace.signer(),
        emit=emit,
    )


def _hint(reasons: list[str], details: list[str]) -> str:
    if "output.residual_pii" in reasons:
        return "a correction may hold a name or a number: `govern skill review FILE --correct ID=TEXT`"
    if "silence" in details:
        return "a release needs the person's own signature over the final content: --key KEYFILE"
    if "signature" in details:
        return "this is not the key that the person enrolled; `govern keys list` shows which one is"
    if "output.subject_review" in reasons:
        return "the person decides over every claim first: `govern skill review FILE`"
    return "`govern policy explain GATE` says what a gate asks"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says of a skill now: released, revoked, expired, draft or unknown; and since when."""

    status: str
    since: str | None = None


def standing(data: bytes, log: EventLog, consents: Ledger, now: datetime) -> Standing:
    """Return how a skill stands in this workspace."""
    from attest import container

    files = container.unpack(data).files
    if "attestation/draft.json" in files:
        return Standing("draft")
    try:
        body = json.loads(files["attestation/entry.json"])["body"]
        extraction_id = body["extraction_id"]
    except (KeyError, ValueError, TypeError):
        return Standing("unknown")
    released = None
    for index, entry in _events(log):
        if entry["body"].get("extraction_id") != extraction_id:
            continue
        if entry["type"] == "skill.released":
            released = (index, entry)
        if entry["type"] == "skill.revoked":
            return Standing("revoked", entry["at"])
    if released is None:
        return Standing("unknown")
    body = released[1]["body"]
    state = consents.state(body["subject"], body["purpose"], now)
    if state.state not in (*LIVE, "expired"):
        return Standing("revoked", None)
    if state.state == "expired" or datetime.fromisoformat(body["expires"]) <= now:
        return Standing("expired", body["expires"])
    return Standing("released", released[1]["at"])


def revoke(workspace: Workspace, log: EventLog, pid: str, purposes: set[str] | None, now: datetime) -> list[str]:
    """Log `skill.revoked` for every skill that rests on a consent which has just ended; return their extractions."""
    done = {e["body"]["extraction_id"] for _, e in _events(log) if e["type"] == "skill.revoked"}
    ended = []
    for index, entry in list(_events(log)):
        body = entry["body"]
        if (
            entry["type"] == "skill.released"
            and body["subject"] == pid
            and (purposes is None or body["purpose"] in purposes)
            and body["extraction_id"] not in done
        ):
            workspace.append(
                log,
                "skill.revoked",
                "operator",
                {"extraction_id": body["extraction_id"], "release_index": index, "reason": "lifecycle.withdrawal"},
                now,
            )
            ended.append(body["extraction_id"])
    return ended


def _events(log: EventLog) -> list[tuple[int, dict[str, Any]]]:
    return [(index, json.loads(data)) for index, data in log.entries()]
