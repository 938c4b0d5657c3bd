"""Segment and output gates: is the text clean, and may the skill be released?"""

from datetime import timedelta
from typing import Any

import pytest
from consent_world import NOW, World, agreed, choice_of

from consent import decide
from consent.gates.registry import OUTPUT
from consent.request import ClaimFacts, OutputFacts, SegmentFacts
from policies.loader import floor, parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def claim(**changes: Any) -> ClaimFacts:
    return ClaimFacts(
        **{"id": "c001", "category": "procedures", "records": 3, "days": 2, "review": "accepted"} | changes
    )


def finished(**changes: Any) -> OutputFacts:
    good = {
        "claims": (claim(), claim(id="c002", review="corrected"), claim(id="c003", review="struck")),
        "drafted_at": NOW - timedelta(days=2),
        "reviewed_at": NOW,
        "signature_valid": True,
        "residual_hits": 0,
        "expires": NOW + timedelta(days=100),
    }
    return OutputFacts(**good | changes)


def refused(facts: OutputFacts, world: World | None = None) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    world = world or World()
    results = decide.decide_output(world.policy, facts, choice_of(world.record()), world.request())
    return {result.gate: (result.reasons, result.details) for result in results if result.reasons}


def test_a_reviewed_signed_and_clean_skill_may_be_released() -> None:
    assert refused(finished()) == {}


REFUSED = [
    ({"claims": (claim(category="persona"),)}, "output.categories", ("c001",)),
    ({"claims": (claim(category="decision_rules"),)}, "output.categories", ("c001",)),
    ({"claims": (claim(records=2),)}, "output.support", ("c001",)),
    ({"claims": (claim(days=1),)}, "output.support", ("c001",)),
    ({"claims": (claim(review="unreviewed"),)}, "output.subject_review", ("c001",)),
    ({"claims": (claim(review=None),)}, "output.subject_review", ("c001",)),
    ({"claims": (claim(review="approved by HR"),)}, "output.subject_review", ("c001",)),
    ({"signature_valid": False}, "output.subject_review", ("signature",)),
    ({"reviewed_at": None}, "output.subject_review", ("silence",)),
    ({"reviewed_at": None, "signature_valid": None}, "output.subject_review", ("silence",)),
    ({"drafted_at": NOW - timedelta(days=14, seconds=1)}, "output.subject_review", ("too_late",)),
    ({"drafted_at": NOW + timedelta(seconds=1)}, "output.subject_review", ("before_draft",)),
    ({"residual_hits": 1}, "output.residual_pii", ("residual_hits",)),
    ({"residual_hits": -1}, "output.residual_pii", ("residual_hits",)),
    ({"expires": NOW + timedelta(days=365, seconds=1)}, "output.expiry", ("outlives",)),
    ({"expires": NOW}, "output.expiry", ("over",)),
]  # fmt: skip


@pytest.mark.parametrize(("change", "gate", "details"), REFUSED)
def test_a_skill_with_one_fault_is_refused_for_that_fault(change: dict, gate: str, details: tuple[str, ...]) -> None:
    assert refused(finished(**change)) == {gate: ((gate,), details)}


MISSING = [
    ("claims", ("claims",)),
    ("drafted_at", ("drafted_at",)),
    ("signature_valid", ("signature_valid",)),
    ("residual_hits", ("residual_hits",)),
    ("expires", ("expires",)),
]


@pytest.mark.parametrize(("field", "facts"), MISSING)
def test_a_missing_fact_denies_and_is_named(field: str, facts: tuple[str, ...]) -> None:
    found = refused(finished(**{field: None}))
    assert {reason for reasons, _ in found.values() for reason in reasons} == {f"missing_fact.{f}" for f in facts}


def test_the_limits_belong_to_what_is_allowed() -> None:
    assert refused(finished(drafted_at=NOW - timedelta(days=14), expires=NOW + timedelta(days=365))) == {}


