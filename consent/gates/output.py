"""Evaluators of the output gates: may this skill be released?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent.gates import papers
from consent.gates.registry import OUTPUT, OutputContext, register
from consent.gates.run import UNSIGNED
from consent.verdict import PASS, Verdict, deny, unknown, weigh

if TYPE_CHECKING:
    from policies.gates.output import (
        BenefitParams,
        DisclosureParams,
        ExpiryParams,
        IdentityParams,
        NoAutomatedDecisionParams,
        ResidualPiiParams,
        SubjectReviewParams,
    )

SPOKEN = frozenset({"accepted", "corrected", "struck"})
"""What counts as the subject's word about a claim."""


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
    if params.while_contested == "deny":
        if facts.contested is None:
            missing.append("contested")
        elif facts.contested:
            details.append("contested")
    return weigh(details, missing)


@register(OUTPUT, "output.identity")
def identity(params: IdentityParams, context: OutputContext) -> Verdict:
    """Deny a skill that tells its author from a peer better than the cap allows."""
    if params.cap == "off":
        return PASS
    found = context.facts.identity
    if found is None:
        return unknown("identity")
    # Written so that what is no number is over the cap.
    return PASS if found <= params.cap / 100 else deny("identity")


@register(OUTPUT, "output.residual_pii")
def residual_pii(params: ResidualPiiParams, context: OutputContext) -> Verdict:
    """Deny a skill in which the second scan found personal data."""
    hits = context.facts.residual_hits
    if hits is None:
        return unknown("residual_hits")
    return PASS if 0 <= hits <= params.max_hits else deny("residual_hits")


@register(OUTPUT, "output.disclosure")
def disclosure(params: DisclosureParams, context: OutputContext) -> Verdict:
    """Deny a skill that does not say what it is derived from, or that speaks as the person."""
    facts = context.facts
    missing = [name for name in ("disclosed", "impersonates") if getattr(facts, name) is None]
    details = []
    if facts.disclosed is False:
        details.append("label")
    if facts.impersonates:
        details.append("impersonation")
    return weigh(details, missing)


@register(OUTPUT, "output.no_automated_decision")
def no_automated_decision(params: NoAutomatedDecisionParams, context: OutputContext) -> Verdict:
    """Deny a skill whose terms do not forbid decisions about the subject's employment."""
    if context.facts.terms is None:
        return unknown("terms")
    return PASS if context.facts.terms else deny("terms")


@register(OUTPUT, "output.expiry")
def expiry(params: ExpiryParams, context: OutputContext) -> Verdict:
    """Deny a skill that outlives the consent, or that has ended already."""
    expires, end = context.facts.expires, context.choice.end
    if expires is None:
        return unknown("expires")
    if end is None:
        return deny(UNSIGNED)
    details = [code for code, wrong in (("outlives", expires > end), ("over", expires <= context.request.now)) if wrong]
    return weigh(details, [])


@register(OUTPUT, "output.benefit")
def benefit(params: BenefitParams, context: OutputContext) -> Verdict:
    """Deny a skill whose compensation terms are not the ones that were signed, or that nobody has on record."""
    if params.terms == "none":
        return PASS
    record, carried = context.choice.record, context.facts.compensation_ref
    if record is None:
        return deny(UNSIGNED)
    signed, details, missing = papers.found(context.request, "benefit"), [], []
    if record.compensation_ref is None:
        details.append("no_reference")
    if carried is None:
        missing.append("compensation_ref")
    elif carried != (record.compensation_ref or ""):
        details.append("reference")
    if signed is None:
        missing.append("approvals")
    elif not any(record.compensation_ref and approval.ref == record.compensation_ref for approval in signed):
        details.append("not_logged")
    return weigh(details, missing)
