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
    from consent.ledger import Ledger
    from extract.skill.draft import Draft
    from extract.skill.release import Candidate
    from extract.skill.review import Review
    from govern.workspace import Workspace
    from policies.model import Policy

VALID = ("given", "renewed")


@dataclass(frozen=True, slots=True)
class Plan:
    """A release that the gates admit, waiting for the subject's signature."""

    draft: Draft
    candidate: Candidate
    review: Review
    policy: Policy
    consents: Ledger


def plan(workspace: Workspace, log: EventLog, draft: Draft, review: Review, now: datetime) -> Plan:
    """Ask every gate again over the final content.

    Raises:
        RefusedError: Consent has ended, a claim is not reviewed, or something personal is left.
    """
    from extract import pipeline
    from extract.skill import release

    consents = workspace.ledger(log)
    state = consents.state(draft.header.subject, draft.header.purpose, now)
    if state.state not in VALID:
        raise RefusedError(
            f"refused by lifecycle.withdrawal: the consent is {state.state}",
            "nothing made under it may be released; a new consent starts a new extraction",
        )
    if state.index != draft.seal["consent_index"]:
        raise RefusedError(
            "refused by subject.consent_valid: the consent was replaced after the extraction",
            "extract again under the consent in force",
        )
    if draft.header.expires <= now:
        raise RefusedError("refused by output.expiry: the consent has ended", "ask for a renewed consent")
    policy = workspace.policy(log, draft.seal["policy"]["sha256"])
    candidate = release.prepare(draft, review, now)
    hits = pipeline.residual_hits(
        {name: data.decode() for name, data in candidate.files.items() if not name.endswith("ledger.json")},
        pipeline.scanner(workspace.identities(), policy),
    )
    if hits > policy.gates["output.residual_pii"].max_hits:
        raise RefusedError(
            f"refused by output.residual_pii: the second scan found {hits} places",
            "a correction may hold a name or number: change it with `govern skill review FILE --correct`",
        )
    return Plan(draft, candidate, review, policy, consents)


def carry_out(
    workspace: Workspace, log: EventLog, plan_: Plan, key: Ed25519PrivateKey, now: datetime
) -> bytes:
    """Sign as the subject, log the release, return the finished `.skill`.

    Raises:
        RefusedError: The key is not the subject's.
    """
    from attest import keys
    from extract.skill import release

    subject = plan_.draft.header.subject
    enrolled = plan_.consents.key(subject)
    if enrolled is None or keys.key_id(key) != enrolled.key_id:
        raise RefusedError(
            "refused by output.subject_review: this is not the person's enrolled key",
            "`govern keys list` shows which key is enrolled",
        )
    steps = plan_.draft.seal["steps"]
    engine = json.loads(log.entry(steps["distilled"]))["body"]["engine"]
    redactor = json.loads(log.entry(steps["redacted"]))["body"]["redactor"]

    def emit(kind: str, body: dict[str, Any]) -> int:
        actor = f"employee:{subject}" if kind == "skill.released" else "operator"
        return workspace.append(log, kind, actor, body, now)

    return release.release(
        plan_.draft,
        plan_.candidate,
        release.sign(plan_.candidate, key),
        consents=plan_.consents,
        policy=plan_.policy,
        engine=engine,
        redactor=redactor,
        log=log,
        signer=workspace.signer(),
        emit=emit,
    )


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
    if state.state not in (*VALID, "expired"):
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
