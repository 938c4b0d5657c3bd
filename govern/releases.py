"""Release and standing of skills in a workspace: gates asked again, events logged, revocations followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    from extract import gating
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
        raise gating.refuse(decision.reasons)
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
    from attest import container, evidence, keys
    from consent import decide
    from consent.request import OutputFacts
    from extract import pipeline, redaction
    from extract.skill import release

    draft, candidate = plan_.draft, plan_.candidate
    own = key is not None and plan_.enrolled is not None and keys.key_id(key) == plan_.enrolled.key_id
    hits = redaction.residual_hits(
        candidate.texts(), redaction.scanner(workspace.identities(), plan_.policy), candidate.trusted()
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

    data = release.release(
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
        checkpoint=lambda: workspace.sign(log),
        emit=emit,
    )
    # Kept so that the person can be given what was stated about their work, without whoever holds the skill.
    workspace.keep(workspace.statement_path(draft.extraction_id), container.unpack(data).files[evidence.STATEMENT])
    return data


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


#: What each response makes of a skill.
WORDS = {"confirm": "confirmed", "contest": "contested", "correct": "correction asked"}


@dataclass(frozen=True, slots=True)
class Word:
    """What the person says of a released skill.

    Attributes:
        status: confirmed, contested, correction asked, or unanswered.
        since: Time of the response; of the release where there was none.
        days: How long ago that is.
        index: Entry of the response, or None.
        rejected: Number of responses that do not count: not signed by the person's key, or of something else.
    """

    status: str
    since: str
    days: int
    index: int | None = None
    rejected: int = 0

    @property
    def text(self) -> str:
        """The status for people."""
        if self.index is None:
            return f"unanswered by the person for {self.days} days; silence is not confirmation"
        return f"{self.status} by the person since {self.since} (log entry {self.index})"

    @property
    def document(self) -> dict[str, Any]:
        """The status for programs."""
        return {
            "status": self.status.replace(" ", "_"),
            "since": self.since,
            "days": self.days,
            "index": self.index,
            "rejected": self.rejected,
        }


def word(data: bytes, log: EventLog, consents: Ledger, now: datetime) -> Word | None:
    """Return what the person says of a released skill, as the log has it; the last word counts. None for a draft."""
    from attest import container, response
    from govern.errors import GovernError

    digest = statement_sha256(container.unpack(data).files)
    events = _events(log)
    released = next(
        (e for _, e in reversed(events) if e["type"] == "skill.released" and e["body"]["statement_sha256"] == digest),
        None,
    )
    if released is None:
        return None
    pid, extraction_id = released["body"]["subject"], released["body"]["extraction_id"]
    since, kind, found, rejected = released["at"], "", None, 0
    for index, entry in events:
        body = entry["body"]
        if entry["type"] != "subject.response" or body.get("extraction_id") != extraction_id:
            continue
        # The key that spoke for the person when the response was logged, not one that came later.
        key = next((k for k in reversed(consents.keys(pid)) if k.index < index), None)
        try:
            said = None if key is None else response.check(body, key.public)
        except GovernError:
            said = None
        if said is None or said.pid != pid or said.statement_sha256 != digest:
            rejected += 1
            continue
        since, kind, found = entry["at"], said.response, index
    days = max(0, (now - datetime.fromisoformat(since)).days)
    return Word(WORDS.get(kind, "unanswered"), since, days, found, rejected)


def statement_sha256(files: Mapping[str, bytes]) -> str:
    """Return the digest of a skill's signed statement, or "" for a draft."""
    import hashlib

    from attest import evidence

    return hashlib.sha256(files[evidence.STATEMENT]).hexdigest() if evidence.STATEMENT in files else ""


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
