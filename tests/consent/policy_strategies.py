"""Hypothesis strategies for policies, pairs of policies of which one is stricter, and frames of facts."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from policies.catalogue import GATES
from policies.loader import floor
from policies.model import Policy, digest, document
from policies.parameters import (
    FEWER,
    FIXED,
    LARGER,
    MORE,
    REQUIRED,
    SMALLER,
    Params,
)

OFFICE = {day: [{"from": "08:00", "to": "18:00"}] for day in ("mon", "tue", "wed", "thu", "fri")}
MORNINGS = {day: [{"from": "09:00", "to": "12:00"}] for day in ("mon", "tue", "wed")}
SPLIT = {"mon": [{"from": "07:00", "to": "10:00"}, {"from": "15:00", "to": "20:00"}], "sat": OFFICE["mon"]}


def subsets(*names: str) -> st.SearchStrategy[list[str]]:
    return st.sets(st.sampled_from(names)).map(sorted)


def supersets(base: tuple[str, ...], *more: str) -> st.SearchStrategy[list[str]]:
    return subsets(*more).map(lambda extra: sorted({*base, *extra}))


def lengths(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


FLOOR = floor()


def _of(gate: str, name: str) -> tuple[str, ...]:
    return tuple(FLOOR.gates[gate].values()[name])


VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "run.legal_basis": {
        "bases": subsets(*_of("run.legal_basis", "bases")),
        "consent_role": subsets("safeguard", "legal_basis"),
    },
    "run.purpose": {
        "allow": subsets(*_of("run.purpose", "allow")),
        "deny": supersets(_of("run.purpose", "deny"), "onboarding"),
    },
    "run.impact_assessment": {
        "required": st.booleans(),
        "documents": st.one_of(st.just("any"), subsets("c" * 64, "d" * 64)),
        "max_age": lengths("P1M", "P30D", "P12M"),
    },
    "run.collective_agreement": {
        "required_if_body_exists": st.booleans(),
        "documents": st.one_of(st.just("any"), subsets("c" * 64, "d" * 64)),
    },
    "run.notice": {
        "lead": lengths("P0D", "P14D", "P30D", "P1M"),
        "acknowledged": st.booleans(),
        "language": st.sampled_from(["subject", "any"]),
    },
    "run.local_model": {
        "kinds": subsets(*_of("run.local_model", "kinds")),
        "addresses": st.one_of(st.just("any_private"), subsets("10.0.0.1", "192.168.0.9")),
        "models": st.one_of(st.just("any_named_in_consent"), subsets("a" * 64, "b" * 64)),
    },
    "run.no_covert": {},
    "run.dual_control": {
        "approvals": st.integers(0, 3),
        "roles": subsets("dpo", "hr", "works_council"),
        "max_age": lengths("P1D", "P30D", "P1M", "P3M"),
    },
    "run.jurisdiction": {"packs": subsets("cn", "eu", "us")},
    "subject.consent_valid": {
        "states": subsets("given", "renewed"),
        "enrolment": st.sampled_from(["witnessed", "self_signed"]),
    },
    "subject.fresh": {"max_age": lengths("PT0S", "PT1M", "PT15M")},
    "subject.scope": {},
    "subject.cooling_off": {
        "notice_to_signature": lengths("P0D", "P3D", "P30D", "P1M"),
        "signature_to_run": lengths("P0D", "P7D", "P30D"),
    },
    "subject.no_detriment": {"by": subsets("hr", "subject"), "min_group": st.integers(10, 12)},
    "subject.validity": {
        "max": lengths("P1M", "P30D", "P6M", "P12M"),
        "rest_after_refusal": lengths("P0D", "P1M", "P30D", "P6M"),
    },
    "subject.exit": {"use_ends_after": lengths("P0D", "P1M", "P30D", "P12M")},
    "subject.vulnerable_time": {"states": subsets("mandate_holder", "secondment")},
    "subject.objection": {},
    "subject.delegate": {"witnesses": st.integers(0, 3), "max": lengths("P1M", "P30D", "P3M")},
    "record.source": {
        "allow": subsets(*_of("record.source", "allow")),
        "deny": supersets(_of("record.source", "deny"), "vcs.commit"),
    },
    "record.private_conversation": {"kinds": subsets("list", "repo"), "words": subsets("fuchs", "payments")},
    "record.working_time": {"week": st.sampled_from([OFFICE, MORNINGS, SPLIT, {}])},
    "record.lookback": {
        "max": lengths("P1M", "P30D", "P6M", "P12M"),
        "before_notice": st.sampled_from(["deny", "allow"]),
    },
    "record.third_party": {"min_own_chars": st.sampled_from([1, 50, 200])},
    "record.special_category": {},
    "record.emotion": {},
    "record.participant_veto": {},
    "record.label": {"deny": subsets("customer_secret", "hr_case", "privileged", "whistleblowing")},
    "record.external_party": {"customers": st.sampled_from(["redact", "drop_record"])},
    "record.volume": {"max": st.integers(1, 6)},
    "segment.pii": {
        "engines": st.one_of(st.just("any_recorded"), subsets("a" * 64, "b" * 64)),
        "profile": st.sampled_from(["strict", "max"]),
        "models": st.one_of(st.just("any_installed"), st.just({"en": "en_core_web_sm"})),
        "dates": st.sampled_from(["keep", "relative"]),
    },
    "segment.secret": {},
    "output.categories": {
        "allow": subsets(*_of("output.categories", "allow")),
        "deny": supersets(_of("output.categories", "deny"), "checklists"),
    },
    "output.verbatim": {"max_words": st.sampled_from([1, 12, 40])},
    "output.support": {"records": st.integers(1, 4), "days": st.integers(1, 3)},
    "output.subject_review": {
        "window": lengths("P1D", "P14D", "P1M", "P30D", "P90D"),
        "while_contested": st.sampled_from(["deny", "allow"]),
    },
    "output.withhold": {
        "kinds": subsets("incident_memory", "judgement", "people_network", "pitfalls", "tacit_context", "unique_ways")
    },
    "output.identity": {"cap": st.sampled_from(["off", 50, 65, 100])},
    "output.residual_pii": {},
    "output.disclosure": {},
    "output.no_automated_decision": {},
    "output.expiry": {},
    "output.benefit": {"terms": st.sampled_from(["logged", "none"])},
    "lifecycle.withdrawal": {"erase_within": lengths("P0D", "P1D", "P7D")},
    "lifecycle.cascade": {"within": lengths("P0D", "P1D", "P7D")},
    "lifecycle.raw_retention": {"max": lengths("P0D", "P1D", "P30D", "P1M")},
    "lifecycle.log": {"keep_min": lengths("P6M", "P12M"), "keep_max": lengths("P1Y", "P3Y")},
    "lifecycle.access": {"within": lengths("PT0S", "PT1H", "P1D")},
}
"""Values that the floor allows, gate by gate."""


@st.composite
def params(draw: st.DrawFn, gate: str) -> Params:
    """Draw parameters of one gate, no looser than the floor; most values are the loosest, or nothing would pass."""
    base = FLOOR.gates.get(gate)
    loose = {} if base is None else {name: plain(value) for name, value in base.values().items()}
    chosen = {name: draw(v) for name, v in VALUES[gate].items() if name not in loose or draw(st.integers(0, 3)) == 0}
    return GATES[gate].params.model_validate(loose | chosen)


def policy_of(gates: dict[str, Params]) -> Policy:
    """Return the policy with these gates over the floor."""
    applied = {**FLOOR.gates, **gates}
    ordered = {gate: applied[gate] for gate in GATES if gate in applied}
    return Policy("p", 1, "t", MappingProxyType(ordered), (), digest(document("p", 1, "t", ordered)), "test")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy; gates outside the floor may be missing."""
    named = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=12)) | draw(st.sampled_from(LAYERS))
    return policy_of({gate: draw(params(gate)) for gate in VALUES if gate in named})


