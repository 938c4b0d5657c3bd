"""Every run, subject and lifecycle gate alone: what passes, what is denied and with which code, what is unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from consent_world import MAREN, NOW, OTTO, World, approval, choice_of, circumstances

from attest.encoding import to_time
from consent import decide
from consent.approvals import Approval
from consent.gates.run import same_language
from consent.gates.run_papers import independent
from consent.keys import EnrolledKey
from consent.ledger import ChoiceState
from consent.mandates import Mandate
from consent.record import ConsentRecord
from consent.verdict import GateResult
from policies.loader import load, parse
from policies.model import Policy

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WORLD = World()
RECORD: ConsentRecord = WORLD.record(now=NOW - 10 * DAY, shown_at=NOW - 11 * DAY)
SHIPPED = load("worker_protection")


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


def asked(
    gate: str,
    under: str | None = None,
    *,
    standing: dict[str, Any] | None = None,
    signed: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None,
    **known: Any,
) -> GateResult:
    """Return a gate's answer about a run that `worker_protection` lets pass, but for the changes."""
    chosen = SHIPPED if under is None else policy(f"{gate}: {under}")
    choice = choice_of(RECORD.model_copy(update=signed or {}), **(standing or {}))
    wanted = WORLD.request(policy=chosen.sha256, circumstances=circumstances(chosen, **known), **(request or {}))
    results = decide.decide_run_for(chosen, wanted, choice).results
    return next(result for result in results if result.gate == gate)


def said(result: GateResult) -> Any:
    """Return the codes of a denial, or `pass`, or `?` and the missing facts."""
    if result.verdict == "unknown":
        return tuple("?" + reason.removeprefix("missing_fact.") for reason in result.reasons)
    return result.verdict if result.lets_pass else result.details


def actor(role: str) -> Any:
    return RECORD.actor.model_copy(update={"id": "p-delegate", "role": role})


def notice(**changes: Any) -> Any:
    return RECORD.notice.model_copy(update=changes)


def run_by(*roles: str, **changes: Any) -> tuple[Approval, ...]:
    return tuple(approval("run", role, **{"policy": SHIPPED.sha256} | changes) for role in roles)


CONSENT = {"consent_role": "legal_basis"}
ALL = "{bases: ['eu-gdpr:A6-1-a', 'eu-gdpr:A6-1-f', 'cn-pipl:A13-1-1'], consent_role: [safeguard, legal_basis]}"
DPIA = "{documents: ['" + "d" * 64 + "']}"
AGREED = "{documents: ['" + "c" * 64 + "']}"
MANDATE = Mandate(3, NOW - 30 * DAY, NOW + 30 * DAY, ("dpo-1", "works-council-1"))
ACTS = {"actor": actor("delegate")}


CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("run.legal_basis", {}, "pass"),
    ("run.legal_basis", {"signed": {"legal_basis": "eu-gdpr:A6-1-b"}}, ("basis",)),
    ("run.legal_basis", {"signed": CONSENT}, ("mismatch", "role")),
    ("run.legal_basis", {"signed": {"legal_basis": "eu-gdpr:A6-1-a"} | CONSENT}, ("basis", "role")),
    ("run.legal_basis", {"under": ALL, "signed": {"legal_basis": "eu-gdpr:A6-1-a"} | CONSENT}, "pass"),
    ("run.legal_basis", {"under": ALL, "signed": {"legal_basis": "cn-pipl:A13-1-1"} | CONSENT}, "pass"),
    # Presenting processing as consent-based when it is not, and the other way round.
    ("run.legal_basis", {"under": ALL, "signed": CONSENT}, ("mismatch",)),
    ("run.legal_basis", {"under": ALL, "signed": {"legal_basis": "eu-gdpr:A6-1-a"}}, ("mismatch",)),

    ("run.impact_assessment", {}, "pass"),
    ("run.impact_assessment", {"approvals": None}, ("?approvals",)),
    ("run.impact_assessment", {"approvals": ()}, ("not_signed",)),
    ("run.impact_assessment", {"under": "{required: false}", "approvals": None}, "pass"),
    ("run.impact_assessment", {"under": DPIA}, "pass"),
    ("run.impact_assessment", {"under": "{documents: ['" + "0" * 64 + "']}"}, ("document",)),
    ("run.impact_assessment", {"under": "{documents: []}"}, ("document",)),
    ("run.impact_assessment", {"under": "{max_age: P29D}"}, ("too_old",)),
    ("run.impact_assessment", {"under": "{max_age: P30D}"}, "pass"),
    *(
        ("run.impact_assessment", {"approvals": (approval("impact_assessment", "dpo", **changes),)}, expected)
        for changes, expected in (
            ({"dated": None}, ("undated",)),
            ({"dated": NOW + SECOND}, ("dated_in_future",)),
            ({"dated": NOW}, "pass"),
            ({"dated": NOW, "subject": OTTO}, ("not_signed",)),
            ({"dated": NOW, "purpose": "onboarding"}, ("not_signed",)),
            ({"dated": NOW, "policy": "0" * 64}, ("not_signed",)),
            ({"dated": NOW, "subject": MAREN, "policy": SHIPPED.sha256}, "pass"),
            ({"dated": NOW, "at": NOW + SECOND}, ("not_signed",)),
            ({"dated": NOW, "until": NOW}, ("not_signed",)),
            ({"dated": NOW, "until": NOW + SECOND}, "pass"),
        )
    ),
    ("run.impact_assessment", {"approvals": (approval("impact_assessment", "hr", dated=NOW),)}, ("not_signed",)),

    ("run.collective_agreement", {}, "pass"),
    ("run.collective_agreement", {"works_council": None}, ("?works_council",)),
    ("run.collective_agreement", {"works_council": False, "approvals": None}, "pass"),
    ("run.collective_agreement", {"approvals": None}, ("?approvals",)),
    ("run.collective_agreement", {"approvals": ()}, ("not_signed",)),
    ("run.collective_agreement", {"approvals": (approval("collective_agreement", "hr"),)}, ("not_signed",)),
    ("run.collective_agreement", {"under": AGREED}, "pass"),
    ("run.collective_agreement", {"under": DPIA}, ("document",)),
    ("run.collective_agreement", {"under": "{required_if_body_exists: false}", "works_council": None}, "pass"),

    ("run.notice", {}, "pass"),
    ("run.notice", {"standing": {"notice_at": None}}, ("?notice_at",)),
    ("run.notice", {"standing": {"notice_at": NOW - 14 * DAY}}, "pass"),
    ("run.notice", {"standing": {"notice_at": NOW - 14 * DAY + SECOND}}, ("lead",)),
    ("run.notice", {"signed": {"notice": notice(shown_at=to_time(NOW - 10 * DAY + SECOND))}}, ("acknowledged",)),
    ("run.notice", {"signed": {"notice": notice(shown_at=RECORD.event_time)}}, "pass"),
    ("run.notice", {"under": "{acknowledged: false}",
                    "signed": {"notice": notice(shown_at=to_time(NOW))}}, "pass"),
    ("run.notice", {"language": "de"}, ("language",)),
    ("run.notice", {"language": "en-GB"}, "pass"),
    ("run.notice", {"language": None}, ("?language",)),
    ("run.notice", {"under": "{language: any}", "language": None}, "pass"),

    ("run.no_covert", {}, "pass"),
    ("run.no_covert", {"announced": 0}, "pass"),
    ("run.no_covert", {"announced": None}, ("?announced",)),

    ("run.dual_control", {}, "pass"),
    ("run.dual_control", {"approvals": None}, ("?approvals",)),
    ("run.dual_control", {"approvals": run_by("hr")}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "dpo")}, "pass"),
    ("run.dual_control", {"approvals": run_by("hr", "hr")}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "auditor", "authority")}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "dpo", holder="o-1")}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "dpo", policy=None)}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "dpo", at=NOW + SECOND)}, ("approvals",)),
    ("run.dual_control", {"approvals": run_by("hr", "dpo", at=datetime(2026, 8, 22, 10, tzinfo=UTC))}, "pass"),
    ("run.dual_control", {"approvals": run_by("hr", "dpo", at=datetime(2026, 8, 22, 9, tzinfo=UTC))}, ("approvals",)),
    ("run.dual_control", {"approvals": (*run_by("hr"), *run_by("dpo", holder=MAREN))}, ("approvals",)),
    ("run.dual_control", {"operator": "dpo-1"}, ("approvals",)),
    ("run.dual_control", {"operator": MAREN}, ("operator_is_subject",)),
    ("run.dual_control", {"operator": OTTO}, ("operator_is_manager",)),
    ("run.dual_control", {"operator": None}, ("?operator",)),
    ("run.dual_control", {"operator": ""}, ("?operator",)),
    ("run.dual_control", {"manager": None}, ("?manager",)),
    ("run.dual_control", {"manager": ""}, "pass"),
    ("run.dual_control", {"under": "{approvals: 0}", "approvals": None}, "pass"),
    ("run.dual_control", {"under": "{roles: [hr, dpo]}"}, ("approvals",)),
    ("run.dual_control", {"under": "{roles: [dpo, works_council]}"}, "pass"),

    ("run.jurisdiction", {}, "pass"),
    ("run.jurisdiction", {"jurisdictions": ("DE", "US", "FR")}, "pass"),
    ("run.jurisdiction", {"jurisdictions": None}, ("?jurisdictions",)),
    ("run.jurisdiction", {"jurisdictions": ()}, ("?jurisdictions",)),
    ("run.jurisdiction", {"jurisdictions": ("DE", "CN")}, ("cn",)),
    ("run.jurisdiction", {"jurisdictions": ("ZZ",)}, ("zz",)),
    ("run.jurisdiction", {"jurisdictions": ("germany, probably",)}, ("country",)),

    ("subject.consent_valid", {}, "pass"),
    ("subject.consent_valid", {"standing": {"state": "withdrawn"}}, ("withdrawn",)),
    ("subject.consent_valid", {"standing": {"key": None}}, ("given",)),
    ("subject.consent_valid", {"standing": {"key": EnrolledKey(0, "k", b"")}}, ("no_witness",)),
    ("subject.consent_valid", {"under": "{enrolment: self_signed}", "standing": {"key": EnrolledKey(0, "k", b"")}},
     "pass"),
    ("subject.consent_valid", {"request": {"now": RECORD.end}}, ("expired",)),
    ("subject.consent_valid", {"request": {"now": RECORD.start - SECOND}}, ("unknown",)),

    ("subject.fresh", {}, "pass"),
    ("subject.fresh", {"state_as_of": None}, ("?state_as_of",)),
    ("subject.fresh", {"state_as_of": NOW - timedelta(minutes=15)}, "pass"),
    ("subject.fresh", {"state_as_of": NOW - timedelta(minutes=15) - SECOND}, ("stale",)),
    ("subject.fresh", {"state_as_of": NOW + timedelta(minutes=10)}, "pass"),
    ("subject.fresh", {"state_as_of": NOW + timedelta(minutes=10) + SECOND}, ("in_future",)),

    ("subject.cooling_off", {"standing": {"notice_at": NOW - 13 * DAY, "signed_at": NOW - 10 * DAY}}, "pass"),
    ("subject.cooling_off", {"standing": {"notice_at": NOW - 13 * DAY + SECOND, "signed_at": NOW - 10 * DAY}},
     ("notice_to_signature",)),
    ("subject.cooling_off", {"standing": {"notice_at": NOW - 9 * DAY, "signed_at": NOW - 10 * DAY}},
     ("notice_to_signature",)),
    ("subject.cooling_off", {"standing": {"signed_at": NOW - 7 * DAY}}, "pass"),
    ("subject.cooling_off", {"standing": {"signed_at": NOW - 7 * DAY + SECOND}}, ("signature_to_run",)),
    ("subject.cooling_off", {"standing": {"signed_at": None}}, ("?signed_at",)),
    ("subject.cooling_off", {"standing": {"notice_at": None, "signed_at": None}}, ("?notice_at", "?signed_at")),
    ("subject.cooling_off", {"signed": {"cooling_off_until": to_time(NOW + SECOND)}}, ("signed_wait",)),
    ("subject.cooling_off", {"signed": {"cooling_off_until": to_time(NOW)}}, "pass"),

    ("subject.no_detriment", {}, "pass"),
    ("subject.no_detriment", {"approvals": None}, ("?approvals",)),
    ("subject.no_detriment", {"approvals": ()}, ("undertaking",)),
    ("subject.no_detriment", {"approvals": (approval("undertaking", "dpo"),)}, ("undertaking",)),
    ("subject.no_detriment", {"approvals": (approval("undertaking", "hr", subject=OTTO),)}, ("undertaking",)),
    ("subject.no_detriment", {"approvals": (approval("undertaking", "hr", subject=MAREN),)}, "pass"),
    # Who operates it makes no difference where the policy wants HR's word.
    ("subject.no_detriment", {"approvals": (), "operator": MAREN}, ("undertaking",)),
    ("subject.no_detriment", {"under": "{by: [subject]}", "approvals": None, "operator": MAREN}, "pass"),
    ("subject.no_detriment", {"under": "{by: [subject]}"}, ("undertaking",)),
    ("subject.no_detriment", {"under": "{by: [subject]}", "operator": None}, ("?operator",)),
    ("subject.no_detriment", {"under": "{by: [hr, subject]}"}, "pass"),
    ("subject.no_detriment", {"under": "{by: []}"}, ("undertaking",)),

    ("subject.exit", {}, "pass"),
    ("subject.exit", {"employment": None}, ("?employment",)),
    ("subject.exit", {"last_day": date(2026, 11, 22)}, "pass"),
    ("subject.exit", {"last_day": date(2026, 11, 21)}, ("after_last_day",)),
    # The day is counted in UTC, so 23:30 in Los Angeles is already the next one.
    ("subject.exit", {"last_day": date(2026, 11, 22),
                      "request": {"now": datetime.fromisoformat("2026-11-22T23:30:00-08:00")}}, ("after_last_day",)),

    ("subject.vulnerable_time", {}, "pass"),
    *(
        ("subject.vulnerable_time", {"employment": ("active", state)}, ("state",))
        for state in ("probation", "notice", "redundancy", "improvement_plan", "disciplinary", "grievance",
                      "sick_leave", "parental_leave")
    ),
    ("subject.vulnerable_time", {"employment": ("secondment",)}, "pass"),
    ("subject.vulnerable_time", {"under": "{states: [secondment]}", "employment": ("secondment",)}, ("state",)),
    ("subject.vulnerable_time", {"under": "{states: []}", "employment": ("sick_leave",)}, ("state",)),
    ("subject.vulnerable_time", {"minor": True}, ("minor",)),
    ("subject.vulnerable_time", {"minor": None, "employment": None}, ("?employment", "?minor")),

    ("subject.objection", {}, "pass"),
    ("subject.objection", {"standing": {"objected": True}}, ("objected",)),

    ("subject.delegate", {}, "pass"),
    ("subject.delegate", {"signed": ACTS}, ("mandate",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": MANDATE}}, "pass"),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, witnesses=("dpo-1",))}},
     ("witnesses",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, witnesses=("a", "a"))}},
     ("witnesses",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, witnesses=("a", "p-delegate"))}},
     ("witnesses",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, witnesses=("a", MAREN))}},
     ("witnesses",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, until=NOW)}}, ("over",)),
    ("subject.delegate", {"signed": ACTS, "standing": {"mandate": replace(MANDATE, until=NOW + 90 * DAY)}},
     ("too_long",)),

    ("lifecycle.withdrawal", {}, "pass"),
    ("lifecycle.withdrawal", {"standing": {"state": "suspended"}}, ("suspended",)),
    ("lifecycle.cascade", {"cascades": None}, ("?cascades",)),
    ("lifecycle.cascade", {"cascades": (NOW - 7 * DAY,)}, "pass"),
    ("lifecycle.cascade", {"cascades": (NOW, NOW - 7 * DAY - SECOND)}, ("overdue",)),
    ("lifecycle.raw_retention", {"raw_kept": None}, ("?raw_kept",)),
    ("lifecycle.raw_retention", {"raw_kept": ()}, "pass"),
    ("lifecycle.raw_retention", {"raw_kept": (NOW - SECOND,)}, ("overdue",)),
    ("lifecycle.raw_retention", {"under": "{max: P1D}", "raw_kept": (NOW - DAY,)}, "pass"),
    ("lifecycle.log", {"salts": None}, ("?salts",)),
    ("lifecycle.log", {"salts": (datetime(2023, 11, 22, 10, tzinfo=UTC),)}, "pass"),
    ("lifecycle.log", {"salts": (datetime(2023, 11, 22, 9, tzinfo=UTC),)}, ("overdue",)),
    ("lifecycle.access", {"access": None}, ("?access",)),
    ("lifecycle.access", {"access": (NOW - timedelta(hours=1),)}, "pass"),
    ("lifecycle.access", {"access": (NOW - timedelta(hours=1, seconds=1),)}, ("overdue",)),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "changes", "expected"), CASES)
