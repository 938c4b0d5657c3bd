"""Hypothesis strategies for runs and finished skills: mostly sound, with some faults and gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from consent_world import BENEFIT, MAREN, NOW, OTTO, World, approval, choice_of, circumstances
from hypothesis import strategies as st

from attest.encoding import to_time
from consent.keys import EnrolledKey
from consent.ledger import ChoiceState
from consent.mandates import Mandate
from consent.request import Circumstances, ClaimFacts, OutputFacts, RunRequest
from policies.model import Policy

WORLD = World()
DAY = timedelta(days=1)
ROLES = ("dpo", "hr", "works_council")
OWN = "the digest of the policy in question"

PAPERS: st.SearchStrategy[Any] = st.builds(
    lambda kind, role, age, dated, sha256, policy, ref: approval(
        kind, role, at=NOW - age * DAY, dated=NOW - dated * DAY, sha256=sha256, policy=policy, ref=ref
    ),
    st.sampled_from(["run", "impact_assessment", "collective_agreement", "undertaking", "benefit"]),
    st.sampled_from(ROLES),
    st.sampled_from([1, 29, 45, 100]),
    st.sampled_from([1, 29, 45, 400]),
    st.sampled_from(["c" * 64, "d" * 64]),
    st.sampled_from([None, OWN]),
    st.sampled_from(["", BENEFIT]),
)

TIMES: st.SearchStrategy[Any] = st.lists(
    st.sampled_from([0, 1, 6, 30, 400, 1200]).map(lambda n: NOW - n * DAY), max_size=2
).map(tuple)

CIRCUMSTANCES: dict[str, st.SearchStrategy[Any]] = {
    "employment": st.sampled_from([("active",), ("active", "probation"), ("secondment",), ()]),
    "last_day": st.sampled_from([None, date(2026, 11, 21), date(2026, 11, 22), date(2027, 1, 31)]),
    "minor": st.booleans(),
    "language": st.sampled_from(["en", "de"]),
    "jurisdictions": st.sampled_from([("DE",), ("US",), ("CN", "DE"), ("XX",), ()]),
    "works_council": st.booleans(),
    "operator": st.sampled_from(["op-1", MAREN, OTTO, "dpo-1", ""]),
    "manager": st.sampled_from([OTTO, "op-1", ""]),
    "approvals": st.lists(PAPERS, max_size=8).map(tuple),
    "announced": st.just(7),
    "state_as_of": st.sampled_from([0, 30, 600, 1200, -600, -1200]).map(lambda s: NOW - timedelta(seconds=s)),
    "cascades": TIMES,
    "access": TIMES,
    "raw_kept": TIMES,
    "salts": TIMES,
}
KNOWN = sorted(set(CIRCUMSTANCES) - {"last_day"})
"""What can be unknown; with the employment known, no last day means that none is set."""

REQUEST: dict[str, st.SearchStrategy[Any]] = {
    "subject": st.sampled_from([MAREN, OTTO]),
    "purpose": st.sampled_from(["knowledge_transfer", "onboarding", "evaluation"]),
    "sources": st.sampled_from([("mail.work",), ("document.file",), ()]),
    "recipients": st.sampled_from([("team:payments",), ("team:hr",), ()]),
    "model_kind": st.sampled_from(["in_process", "loopback", "remote"]),
    "model_sha256": st.sampled_from(["a" * 64, "b" * 64]),
    "model_address": st.sampled_from([None, "127.0.0.1", "10.0.0.1", "8.8.8.8"]),
}

STANDING: dict[str, st.SearchStrategy[Any]] = {
    "state": st.sampled_from(["given", "renewed", "withdrawn", "suspended", "requested"]),
    "notice_at": st.sampled_from([1, 14, 31, 90]).map(lambda n: NOW - n * DAY),
    "signed_at": st.sampled_from([0, 5, 30, 60]).map(lambda n: NOW - n * DAY),
    "refused_at": st.just(NOW - 40 * DAY),
    "asked_at": st.sampled_from([39, 5]).map(lambda n: NOW - n * DAY),
    "objected": st.booleans(),
    "key": st.sampled_from([EnrolledKey(0, "k", b"", witness=""), None]),
    "mandate": st.builds(lambda n, until: Mandate(0, NOW - 20 * DAY, NOW + until * DAY, ("w-1", "w-2", "w-3")[:n]),
                         st.integers(0, 3), st.sampled_from([-1, 5, 30, 100])),
}  # fmt: skip

RECORD: dict[str, st.SearchStrategy[Any]] = {
    "legal_basis": st.sampled_from(["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f", "cn-pipl:A13-1-1", "us:none", "xx:other"]),
    "consent_role": st.sampled_from(["safeguard", "legal_basis"]),
    "withhold": st.sampled_from([(), ("pitfalls",), ("procedures",)]),
    "validity": st.sampled_from(["P1M", "P30D", "P12M", "P13M"]),
    "compensation_ref": st.sampled_from([BENEFIT, None]),
    "cooling_off_until": st.sampled_from([None, to_time(NOW + DAY), to_time(NOW - DAY)]),
    "delegate": st.just(True),
    "shown_at": st.sampled_from([to_time(NOW + DAY)]),
}


def some(draw: st.DrawFn, values: dict[str, st.SearchStrategy[Any]], one_in: int = 7) -> dict[str, Any]:
    """Draw a few of the values; what is not drawn stays sound."""
    return {name: draw(value) for name, value in values.items() if draw(st.integers(0, one_in - 1)) == 0}


@st.composite
def cases(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw what is not sound about a run, part by part."""
    return {
        "circumstances": some(draw, CIRCUMSTANCES),
        "request": some(draw, REQUEST, 10),
        "standing": some(draw, STANDING),
        "record": some(draw, RECORD),
        "unknown": {},
    }


