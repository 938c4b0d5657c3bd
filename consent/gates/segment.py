"""Evaluators of the segment gates: they let pass only on the condition that the text was changed."""

from __future__ import annotations

from typing import get_args

from consent.gates.registry import SEGMENT, register
from consent.request import SegmentFacts
from consent.verdict import TRANSFORM, Verdict, deny, unknown, weigh
from policies.gates.segment import DATES, PROFILE, Dates, PiiParams, Profile, SecretParams


@register(SEGMENT, "segment.pii")
def pii(params: PiiParams, facts: SegmentFacts) -> Verdict:
    """Let pass what a known engine has redacted as thoroughly as is asked for and a second scan found clean."""
    details, missing = [], []
    if facts.profile is None:
        missing.append("profile")
    elif facts.profile not in get_args(Profile) or not PROFILE.within(facts.profile, params.profile):
        details.append("profile")
    if facts.dates is None:
        missing.append("dates")
    elif facts.dates not in get_args(Dates) or not DATES.within(facts.dates, params.dates):
        details.append("dates")
    if not facts.engine_sha256:
        missing.append("engine_sha256")
    elif params.engines != "any_recorded" and facts.engine_sha256 not in params.engines:
        details.append("engine_sha256")
    if facts.residual_hits is None:
        missing.append("residual_hits")
    elif facts.residual_hits > params.residual_hits:
        details.append("residual_hits")
    found = weigh(details, missing)
    return TRANSFORM if found.answer == "pass" else found


@register(SEGMENT, "segment.secret")
def secret(params: SecretParams, facts: SegmentFacts) -> Verdict:
    """Let pass what credentials were taken out of."""
    if facts.secrets_removed is None:
        return unknown("secrets_removed")
    return TRANSFORM if facts.secrets_removed else deny("secrets_removed")
