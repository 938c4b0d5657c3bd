"""Evaluators of the output gates; those about single claims can also be asked claim by claim."""

from __future__ import annotations

from consent.gates.registry import OUTPUT, OutputContext, register
from consent.ledger import ChoiceState
from consent.request import ClaimFacts
from consent.verdict import PASS, Verdict, deny, unknown, weigh
from policies.gates.output import (
    CategoriesParams,
    ExpiryParams,
    ResidualPiiParams,
    SubjectReviewParams,
    SupportParams,
)

SPOKEN = frozenset({"accepted", "corrected", "struck"})
"""What counts as the subject's word about a claim."""


def category_of(params: CategoriesParams, choice: ChoiceState, claim: ClaimFacts) -> Verdict:
    """Deny a claim whose category policy or consent do not allow, or the subject keeps."""
    if not claim.category:
        return unknown("category")
    if choice.choice is None or choice.record is None:
        return deny("category")
    allowed = set(params.allow) - set(params.deny)
    allowed &= set(choice.choice.categories)
    allowed -= set(choice.record.withhold)
    return PASS if claim.category in allowed else deny("category")


def support_of(params: SupportParams, claim: ClaimFacts) -> Verdict:
    """Deny a claim that rests on too few records or days."""
    missing = [name for name in ("records", "days") if getattr(claim, name) is None]
    details = [
        name
        for name, least in (("records", params.records), ("days", params.days))
        if name not in missing and getattr(claim, name) < least
    ]
    return weigh(details, missing)


def _over_claims(context: OutputContext, verdicts: dict[str, Verdict]) -> Verdict:
    details = [name for name, verdict in verdicts.items() if verdict.answer == "deny"]
    missing = sorted({field for verdict in verdicts.values() for field in verdict.missing})
    return weigh(details, missing)


def _kept(context: OutputContext) -> list[ClaimFacts]:
    return [claim for claim in context.facts.claims or () if claim.review != "struck"]


@register(OUTPUT, "output.categories")
def categories(params: CategoriesParams, context: OutputContext) -> Verdict:
    """Deny a skill that holds a claim of a category that is not allowed."""
    if context.facts.claims is None:
        return unknown("claims")
    return _over_claims(context, {c.id: category_of(params, context.choice, c) for c in _kept(context)})


@register(OUTPUT, "output.support")
def support(params: SupportParams, context: OutputContext) -> Verdict:
    """Deny a skill that holds a claim with too little evidence."""
    if context.facts.claims is None:
        return unknown("claims")
    return _over_claims(context, {c.id: support_of(params, c) for c in _kept(context)})


@register(OUTPUT, "output.subject_review")
def subject_review(params: SubjectReviewParams, context: OutputContext) -> Verdict:
    """Deny a skill that the subject has not judged claim by claim and signed in time; silence is a no."""
    facts = context.facts
    details, missing = [], []
    if facts.claims is None:
        missing.append("claims")
    else:
        details += [claim.id for claim in facts.claims if claim.review not in SPOKEN]
    if facts.reviewed_at is None:
        details.append("silence")
    elif facts.signature_valid is None:
        missing.append("signature_valid")
    elif not facts.signature_valid:
        details.append("signature")
    if facts.drafted_at is None:
        missing.append("drafted_at")
    elif facts.reviewed_at is not None:
        if facts.reviewed_at > params.window.after(facts.drafted_at):
            details.append("too_late")
        if facts.reviewed_at < facts.drafted_at:
            details.append("before_draft")
    return weigh(details, missing)


@register(OUTPUT, "output.residual_pii")
def residual_pii(params: ResidualPiiParams, context: OutputContext) -> Verdict:
    """Deny a skill in which the second scan found personal data."""
    hits = context.facts.residual_hits
    if hits is None:
        return unknown("residual_hits")
    return PASS if 0 <= hits <= params.max_hits else deny("residual_hits")


@register(OUTPUT, "output.expiry")
def expiry(params: ExpiryParams, context: OutputContext) -> Verdict:
    """Deny a skill that outlives the consent, or that has ended already."""
    expires, end = context.facts.expires, context.choice.end
    if expires is None:
        return unknown("expires")
    if end is None:
        return deny("no_signed_choice")
    details = [code for code, wrong in (("outlives", expires > end), ("over", expires <= context.request.now)) if wrong]
    return weigh(details, [])