@st.composite
def skills(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what is not sound about a finished skill."""
    faults = some(
        draw,
        {
            "drafted_at": st.sampled_from([0, 10, 30, 31, 80]).map(lambda n: NOW - n * DAY),
            "signature_valid": st.booleans(),
            "residual_hits": st.integers(0, 1),
            "expires": st.sampled_from([1, 20, 300, 400]).map(lambda n: NOW + n * DAY),
            "contested": st.booleans(),
            "identity": st.sampled_from([0.5, 0.65, 0.66, 1.0]),
            "disclosed": st.booleans(),
            "impersonates": st.integers(0, 1),
            "terms": st.booleans(),
            "compensation_ref": st.sampled_from(["", BENEFIT, "other"]),
        },
    )
    claim = {
        "category": st.sampled_from(["checklists", "persona", "decision_rules"]),
        "records": st.integers(1, 4),
        "days": st.integers(1, 3),
        "review": st.sampled_from(["corrected", "struck", "unreviewed"]),
        "verbatim_words": st.sampled_from([0, 5, 13, 41]),
        "keeps": st.sampled_from([(), ("pitfalls",), ("judgement",)]),
    }
    return faults | {"claims": [some(draw, claim) for _ in range(draw(st.integers(0, 2)))]}


def record_of(policy: Policy, case: dict[str, dict[str, Any]]) -> Any:
    """Return the signed record of a case, under a policy."""
    changes = dict(case["record"])
    signed = WORLD.record(policy=policy, now=NOW - 10 * DAY, model=case["request"].get("model_sha256", "a" * 64),
                          shown_at=NOW - 20 * DAY)  # fmt: skip
    update: dict[str, Any] = {"compensation_ref": BENEFIT}
    if changes.pop("delegate", False):
        update["actor"] = signed.actor.model_copy(update={"id": "p-delegate", "role": "delegate"})
    if "shown_at" in changes:
        update["notice"] = signed.notice.model_copy(update={"shown_at": changes.pop("shown_at")})
    return signed.model_copy(update=update | changes)


def choice_in(policy: Policy, case: dict[str, dict[str, Any]]) -> ChoiceState:
    """Return where the subject stands in a case, under a policy."""
    standing = {**case["standing"], **dict.fromkeys(case["unknown"].get("standing", ()))}
    return choice_of(record_of(policy, case), **{"notice_at": NOW - 60 * DAY, "signed_at": NOW - 10 * DAY} | standing)


def request_in(policy: Policy, case: dict[str, dict[str, Any]]) -> RunRequest:
    """Return the run of a case, under a policy."""
    known = {**case["circumstances"], **dict.fromkeys(case["unknown"].get("circumstances", ()))}
    if known.get("approvals"):
        known["approvals"] = tuple(
            replace(paper, policy=policy.sha256) if paper.policy == OWN else paper for paper in known["approvals"]
        )
    now: Circumstances = circumstances(policy, **known)
    wanted = {"model_sha256": "a" * 64, **case["request"], **dict.fromkeys(case["unknown"].get("request", ()))}
    return WORLD.request(**{"policy": policy.sha256, "circumstances": now} | wanted)


def skill_in(skill: dict[str, Any], unknown: tuple[str, ...] = (), gaps: tuple[str, ...] = ()) -> OutputFacts:
    """Return the facts of a skill, without some of them and without some of each claim."""
    sound = {"id": "c001", "category": "procedures", "records": 9, "days": 9, "review": "accepted",
             "verbatim_words": 0, "keeps": ()}  # fmt: skip
    empty = dict.fromkeys(gaps)
    claims = tuple(
        ClaimFacts(**{**sound, "id": f"c{n:03d}", **claim, **empty}) for n, claim in enumerate(skill["claims"])
    )
    good: dict[str, Any] = {
        "claims": claims, "drafted_at": NOW - DAY, "reviewed_at": NOW, "signature_valid": True, "residual_hits": 0,
        "expires": NOW + 5 * DAY, "contested": False, "identity": 0.5, "disclosed": True, "impersonates": 0,
        "terms": True, "compensation_ref": BENEFIT,
    }  # fmt: skip
    return OutputFacts(**{**good, **{k: v for k, v in skill.items() if k != "claims"}, **dict.fromkeys(unknown)})
