"""Each shipped policy lets a run pass that has all it asks for, and no run that lacks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from consent_world import MAREN, NOW, World, approval, circumstances

from consent.decide import RunDecision, decide_run
from policies import bases
from policies.catalogue import GATES
from policies.loader import load, parse


@dataclass(frozen=True)
class Case:
    """One policy with what its runs are like."""

    name: str
    country: str
    basis: str
    role: str = "safeguard"
    purpose: str = "knowledge_transfer"
    operator: str = "op-1"


CASES = [
    Case("worker_protection", "DE", "eu-gdpr:A6-1-f"),
    Case("worker_protection", "US", "eu-gdpr:A6-1-f"),
    Case("eu_works_council", "NO", "eu-gdpr:A6-1-f"),
    Case("us_baseline", "US", "us:none"),
    Case("cn_pipl", "CN", "cn-pipl:A13-1-1", "legal_basis"),
    Case("minimal_self", "FR", "eu-gdpr:A6-1-f", purpose="self_assist", operator=MAREN),
]


def decide(case: Case, *, asked: int = 60, signed: int = 40, **changes: Any) -> RunDecision:
    policy = load(case.name)
    world = World(now=NOW - timedelta(days=asked), policy=policy)
    world.appoint("dpo-1", "dpo")
    self_made = policy.gates["subject.consent_valid"].values()["enrolment"] == "self_signed"
    world.enrol(witness=None if self_made else "dpo-1")
    world.ask(purposes=(case.purpose,))
    world.pass_time(days=asked - signed)
    world.give(purposes=[case.purpose], validity="P3M", material_from=date(2026, 10, 1))
    world.pass_time(days=signed)
    yesterday = NOW - timedelta(days=1)
    officers = [approval("run", role, at=yesterday, policy=policy.sha256) for role in ("hr", "dpo", "works_council")]
    there = circumstances(policy, jurisdictions=(case.country,), operator=case.operator)
    papers = [a for a in there.approvals or () if a.kind != "run"]
    if case.name == "minimal_self":
        officers, papers = [], []
    there = replace(there, approvals=(*officers, *papers))
    there = replace(there, **changes)
    return decide_run(policy, world.request(purpose=case.purpose, circumstances=there), world.ledger())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.country}")
def test_a_run_that_has_all_that_is_asked_for_passes(case: Case) -> None:
    found = decide(case)
    assert found.reasons == ()
    record = found.choice.record
    assert record is not None
    assert (record.legal_basis, record.consent_role) == (case.basis, case.role)


FULL = [case for case in CASES if case.name != "minimal_self" and case.country != "US"] + [CASES[3]]


@pytest.mark.parametrize("case", FULL, ids=lambda case: case.name)
def test_without_papers_and_approvals_nothing_runs(case: Case) -> None:
    reasons = decide(case, approvals=()).reasons
    assert {"run.impact_assessment", "run.collective_agreement", "run.dual_control", "subject.no_detriment"} <= set(
        reasons
    )


@pytest.mark.parametrize("case", FULL, ids=lambda case: case.name)
def test_the_worker_cannot_be_the_operator_where_others_ask_for_it(case: Case) -> None:
    assert "run.dual_control" in decide(case, operator=MAREN).reasons


@pytest.mark.parametrize("case", FULL, ids=lambda case: case.name)
def test_nothing_runs_at_once(case: Case) -> None:
    reasons = decide(case, asked=1, signed=0).reasons
    assert {"run.notice", "subject.cooling_off"} <= set(reasons)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.country}")
@pytest.mark.parametrize("country", ["DE", "US", "CN", "BR"])
def test_a_policy_runs_in_its_own_places_only(case: Case, country: str) -> None:
    allowed = {
        "worker_protection": {"DE", "US"},
        "eu_works_council": {"DE"},
        "us_baseline": {"US"},
        "cn_pipl": {"CN"},
        "minimal_self": {"DE", "US"},
    }[case.name]
    assert ("run.jurisdiction" in decide(case, jurisdictions=(country,)).reasons) == (country not in allowed)


def test_for_oneself_works_only_by_ones_own_hand() -> None:
    own = CASES[-1]
    assert decide(own, asked=0, signed=0).reasons == ()
    assert decide(own, operator="op-1").reasons == ("subject.no_detriment",)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.country}")
@pytest.mark.parametrize("state", ["probation", "sick_leave", "redundancy"])
def test_no_policy_lets_a_weak_moment_pass(case: Case, state: str) -> None:
    assert "subject.vulnerable_time" in decide(case, employment=("active", state)).reasons


def test_a_works_council_seat_protects_under_the_policy_for_works_councils_only() -> None:
    reasons = {case.name: decide(case, employment=("active", "mandate_holder")).reasons for case in CASES}
    assert {name for name, found in reasons.items() if "subject.vulnerable_time" in found} == {"eu_works_council"}


def test_the_proposed_legal_basis_is_one_that_the_policy_allows_and_goes_with_its_role() -> None:
    assert bases.proposed(load("cn_pipl")) == "cn-pipl:A13-1-1"
    assert bases.proposed(load("us_baseline")) == "us:none"
    assert bases.proposed(load("worker_protection")) == "eu-gdpr:A6-1-f"
    assert [bases.role_of(b) for b in ("eu-gdpr:A6-1-a", "cn-pipl:A13-1-1", "eu-gdpr:A6-1-f", "us:none")] == [
        *["legal_basis"] * 2,
        *["safeguard"] * 2,
    ]
    head = b"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\n"
    none = parse(head + b"gates: {run.legal_basis: {bases: []}}\n", "test")
    assert bases.proposed(none) == "eu-gdpr:A6-1-f"


def test_every_gate_is_on_in_the_policy_to_start_from() -> None:
    assert list(load("worker_protection").gates) == list(GATES)
