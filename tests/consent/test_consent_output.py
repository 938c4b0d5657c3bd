"""Segment and output gates: is the text clean, and may the skill be released?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from consent_world import BENEFIT, MAREN, NOW, OTTO, World, approval, choice_of, circumstances

from consent import decide
from consent.gates.registry import CLAIM, OUTPUT
from consent.ledger import ChoiceState
from consent.request import ClaimFacts, OutputFacts, SegmentFacts
from policies.loader import floor, parse
from policies.model import Policy


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def claim(**changes: Any) -> ClaimFacts:
    return ClaimFacts(
        **{
            "id": "c001",
            "category": "procedures",
            "records": 3,
            "days": 2,
            "review": "accepted",
            "verbatim_words": 12,
            "keeps": (),
        }
        | changes
    )


def finished(**changes: Any) -> OutputFacts:
    good = {
        "claims": (claim(), claim(id="c002", review="corrected"), claim(id="c003", review="struck")),
        "drafted_at": NOW - timedelta(days=2),
        "reviewed_at": NOW,
        "signature_valid": True,
        "residual_hits": 0,
        "expires": NOW + timedelta(days=100),
        "contested": False,
        "identity": None,
        "disclosed": True,
        "impersonates": 0,
        "terms": True,
        "compensation_ref": BENEFIT,
    }
    return OutputFacts(**good | changes)


def consent(world: World, **changes: Any) -> ChoiceState:
    return choice_of(world.record(**changes).model_copy(update={"compensation_ref": BENEFIT}))


def refused(
    facts: OutputFacts, under: str | None = None, choice: ChoiceState | None = None, **known: Any
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    world = World() if under is None else World(policy=policy(under))
    request = world.request(circumstances=circumstances(world.policy, **known))
    results = decide.decide_output(world.policy, facts, choice or consent(world), request)
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
    ({"claims": (claim(verbatim_words=41),)}, "output.verbatim", ("c001",)),
    ({"claims": (claim(verbatim_words=-1),)}, "output.verbatim", ("c001",)),
    ({"contested": True}, "output.subject_review", ("contested",)),
    ({"disclosed": False}, "output.disclosure", ("label",)),
    ({"impersonates": 1}, "output.disclosure", ("impersonation",)),
    ({"terms": False}, "output.no_automated_decision", ("terms",)),
    ({"compensation_ref": ""}, "output.benefit", ("reference",)),
    ({"compensation_ref": "agreement:13"}, "output.benefit", ("reference",)),
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
    ("contested", ("contested",)),
    ("disclosed", ("disclosed",)),
    ("impersonates", ("impersonates",)),
    ("terms", ("terms",)),
    ("compensation_ref", ("compensation_ref",)),
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
    assert refused(finished()) == {}
    for state in ("withdrawn", "suspended", "invalidated"):
        choice = replace(consent(World()), state=state)
        assert set(refused(finished(), choice=choice)) == {"subject.consent_valid", "lifecycle.withdrawal"}


def test_without_a_consent_nothing_is_released() -> None:
    world = World()
    results = decide.decide_output(world.policy, finished(), None, world.request())
    assert {r.gate for r in results if r.reasons} == {
        "subject.consent_valid", "subject.scope", "subject.validity", "output.categories", "output.withhold",
        "output.expiry", "output.benefit",
    }  # fmt: skip


ELSEWHERE = [
    ({"state_as_of": None}, {"subject.fresh": (("missing_fact.state_as_of",), ())}),
    ({"state_as_of": NOW - timedelta(hours=1)}, {"subject.fresh": (("subject.fresh",), ("stale",))}),
    ({"employment": None}, {"subject.exit": (("missing_fact.employment",), ())}),
    ({"last_day": date(2027, 3, 1)}, {}),
    ({"last_day": date(2027, 2, 28)}, {"subject.exit": (("subject.exit",), ("outlives_employment",))}),
    ({"approvals": None},
     {"subject.no_detriment": (("missing_fact.approvals",), ()), "output.benefit": (("missing_fact.approvals",), ())}),
    ({"approvals": ()},
     {"subject.no_detriment": (("subject.no_detriment",), ("undertaking",)),
      "output.benefit": (("output.benefit",), ("not_logged",))}),
]  # fmt: skip


@pytest.mark.parametrize(("known", "expected"), ELSEWHERE)
def test_circumstances_count_at_the_release_too(known: dict, expected: dict) -> None:
    # The first of March ends where the second begins.
    assert refused(finished(expires=datetime(2027, 3, 2, tzinfo=UTC)), **known) == expected


def test_an_objection_stops_the_release() -> None:
    choice = replace(consent(World()), objected=True)
    assert refused(finished(), choice=choice) == {"subject.objection": (("subject.objection",), ("objected",))}


def test_a_policy_may_leave_use_after_the_last_day() -> None:
    facts = finished(expires=datetime(2027, 3, 1, tzinfo=UTC))
    # The last day ends at midnight; from there one month, and from the 31st of January that is the 28th of February.
    for last, allowed in ((date(2027, 1, 31), True), (date(2027, 1, 30), False)):
        found = refused(
            facts, "subject.exit: {use_ends_after: P1M}", last_day=last, approvals=circumstances().approvals
        )
        assert ("subject.exit" not in found) is allowed, last


IDENTITY = [(0.5, 65, True), (0.65, 65, True), (0.650001, 65, False), (1.0, 100, True), (0.55, 55, True),
            (0.58, 58, True), (float("nan"), 100, False)]  # fmt: skip


@pytest.mark.parametrize(("found", "cap", "allowed"), IDENTITY)
def test_a_cap_on_how_well_a_skill_tells_its_author(found: float, cap: int, allowed: bool) -> None:
    answers = refused(finished(identity=found), f"output.identity: {{cap: {cap}}}")
    assert ("output.identity" not in answers) is allowed


def test_where_a_cap_is_set_the_measure_must_be_there() -> None:
    assert refused(finished(), "output.identity: {cap: 65}")["output.identity"] == (("missing_fact.identity",), ())
    assert "output.identity" not in refused(finished(), "output.identity: {cap: off}")


BENEFITS = [
    ({"subject": MAREN, "ref": BENEFIT}, True),
    ({"subject": None, "ref": BENEFIT}, True),
    ({"subject": OTTO, "ref": BENEFIT}, False),
    ({"subject": MAREN, "ref": "agreement:13"}, False),
    ({"subject": MAREN, "ref": BENEFIT, "until": NOW}, False),
]


@pytest.mark.parametrize(("changes", "allowed"), BENEFITS)
def test_compensation_terms_must_be_logged_for_this_person(changes: dict, allowed: bool) -> None:
    papers = (approval("benefit", "hr", **changes), approval("undertaking", "hr"))
    assert (refused(finished(), approvals=papers) == {}) is allowed


def test_without_a_signed_reference_there_are_no_compensation_terms() -> None:
    choice = choice_of(World().record())
    found = refused(finished(compensation_ref=""), choice=choice)
    assert found == {"output.benefit": (("output.benefit",), ("no_reference", "not_logged"))}
    assert refused(finished(compensation_ref=None), "output.benefit: {terms: none}").get("output.benefit") is None


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
    choice = choice_of(world.record(withhold=["code_style", "pitfalls"]))
    claims = [
        claim(),
        claim(category="decision_rules"),
        claim(category="code_style"),
        claim(category="tone_mimicry", records=1),
        claim(category=None),
        claim(records=None, days=1),
        claim(verbatim_words=41),
        claim(verbatim_words=None),
        claim(keeps=("judgement", "pitfalls")),
        claim(keeps=("judgement",)),
        claim(keeps=None),
    ]
    assert decide.claim_reasons(world.policy, choice, claims) == [
        (),
        ("output.categories",),
        ("output.categories",),
        ("output.categories", "output.support"),
        ("missing_fact.category",),
        ("missing_fact.records", "output.support"),
        ("output.verbatim",),
        ("missing_fact.verbatim_words",),
        ("output.withhold",),
        (),
        ("missing_fact.keeps",),
    ]


def test_whoever_keeps_nothing_needs_no_kinds() -> None:
    world = World()
    assert decide.claim_reasons(world.policy, choice_of(world.record()), [claim(keeps=None)]) == [()]


def test_a_person_can_keep_only_the_kinds_that_the_policy_offers() -> None:
    kept = World(policy=policy("output.withhold: {kinds: [judgement]}"))
    choice = choice_of(kept.record(withhold=["judgement", "pitfalls"]))
    claims = [claim(keeps=("pitfalls",)), claim(keeps=("judgement",))]
    assert decide.claim_reasons(kept.policy, choice, claims) == [(), ("output.withhold",)]


def test_without_a_consent_no_claim_may_stay() -> None:
    assert decide.claim_reasons(World().policy, None, [claim()]) == [("output.categories", "output.withhold")]


def test_a_policy_without_a_gate_asks_for_nothing_there() -> None:
    world = World()
    claims = [claim(records=1, days=1, verbatim_words=None, keeps=None)]
    assert decide.claim_reasons(floor(), choice_of(world.record(withhold=["pitfalls"])), claims) == [()]


def test_a_gate_that_fails_over_a_claim_denies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(params: object, choice: object, claim: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(CLAIM, "output.support", broken)
    world = World()
    found = decide.claim_reasons(world.policy, choice_of(world.record()), [claim()])
    assert found == [("gate_error.output.support",)]


# --- segments -------------------------------------------------------------------------------------------------------

CLEAN = {
    "profile": "strict", "engine_sha256": "e" * 64, "secrets_removed": True, "residual_hits": 0, "dates": "keep",
}  # fmt: skip


def test_redacted_text_passes_as_transformed() -> None:
    results = decide.decide_segments(floor(), SegmentFacts(**CLEAN))
    assert [(r.gate, r.verdict, r.lets_pass) for r in results] == [
        ("segment.pii", "transform", True),
        ("segment.secret", "transform", True),
    ]


UNCLEAN = [
    ({"profile": "lenient"}, ("segment.pii",)),
    ({"profile": "fast"}, ("segment.pii",)),
    ({"dates": "shifted"}, ("segment.pii",)),
    ({"dates": None}, ("missing_fact.dates",)),
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


def test_a_stricter_redaction_than_a_policy_asks_for_passes_and_a_looser_one_does_not() -> None:
    asked = policy("segment.pii: {profile: max, dates: relative}")
    for facts, passes in (
        ({}, False),
        ({"profile": "max"}, False),
        ({"dates": "relative"}, False),
        ({"profile": "max", "dates": "relative"}, True),
    ):
        done = SegmentFacts(**CLEAN | facts)
        assert all(result.lets_pass for result in decide.decide_segments(asked, done)) is passes
        assert all(result.lets_pass for result in decide.decide_segments(floor(), done))


def test_a_policy_can_pin_the_redaction_engine() -> None:
    pinned = policy(f"segment.pii: {{engines: [{'f' * 64}]}}")
    results = decide.decide_segments(pinned, SegmentFacts(**CLEAN))
    assert results[0].details == ("engine_sha256",)
