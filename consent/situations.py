"""Made-up situations, and whether a policy's gate lets them pass: what examples are made of.

Every situation is sound except for what it says of itself, so that a gate's answer depends on that alone. The answers
are those of the evaluators that decide real runs; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from attest.encoding import to_time
from consent import decide as _evaluators  # noqa: F401 - makes them known
from consent.approvals import Approval, ApprovalKind, Role
from consent.fact_frame import FactFrame
from consent.gates.registry import (
    CLAIM,
    OUTPUT,
    RECORD,
    RUN,
    SEGMENT,
    OutputContext,
    RecordContext,
    RunContext,
)
from consent.keys import EnrolledKey
from consent.ledger import ChoiceState
from consent.record import ConsentRecord
from consent.request import Circumstances, ClaimFacts, OutputFacts, RunRequest, SegmentFacts
from consent.verdict import GateResult
from policies.duration import Duration
from policies.model import Policy
from policies.parameters import Params

Thing = Literal["run", "record", "text", "claim", "skill"]

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
WORKER, MANAGER, OPERATOR = "p-worker", "p-manager", "op-1"
PURPOSE = "knowledge_transfer"
DIGEST = "e" * 64
THIS = "the policy in question"
"""Stands for the digest of the policy that is asked, wherever a situation names a policy."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One situation: what is special about it, and in which moment.

    Attributes:
        thing: What the gate is asked about.
        words: What is special, to follow the name of the thing: `for the purpose onboarding`.
        facts: The same as values.
        now: The moment.
        request: Changes of the run's request.
        circumstances: Changes of the circumstances.
        standing: Changes of where the subject stands.
        consent: Changes of the signed record.
        material: Facts of the record, or changes of the claim's, the skill's or the text's.
        rows: How many records there are, of which this is one.
        row: Which one.
    """

    thing: Thing
    words: str
    facts: Mapping[str, Any]
    now: datetime = NOW
    request: Mapping[str, Any] = field(default_factory=dict)
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    standing: Mapping[str, Any] = field(default_factory=dict)
    consent: Mapping[str, Any] = field(default_factory=dict)
    material: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 1
    row: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """The two settings of one gate that are held against each other; None where a policy does not have the gate."""

    first: Params | None
    second: Params | None

    def values(self, name: str) -> list[Any]:
        """Return the distinct values of a parameter."""
        found: list[Any] = []
        for params in (self.first, self.second):
            if params is not None and getattr(params, name) not in found:
                found.append(getattr(params, name))
        return found

    def names(self, name: str) -> list[str]:
        """Return every entry of a list, those first that only one has; a word such as `any` has no entries."""
        lists = [set(value) for value in self.values(name) if not isinstance(value, str)]
        shared = set.intersection(*lists) if len(lists) == 2 else set()
        return sorted(set().union(*lists), key=lambda entry: (entry in shared, entry))

    def different(self, name: str) -> list[str]:
        """Return the entries of a list that only one has, sorted; all where only one has the gate."""
        lists = [set(getattr(params, name)) for params in (self.first, self.second) if params is not None]
        return sorted(set().union(*lists) - (set.intersection(*lists) if len(lists) == 2 else set()))

    def near(self, name: str) -> list[int]:
        """Return the numbers on both sides of each limit."""
        return sorted({value + step for value in self.values(name) for step in (-1, 0, 1)})

    def ends(self, name: str, *, back: bool = False) -> Iterator[tuple[datetime, datetime]]:
        """Go through (start, moment) in which the moment is about as long after the start as one of the limits is.

        Months have no fixed length, so two limits may differ for some starts only, and there either way.

        Args:
            name: The parameter.
            back: Count back from the end, as a limit on age does; a pair is then (moment, end).
        """
        limits: list[Duration] = self.values(name)

        def reach(limit: Duration, anchor: datetime) -> datetime:
            return limit.before(anchor) if back else limit.after(anchor)

        for sign in (1, -1):
            chosen = [a for a in anchors() if len(limits) == 2 and sign * _sign(*(reach(x, a) for x in limits)) > 0]
            for anchor in chosen[:2] or anchors()[:1]:
                for limit in limits:
                    for step in (timedelta(), SECOND, -SECOND):
                        moment = reach(limit, anchor) + step
                        yield (moment, anchor) if back else (anchor, moment)


@cache
def anchors() -> tuple[datetime, ...]:
    """Return the first of every month of five years, a leap year among them, this month's first."""
    months = [datetime(2026 + n // 12, n % 12 + 1, 1, 10, 0, tzinfo=UTC) for n in range(60)]
    return (*months[10:], *months[:10])


def _sign(one: datetime, other: datetime) -> int:
    return (one > other) - (one < other)


def paper(kind: ApprovalKind, role: Role, **changes: Any) -> Approval:
    """Return an approval in force by an officer of a role."""
    approval = Approval(0, kind, f"{role}-1", role, NOW - 2000 * DAY)
    return replace(approval, **changes)


def signed_record(now: datetime = NOW) -> ConsentRecord:
    """Return a record that was signed two months before `now`."""
    return _template().model_copy(update={"event_time": to_time(now - 60 * DAY), "notice": notice(now - 61 * DAY)})


def notice(shown_at: datetime, lang: str = "en") -> Any:
    """Return what a record says about the notice."""
    return _template().notice.model_copy(update={"shown_at": to_time(shown_at), "lang": lang})


def choice(**changes: Any) -> Any:
    """Return the yes of the record with changes."""
    return _template().choices[0].model_copy(update=changes)


@cache
def _template() -> ConsentRecord:
    yes = {
        "purpose": PURPOSE, "decision": "given", "sources": ("mail.work",), "categories": ("procedures",),
        "recipients": ("team:own",), "from": "2000-01-01", "until": "2099-12-31",
    }  # fmt: skip
    return ConsentRecord.model_validate(
        {
            "schema": "govern-consent/1", "record_id": "00000000-0000-4000-8000-000000000000", "prev": None,
            "event": "given", "event_time": to_time(NOW - 60 * DAY), "nonce": "0" * 32, "validity": "P12M",
            "subject": {"pid": WORKER, "relation": "dpv:Employee", "employment_state": "active"},
            "actor": {"id": WORKER, "role": "subject"}, "method": "ed25519",
            "legal_basis": "eu-gdpr:A6-1-f", "consent_role": "safeguard",
            "notice": {"sha256": "a" * 64, "version": "1", "lang": "en", "shown_at": to_time(NOW - 61 * DAY)},
            "choices": (yes,), "withhold": (),
            "processing": {"method": "local distillation", "model_sha256": DIGEST, "locality": "on_prem",
                           "retention": {"raw": "P0D", "skill": "P12M"}},
            "policy": {"id": "this", "version": 1, "sha256": "0" * 64}, "parties": (), "withdrawal": ("paper",),
            "jurisdictions": (), "cooling_off_until": None, "compensation_ref": "terms:1",
        }
    )  # fmt: skip


def passes(policy: Policy, gate: str, situation: Situation) -> bool:
    """Tell whether a gate of a policy lets a situation pass; a policy without the gate lets everything pass."""
    params = policy.gates.get(gate)
    if params is None:
        return True
    try:
        return _asked(policy, gate, params, situation)
    except Exception:
        # As in a real decision: what cannot be decided is denied.
        return False


def _asked(policy: Policy, gate: str, params: Params, situation: Situation) -> bool:
    standing = _standing(policy, situation)
    request = _request(policy, situation)
    match situation.thing:
        case "run":
            verdict = RUN[gate](params, RunContext(policy, request, standing))
        case "text":
            verdict = SEGMENT[gate](params, SegmentFacts(**{**_TEXT, **situation.material}))
        case "claim":
            verdict = CLAIM[gate](params, standing, ClaimFacts(**{**_CLAIM, **situation.material}))
        case "skill":
            facts = OutputFacts(**{**_skill(situation.now), **situation.material})
            verdict = OUTPUT[gate](params, OutputContext(policy, request, standing, facts))
        case "record":
            return _record_passes(policy, gate, params, situation, request, standing)
    return GateResult.of(gate, verdict).lets_pass


def _record_passes(
    policy: Policy, gate: str, params: Params, situation: Situation, request: RunRequest, standing: ChoiceState
) -> bool:
    import numpy as np
    import pandas as pd

    frame = FactFrame(
        pd.DataFrame({name: pd.Series([value]) for name, value in situation.material.items()}, index=range(1))
        if situation.rows == 1
        else pd.DataFrame(index=range(situation.rows))
    )
    context = RecordContext(policy, request, standing, 0, np.ones(situation.rows, dtype=bool))
    rows = RECORD[gate](params, frame, context)
    return not rows.deny[situation.row] and not any(mask[situation.row] for mask in rows.missing.values())


_TEXT: dict[str, Any] = {
    "profile": "max", "engine_sha256": DIGEST, "secrets_removed": True, "residual_hits": 0, "dates": "relative",
}  # fmt: skip
_CLAIM: dict[str, Any] = {
    "id": "c001", "category": "procedures", "records": 1000, "days": 1000, "review": "accepted", "verbatim_words": 0,
    "keeps": (),
}  # fmt: skip


def _skill(now: datetime) -> dict[str, Any]:
    return {
        "claims": (ClaimFacts(**_CLAIM),), "drafted_at": now, "reviewed_at": now, "signature_valid": True,
        "residual_hits": 0, "expires": now + DAY, "contested": False, "identity": 0.5, "disclosed": True,
        "impersonates": 0, "terms": True, "compensation_ref": "terms:1",
    }  # fmt: skip


def _standing(policy: Policy, situation: Situation) -> ChoiceState:
    changes = dict(situation.consent)
    record = signed_record(situation.now)
    record = record.model_copy(update={"policy": record.policy.model_copy(update={"sha256": policy.sha256}), **changes})
    state = ChoiceState(
        WORKER, PURPOSE, "given", 1, situation.now - 60 * DAY, record, 1, record.given(PURPOSE),
        EnrolledKey(0, "ed25519:" + "0" * 32, bytes(32), witness="works_council-1"),
        notice_at=situation.now - 1000 * DAY, signed_at=situation.now - 500 * DAY,
    )  # fmt: skip
    return replace(state, **situation.standing)


def _request(policy: Policy, situation: Situation) -> RunRequest:
    known: dict[str, Any] = {
        "employment": ("active",), "minor": False, "language": "en", "jurisdictions": ("DE",), "works_council": False,
        "operator": OPERATOR, "manager": MANAGER, "approvals": (), "announced": 1, "state_as_of": situation.now,
        "cascades": (), "access": (), "raw_kept": (), "salts": (),
    } | dict(situation.circumstances)  # fmt: skip
    known["approvals"] = tuple(
        replace(approval, policy=policy.sha256) if approval.policy == THIS else approval
        for approval in known["approvals"]
    )
    wanted: dict[str, Any] = {
        "subject": WORKER, "purpose": PURPOSE, "sources": ("mail.work",), "recipients": ("team:own",),
        "policy": policy.sha256, "model_kind": "in_process", "model_sha256": DIGEST, "model_address": None,
    } | dict(situation.request)  # fmt: skip
    return RunRequest(**wanted, now=situation.now, circumstances=Circumstances(**known))