def test_a_struck_claim_may_be_anything() -> None:
    assert refused(finished(claims=(claim(category="persona", records=0, review="struck"),))) == {}


def test_a_withdrawal_stops_the_release() -> None:
    world = agreed()
    choice = decide.decide_run(world.policy, world.request(), world.ledger()).choice
    assert all(r.lets_pass for r in decide.decide_output(world.policy, finished(), choice, world.request()))
    world.withdraw()
    after = world.ledger().state(choice.pid, choice.purpose, world.now)
    results = decide.decide_output(world.policy, finished(), after, world.request())
    assert [r.gate for r in results if r.reasons] == ["subject.consent_valid", "lifecycle.withdrawal"]


def test_without_a_consent_nothing_is_released() -> None:
    world = World()
    results = decide.decide_output(world.policy, finished(), None, world.request())
    assert {r.gate for r in results if r.reasons} == {"subject.consent_valid", "output.categories", "output.expiry"}


def test_a_gate_that_fails_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(OUTPUT, "output.expiry", broken)
    assert refused(finished()) == {"output.expiry": (("gate_error.output.expiry",), ())}


def test_moments_without_a_time_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        finished(expires=NOW.replace(tzinfo=None))


# --- claim by claim -------------------------------------------------------------------------------------------------


def test_each_claim_gets_its_own_reasons() -> None:
    world = World()
    choice = choice_of(world.record(withhold=["code_style"]))
    claims = [
        claim(),
        claim(category="decision_rules"),
        claim(category="code_style"),
        claim(category="tone_mimicry", records=1),
        claim(category=None),
        claim(records=None, days=1),
    ]
    assert decide.claim_reasons(world.policy, choice, claims) == [
        (),
        ("output.categories",),
        ("output.categories",),
        ("output.categories", "output.support"),
        ("missing_fact.category",),
        ("missing_fact.records", "output.support"),
    ]


def test_without_a_consent_no_claim_may_stay() -> None:
    assert decide.claim_reasons(World().policy, None, [claim()]) == [("output.categories",)]


def test_a_policy_without_a_support_gate_asks_for_none() -> None:
    world = World()
    assert decide.claim_reasons(floor(), choice_of(world.record()), [claim(records=1, days=1)]) == [()]


# --- segments -------------------------------------------------------------------------------------------------------

CLEAN = {"profile": "strict", "engine_sha256": "e" * 64, "secrets_removed": True, "residual_hits": 0}


def test_redacted_text_passes_as_transformed() -> None:
    results = decide.decide_segments(floor(), SegmentFacts(**CLEAN))
    assert [(r.gate, r.verdict, r.lets_pass) for r in results] == [
        ("segment.pii", "transform", True),
        ("segment.secret", "transform", True),
    ]


UNCLEAN = [
    ({"profile": "lenient"}, ("segment.pii",)),
    ({"residual_hits": 1}, ("segment.pii",)),
    ({"secrets_removed": False}, ("segment.secret",)),
    ({"profile": None}, ("missing_fact.profile",)),
    ({"engine_sha256": None}, ("missing_fact.engine_sha256",)),
    ({"residual_hits": None}, ("missing_fact.residual_hits",)),
    ({"secrets_removed": None}, ("missing_fact.secrets_removed",)),
]


@pytest.mark.parametrize(("change", "reasons"), UNCLEAN)
def test_text_that_may_not_be_clean_is_refused(change: dict, reasons: tuple[str, ...]) -> None:
    results = decide.decide_segments(floor(), SegmentFacts(**CLEAN | change))
    assert tuple(reason for result in results for reason in result.reasons) == reasons


def test_a_policy_can_pin_the_redaction_engine() -> None:
    pinned = policy(f"segment.pii: {{engines: [{'f' * 64}]}}")
    results = decide.decide_segments(pinned, SegmentFacts(**CLEAN))
    assert results[0].details == ("engine_sha256",)
