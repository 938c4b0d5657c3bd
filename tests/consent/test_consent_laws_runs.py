"""The laws again, over runs and finished skills: consent adds nothing, a gap never helps, stricter means less."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_strategies import policies, stricter_pairs
from policy_strategies_runs import (
    KNOWN,
    NOW,
    REQUEST,
    cases,
    choice_in,
    request_in,
    skill_in,
    skills,
)

from consent import decide
from consent.ledger import ChoiceState
from consent.verdict import GateResult
from policies.catalogue import FLOOR_GATES
from policies.loader import floor, load
from policies.model import Policy
from policies.order import overall

Case = dict[str, dict[str, Any]]

ABOUT_THE_CONSENT = frozenset(
    {"run.legal_basis", "subject.consent_valid", "subject.scope", "subject.objection", "lifecycle.withdrawal",
     "output.categories", "output.expiry"}
)  # fmt: skip
"""Gates of the floor that look at the consent; all others must say the same whatever was signed."""


def run(policy: Policy, case: Case) -> dict[str, GateResult]:
    decision = decide.decide_run_for(policy, request_in(policy, case), choice_in(policy, case))
    return {result.gate: result for result in decision.results}


def release(policy: Policy, case: Case, facts: Any) -> dict[str, GateResult]:
    results = decide.decide_output(policy, facts, choice_in(policy, case), request_in(policy, case))
    return {result.gate: result for result in results}


@settings(max_examples=60, deadline=None)
@given(policies(), cases(), skills())
def test_no_consent_loosens_what_the_floor_says_about_a_run_or_a_skill(
    policy: Policy, case: Case, skill: dict[str, Any]
) -> None:
    nobody = ChoiceState("", "")
    request = request_in(policy, case)
    before = {r.gate: r for r in decide.decide_run_for(policy, request, nobody).results}
    after = run(policy, case)
    assert not all(result.lets_pass for result in before.values())
    released = {r.gate: r for r in decide.decide_output(policy, skill_in(skill), nobody, request)}
    assert not all(result.lets_pass for result in released.values())
    for found, without in ((after, before), (release(policy, case, skill_in(skill)), released)):
        for gate in set(FLOOR_GATES) & set(found) - ABOUT_THE_CONSENT:
            assert set(without[gate].reasons) <= set(found[gate].reasons), gate


@settings(max_examples=100, deadline=None)
@given(policies(), cases(), st.sets(st.sampled_from(KNOWN)), st.sets(st.sampled_from([*REQUEST, "policy"])),
       st.sets(st.sampled_from(["notice_at", "signed_at", "mandate", "key"])))  # fmt: skip
def test_removing_facts_of_a_run_opens_no_gate(
    policy: Policy, case: Case, circumstances: set[str], request: set[str], standing: set[str]
) -> None:
    before = run(policy, case)
    after = run(policy, case | {"unknown": {"circumstances": circumstances, "request": request, "standing": standing}})
    for gate, result in before.items():
        assert result.lets_pass or not after[gate].lets_pass, gate


@settings(max_examples=100, deadline=None)
@given(policies(), cases(), skills(), st.data())
def test_removing_facts_of_a_skill_opens_no_gate(
    policy: Policy, case: Case, skill: dict[str, Any], data: st.DataObject
) -> None:
    facts = ["claims", "drafted_at", "reviewed_at", "signature_valid", "residual_hits", "expires", "contested",
             "identity", "disclosed", "impersonates", "terms", "compensation_ref"]  # fmt: skip
    unknown = tuple(data.draw(st.sets(st.sampled_from(facts))))
    gaps = tuple(data.draw(st.sets(st.sampled_from(["category", "records", "days", "verbatim_words", "keeps"]))))
    circumstances = data.draw(st.sets(st.sampled_from(KNOWN)))
    before = release(policy, case, skill_in(skill))
    after = release(policy, case | {"unknown": {"circumstances": circumstances}}, skill_in(skill, unknown, gaps))
    for gate, result in before.items():
        assert result.lets_pass or not after[gate].lets_pass, gate


@settings(max_examples=120, deadline=None)
@given(stricter_pairs(), cases(), skills())
def test_a_stricter_policy_admits_no_more_runs_and_no_more_skills(
    pair: tuple[Policy, Policy], case: Case, skill: dict[str, Any]
) -> None:
    strict, loose = pair
    assert overall(strict, loose) in ("equal", "stricter")
    for under_strict, under_loose in (
        (run(strict, case), run(loose, case)),
        (release(strict, case, skill_in(skill)), release(loose, case, skill_in(skill))),
    ):
        assert set(under_loose) <= set(under_strict)
        for gate, result in under_loose.items():
            assert result.lets_pass or not under_strict[gate].lets_pass, gate


@settings(max_examples=60, deadline=None)
@given(stricter_pairs(), cases(), skills())
def test_a_stricter_policy_keeps_no_more_claims(pair: tuple[Policy, Policy], case: Case, skill: dict[str, Any]) -> None:
    claims = skill_in(skill).claims or ()
    strict, loose = (decide.claim_reasons(policy, choice_in(policy, case), claims) for policy in pair)
    for under_strict, under_loose in zip(strict, loose, strict=True):
        assert set(under_loose) <= set(under_strict)


@settings(max_examples=60, deadline=None)
@given(policies(), cases(), skills())
def test_a_skill_is_refused_for_a_claim_exactly_where_the_claim_is(
    policy: Policy, case: Case, skill: dict[str, Any]
) -> None:
    facts = skill_in(skill)
    kept = [claim for claim in facts.claims or () if claim.review != "struck"]
    alone = {reason for reasons in decide.claim_reasons(policy, choice_in(policy, case), kept) for reason in reasons}
    whole = {
        reason
        for gate, result in release(policy, case, facts).items()
        if gate in ("output.categories", "output.support", "output.verbatim", "output.withhold")
        for reason in result.reasons
    }
    assert alone == whole


def test_what_the_strategies_start_from_is_sound() -> None:
    sound: Case = {part: {} for part in ("circumstances", "request", "standing", "record", "unknown")}
    policy = load("worker_protection")
    assert {gate: r.reasons for gate, r in run(policy, sound).items() if r.reasons} == {}
    assert {g: r.reasons for g, r in release(policy, sound, skill_in({"claims": [{}]})).items() if r.reasons} == {}
    # The rules of a country ask for more than the floor.
    assert [gate for gate, r in run(floor(), sound).items() if r.reasons] == ["run.jurisdiction"]
    assert request_in(floor(), sound).now == NOW