def test_a_gate_answers(gate: str, changes: dict[str, Any], expected: Any) -> None:
    assert said(asked(gate, **changes)) == expected


def test_no_code_of_a_denial_tells_what_is_nobodys_business() -> None:
    for state in ("sick_leave", "disciplinary", "redundancy"):
        result = asked("subject.vulnerable_time", employment=(state,))
        assert state not in repr(result)


def test_what_looks_at_the_signed_record_denies_where_there_is_none() -> None:
    nobody = ChoiceState(MAREN, "knowledge_transfer")
    results = {r.gate: r for r in decide.decide_run_for(SHIPPED, WORLD.request(), nobody).results}
    for gate in ("run.legal_basis", "run.notice", "subject.scope", "subject.cooling_off", "subject.validity"):
        assert results[gate].details == ("no_signed_choice",)
    assert results["subject.consent_valid"].details == ("unknown",)


def test_of_one_person_in_two_offices_only_one_approval_counts() -> None:
    def of(*pairs: tuple[str, str]) -> int:
        return independent([approval("run", role, holder=holder) for role, holder in pairs])

    assert of() == 0
    assert of(("hr", "a"), ("dpo", "a")) == 1
    assert of(("hr", "a"), ("dpo", "a"), ("dpo", "b")) == 2
    assert of(("hr", "a"), ("hr", "b"), ("dpo", "a"), ("works_council", "a")) == 2
    assert of(("hr", "a"), ("hr", "b"), ("dpo", "a"), ("works_council", "c")) == 3


SAME = [("de", "de", True), ("de", "de-AT", True), ("DE", "de", True), ("zh-CN", "zh-TW", False), ("de", "en", False),
        ("de", "den", False)]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_languages(one: str, other: str, same: bool) -> None:
    assert same_language(one, other) is same
    assert same_language(other, one) is same
