"""Strategies for the parameters of every gate: values that a file may hold, also such as the floor forbids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from policies.catalogue import GATES
from policies.parameters import FIXED, Params

Values = st.SearchStrategy[Any]

OFFICE = [{"from": "08:00", "to": "18:00"}]
WEEKS = [
    {},
    {"mon": OFFICE},
    {"mon": OFFICE, "fri": OFFICE},
    {"mon": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]},
    {"mon": [{"from": "05:00", "to": "12:00"}], "sun": OFFICE},
    {"sat": [{"from": "06:00", "to": "24:00"}]},
]

DURATIONS: Values = st.sampled_from(
    [
        *("P0D", "PT1H", "PT15M", "PT16M", "P1D", "P7D", "P8D", "P14D", "P28D", "P30D", "P1M", "P31D", "P90D", "P3M"),
        *("P5M", "P6M", "P12M", "P365D", "P366D", "P13M", "P3Y", "P37M", "P60Y"),
    ]
)


def lists(*names: str) -> Values:
    return st.sets(st.sampled_from(names)).map(sorted)


def either(word: str, *names: str) -> Values:
    return st.one_of(st.just(word), lists(*names))


def ints(low: int, high: int, *near: int) -> Values:
    return st.one_of(st.integers(low, high), st.sampled_from(sorted({low, high, *near})))


def words(*names: str) -> Values:
    return st.sampled_from(names)


BOOLS: Values = st.booleans()
DIGESTS = ("a" * 64, "b" * 64, "0" * 64)
PURPOSES = ("knowledge_transfer", "onboarding", "self_assist", "evaluation", "surveillance", "hiring", "coaching")
SOURCES = ("mail.work", "vcs.commit", "chat.public_channel", "document.file", "mail.personal", "chat.direct")
CATEGORIES = ("procedures", "checklists", "code_style", "persona", "scores", "ranks", "jokes")

VALUES: dict[str, dict[str, Values]] = {
    "run.legal_basis": {
        "bases": lists("eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f", "cn-pipl:A13-1-1", "us:none", "eu-gdpr:A9-2-a"),
        "consent_role": lists("safeguard", "legal_basis"),
    },
    "run.purpose": {"allow": lists(*PURPOSES), "deny": lists(*PURPOSES, "discipline", "termination", "replacement")},
    "run.impact_assessment": {"required": BOOLS, "documents": either("any", *DIGESTS), "max_age": DURATIONS},
    "run.collective_agreement": {"required_if_body_exists": BOOLS, "documents": either("any", *DIGESTS)},
    "run.notice": {"lead": DURATIONS, "acknowledged": BOOLS, "language": words("subject", "any")},
    "run.local_model": {
        "kinds": lists("in_process", "loopback", "remote", "cloud"),
        "addresses": either("any_private", "10.0.0.1", "192.168.0.9"),
        "models": either("any_named_in_consent", *DIGESTS),
    },
    "run.dual_control": {
        "approvals": ints(0, 3),
        "roles": lists("hr", "dpo", "works_council"),
        "max_age": DURATIONS,
    },
    "run.jurisdiction": {"packs": lists("cn", "eu", "us", "elsewhere")},
    "subject.consent_valid": {"states": lists("given", "renewed"), "enrolment": words("witnessed", "self_signed")},
    "subject.fresh": {"max_age": DURATIONS},
    "subject.scope": {"same_policy": BOOLS, "same_model": BOOLS},
    "subject.cooling_off": {"notice_to_signature": DURATIONS, "signature_to_run": DURATIONS},
    "subject.no_detriment": {"by": lists("hr", "subject"), "min_group": ints(1, 100, 9, 10, 11)},
    "subject.validity": {"max": DURATIONS, "rest_after_refusal": DURATIONS},
    "subject.exit": {"use_ends_after": DURATIONS},
    "subject.vulnerable_time": {"states": lists("probation", "sick_leave", "mandate_holder", "transfer")},
    "subject.delegate": {"witnesses": ints(0, 10), "max": DURATIONS},
    "record.source": {"allow": lists(*SOURCES), "deny": lists(*SOURCES)},
    "record.private_conversation": {"kinds": lists("dm", "list", "repo"), "words": lists("fuchs", "payments")},
    "record.working_time": {"week": st.sampled_from(WEEKS)},
    "record.lookback": {"max": DURATIONS, "before_notice": words("deny", "allow")},
    "record.third_party": {"min_own_chars": ints(1, 1000)},
    "record.label": {"deny": lists("privileged", "whistleblowing", "hr_case", "customer_secret", "draft")},
    "record.external_party": {"customers": words("redact", "drop_record")},
    "record.volume": {"max": ints(0, 10_000)},
    "segment.pii": {
        "residual_hits": st.just(0),
        "engines": either("any_recorded", *DIGESTS),
        "profile": words("max", "strict", "fast"),
        "models": st.one_of(
            st.just("any_installed"),
            st.dictionaries(words("en", "de", "zh"), words("en_x", "de_y", "second"), min_size=1),
        ),
        "dates": words("relative", "keep"),
    },
    "output.categories": {
        "allow": lists(*CATEGORIES),
        "deny": lists(*CATEGORIES, "personality_traits", "tone_mimicry"),
    },
    "output.verbatim": {"max_words": ints(1, 10_000, 12, 40)},
    "output.support": {"records": ints(1, 9), "days": ints(1, 9)},
    "output.subject_review": {"window": DURATIONS, "while_contested": words("deny", "allow")},
    "output.withhold": {"kinds": lists("pitfalls", "judgement", "people_network", "unique_ways")},
    "output.identity": {"cap": st.one_of(st.just("off"), ints(50, 100))},
    "output.residual_pii": {"max_hits": ints(0, 3)},
    "output.benefit": {"terms": words("logged", "none")},
    "lifecycle.withdrawal": {"erase_within": DURATIONS},
    "lifecycle.cascade": {"within": DURATIONS},
    "lifecycle.raw_retention": {"max": DURATIONS},
    "lifecycle.log": {"keep_min": DURATIONS, "keep_max": DURATIONS},
    "lifecycle.access": {"within": DURATIONS},
}
"""Every parameter of every gate that is not fixed."""


def free(gate: str) -> list[str]:
    """Return the parameters of a gate that a policy can choose."""
    return [name for name, order in GATES[gate].params.orders().items() if order is not FIXED]


@st.composite
def settings_of(draw: st.DrawFn, gate: str) -> dict[str, Any]:
    """Draw what a file may say of one gate; a parameter may be left to its default."""
    chosen = VALUES.get(gate, {})
    return {name: draw(values) for name, values in chosen.items() if draw(st.integers(0, 4))}


def params_of(gate: str) -> st.SearchStrategy[Params]:
    """Draw parameters of one gate."""
    return settings_of(gate).map(GATES[gate].params.model_validate)


@st.composite
def gates_of(draw: st.DrawFn, names: Sequence[str] = tuple(GATES)) -> dict[str, Params]:
    """Draw the gates of a policy, as they are after loading; any may be missing."""
    return {gate: draw(params_of(gate)) for gate in names if draw(st.booleans())}