LAYERS: tuple[frozenset[str], ...] = (
    frozenset(),
    *(
        frozenset(gate for gate in VALUES if gate.startswith(f"{scope}."))
        for scope in ("run", "subject", "record", "output")
    ),
)
"""All gates of one scope: what a policy has on top of a few gates of any."""


def meet(gate: str, a: Params, b: Params) -> Params:
    """Return parameters of `gate` that are no looser than `a`, tightened towards `b` where the two can be compared."""
    first, second, chosen = a.values(), b.values(), {}
    for name, order in a.orders().items():
        one, two = first[name], second[name]
        if order is FEWER:
            chosen[name] = tuple(sorted(set(one) & set(two)))
        elif order is MORE:
            chosen[name] = tuple(sorted(set(one) | set(two)))
        elif order is SMALLER:
            chosen[name] = min(one, two)
        elif order is LARGER or order is REQUIRED:
            chosen[name] = max(one, two)
        elif order is FIXED:
            chosen[name] = one
        else:
            chosen[name] = two if order.within(two, one) else one
    return GATES[gate].params.model_validate({name: plain(value) for name, value in chosen.items()})


def plain(value: Any) -> Any:
    """Return a parsed parameter as a policy file would write it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    return list(value) if isinstance(value, tuple) else str(value) if hasattr(value, "months") else value


@st.composite
def stricter_pairs(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw (A, B) such that A is no looser than B."""
    b = draw(policies())
    other = draw(policies())
    gates = dict(b.gates)
    for gate, theirs in other.gates.items():
        gates[gate] = meet(gate, gates[gate], theirs) if gate in gates else theirs
    return policy_of(gates), b


