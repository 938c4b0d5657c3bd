"""Output gates: may this skill be released?"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import (
    DENY_FIRST,
    FEWER,
    FIXED,
    LARGER,
    MORE,
    SHORTER,
    SMALLER,
    Length,
    Names,
    Order,
    Params,
    ranked,
    sorted_unique,
)

Kind = Literal["incident_memory", "judgement", "people_network", "pitfalls", "tacit_context", "unique_ways"]
WITHHELD_KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of knowledge that a person may keep."""

Kinds = Annotated[tuple[Kind, ...], BeforeValidator(sorted_unique)]
CAP = Order("a number is stricter than `off`; smaller is stricter", lambda a, b: b == "off" or (a != "off" and a <= b))


class CategoriesParams(Params):
    """What kinds of statement a skill may hold."""

    allow: Annotated[Names, FEWER] = ("checklists", "code_style", "decision_rules", "procedures", "references")
    deny: Annotated[Names, MORE] = ("persona", "personality_traits", "ranks", "scores", "tone_mimicry")


class VerbatimParams(Params):
    """How many consecutive words of a source a claim may hold."""

    max_words: Annotated[int, Field(ge=1, le=10_000), SMALLER] = 12


class SupportParams(Params):
    """How much evidence a claim needs."""

    records: Annotated[int, Field(ge=1, le=1000), LARGER] = 3
    days: Annotated[int, Field(ge=1, le=1000), LARGER] = 2


class SubjectReviewParams(Params):
    """How the subject's word is heard."""

    silence: Annotated[Literal["deny"], FIXED] = "deny"
    signature: Annotated[Literal["verified"], FIXED] = "verified"
    window: Annotated[Length, SHORTER] = Duration.parse("P14D")
    while_contested: Annotated[Literal["deny", "allow"], DENY_FIRST] = "deny"


class WithholdParams(Params):
    """Which kinds of knowledge the subject can keep."""

    kinds: Annotated[Kinds, MORE] = WITHHELD_KINDS


class IdentityParams(Params):
    """How well the skill may tell its author from a peer, in percent: 50 is a coin toss, 100 is always."""

    cap: Annotated[Literal["off"] | Annotated[int, Field(ge=50, le=100)], CAP] = "off"


class ResidualPiiParams(Params):
    """What the second scan of the finished skill may find."""

    max_hits: Annotated[int, Field(ge=0, le=1_000_000), SMALLER] = 0


class ExpiryParams(Params):
    """When a skill ends."""

    no_later_than: Annotated[Literal["consent_end"], FIXED] = "consent_end"


class DisclosureParams(Params):
    """What a skill says about where it comes from."""

    label: Annotated[Literal["required"], FIXED] = "required"
    impersonation: Annotated[Literal["deny"], FIXED] = "deny"


class NoAutomatedDecisionParams(Params):
    """What the skill's terms forbid."""

    terms: Annotated[Literal["required"], FIXED] = "required"


class BenefitParams(Params):
    """Whether what the subject gets for it is on record."""

    terms: Annotated[Literal["logged", "none"], ranked("logged", "none")] = "logged"


GATES: tuple[GateSpec, ...] = (
    GateSpec("output.categories", True, CategoriesParams, "GDPR art. 5(1)(c); AI Act art. 5(1)(c), 5(1)(f)"),
    GateSpec("output.verbatim", False, VerbatimParams, "GDPR art. 5(1)(c)"),
    GateSpec("output.support", False, SupportParams, "GDPR art. 5(1)(d)"),
    GateSpec("output.subject_review", True, SubjectReviewParams, "GDPR art. 16, 18, 22(3)"),
    GateSpec("output.withhold", False, WithholdParams, "GDPR art. 5(1)(c), 21, 25"),
    GateSpec("output.identity", False, IdentityParams, "GDPR art. 5(1)(c), 25"),
    GateSpec("output.residual_pii", True, ResidualPiiParams, "GDPR art. 25, 32"),
    GateSpec("output.disclosure", True, DisclosureParams, "AI Act art. 50(1)"),
    GateSpec("output.no_automated_decision", True, NoAutomatedDecisionParams, "GDPR art. 22; PIPL art. 24"),
    GateSpec("output.expiry", True, ExpiryParams, "GDPR art. 5(1)(e)"),
    GateSpec("output.benefit", False, BenefitParams, "GDPR art. 5(1)(a)"),
)
