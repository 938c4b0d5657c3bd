"""Output gates: may this skill be released?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import FEWER, FIXED, LARGER, MORE, SHORTER, SMALLER, Length, Names, Params


class CategoriesParams(Params):
    """What kinds of statement a skill may hold."""

    allow: Annotated[Names, FEWER] = ("checklists", "code_style", "decision_rules", "procedures", "references")
    deny: Annotated[Names, MORE] = ("persona", "personality_traits", "ranks", "scores", "tone_mimicry")


class SupportParams(Params):
    """How much evidence a claim needs."""

    records: Annotated[int, Field(ge=1, le=1000), LARGER] = 3
    days: Annotated[int, Field(ge=1, le=1000), LARGER] = 2


class SubjectReviewParams(Params):
    """How the subject's word is heard."""

    silence: Annotated[Literal["deny"], FIXED] = "deny"
    signature: Annotated[Literal["verified"], FIXED] = "verified"
    window: Annotated[Length, SHORTER] = Duration.parse("P14D")


class ResidualPiiParams(Params):
    """What the second scan of the finished skill may find."""

    max_hits: Annotated[int, Field(ge=0, le=1_000_000), SMALLER] = 0


class ExpiryParams(Params):
    """When a skill ends."""

    no_later_than: Annotated[Literal["consent_end"], FIXED] = "consent_end"


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        id="output.categories",
        floor=True,
        params=CategoriesParams,
        worker="The skill holds only the kinds of knowledge that you ticked, and never a picture of your personality, "
        "your tone, a score or a rank.",
        hr="A claim outside policy and consent, or in a category that the worker keeps, is left out; persona, traits, "
        "tone, scores and ranks are left out whatever the policy says.",
        source="GDPR art. 5(1)(c); AI Act art. 5(1)(c), 5(1)(f)",
    ),
    GateSpec(
        id="output.support",
        floor=False,
        params=SupportParams,
        worker="A statement needs several of your messages from different days behind it; one bad day is not a habit.",
        hr="A claim that rests on too few records, or on too few days, is left out.",
        source="GDPR art. 5(1)(d)",
    ),
    GateSpec(
        id="output.subject_review",
        floor=True,
        params=SubjectReviewParams,
        worker="You see every statement first, strike or correct it, and sign what is left; if you say "
        "nothing, nothing is released.",
        hr="A skill is released only after the subject has judged every claim and signed the final content in time; "
        "silence is a no.",
        source="GDPR art. 16, 22(3)",
    ),
    GateSpec(
        id="output.residual_pii",
        floor=True,
        params=ResidualPiiParams,
        worker="The finished skill is searched again for personal details, and is not released if any is left.",
        hr="A second scan of the finished skill must find no personal data.",
        source="GDPR art. 25, 32",
    ),
    GateSpec(
        id="output.expiry",
        floor=True,
        params=ExpiryParams,
        worker="The skill stops being valid when your yes ends, at the latest.",
        hr="A skill expires no later than the consent that it rests on.",
        source="GDPR art. 5(1)(e)",
    ),
)