FACTS: dict[str, st.SearchStrategy[Any]] = {
    "source": st.sampled_from(["mail.work", "vcs.commit", "mail.personal", "document.file", None]),
    "container_kind": st.sampled_from(["mailbox", "repo", "list", "dm", None]),
    "places": st.sampled_from([(), ("inbox",), ("payments",), ("legal",), None]),
    "author": st.sampled_from(["subject", "subject", "subject", "other", None]),
    "own_chars": st.sampled_from([0, 1, 50, 500, None]),
    "sent_at": st.sampled_from(["2026-11-20T09:00:00Z", "2026-07-01T09:00:00Z", "2025-12-24T09:00:00Z", None]),
    "local_minute": st.sampled_from([0, 480, 600, 1000, 1100, None]),
    "local_weekday": st.sampled_from([0, 1, 5, 6, None]),
    "local_date": st.sampled_from(["2026-11-20", "2026-07-01", "2025-12-24", None]),
    "absence": st.sampled_from([False, False, False, True, None]),
    "special_category": st.sampled_from([(), (), (), ("health",), None]),
    "markings": st.sampled_from([(), (), (), ("privileged",), ("hr_case", "draft"), None]),
    "external": st.sampled_from([False, True, None]),
    "minor": st.sampled_from([False, False, True, None]),
    "emotion_chars": st.sampled_from([0, 0, 1, 119, 120, None]),
    "vetoed": st.sampled_from([False, False, True, None]),
}


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the changes that make rows of facts: mostly good ones, with some faults, gaps and copies."""
    drawn: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 14))):
        row = {name: draw(values) for name, values in FACTS.items() if draw(st.integers(0, 15)) == 0}
        kept = [i for i, earlier in enumerate(drawn) if "duplicate_of" not in earlier]
        if kept and draw(st.integers(0, 4)) == 0:
            row["duplicate_of"] = draw(st.sampled_from(kept))
        assert number == len(drawn)
        drawn.append(row)
    return drawn


@st.composite
def gaps(draw: st.DrawFn, size: int) -> list[tuple[int, str]]:
    """Draw cells to remove from a frame of `size` rows."""
    cell = st.tuples(st.integers(0, size - 1), st.sampled_from([*FACTS, "duplicate_of"]))
    return draw(st.lists(cell, min_size=1, max_size=6))
