"""Evaluators of the run gates that look at papers and places: assessment, agreement, approvals, jurisdictions."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from consent.approvals import Approval
from consent.gates import papers
from consent.gates.registry import RUN, RunContext, register
from consent.verdict import PASS, Verdict, deny, unknown, weigh
from policies import packs

if TYPE_CHECKING:
    from policies.gates.run import (
        CollectiveAgreementParams,
        DualControlParams,
        ImpactAssessmentParams,
        JurisdictionParams,
    )


@register(RUN, "run.impact_assessment")
def impact_assessment(params: ImpactAssessmentParams, context: RunContext) -> Verdict:
    """Deny a run without a recent impact assessment that the data protection officer signed."""
    if not params.required:
        return PASS
    request = context.request
    signed = papers.found(request, "impact_assessment", "dpo")
    if signed is None:
        return unknown("approvals")
    faults = []
    for approval in signed:
        if not papers.stands_for(approval, params.documents):
            faults.append("document")
        elif approval.dated is None:
            faults.append("undated")
        elif not papers.no_older(approval.dated, params.max_age, request.now):
            faults.append("too_old" if approval.dated <= request.now else "dated_in_future")
        else:
            return PASS
    return deny(*(set(faults) or {"not_signed"}))


@register(RUN, "run.collective_agreement")
def collective_agreement(params: CollectiveAgreementParams, context: RunContext) -> Verdict:
    """Deny a run without an agreement where there is a works council; an agreement is never a legal basis."""
    if not params.required_if_body_exists:
        return PASS
    body = context.request.circumstances.works_council
    if body is None:
        return unknown("works_council")
    if not body:
        return PASS
    signed = papers.found(context.request, "collective_agreement", "works_council")
    if signed is None:
        return unknown("approvals")
    if any(papers.stands_for(approval, params.documents) for approval in signed):
        return PASS
    return deny("document" if signed else "not_signed")


@register(RUN, "run.dual_control")
def dual_control(params: DualControlParams, context: RunContext) -> Verdict:
    """Deny a run that too few offices approved, or that is operated by its subject or the subject's manager."""
    request = context.request
    operator, manager = request.circumstances.operator, request.circumstances.manager
    details = []
    # A manager of "" means that there is none; an operator of "" means nobody in particular.
    facts = (("subject", request.subject or None), ("operator", operator or None), ("manager", manager))
    missing = [name for name, value in facts if value is None]
    if operator and operator == request.subject:
        details.append("operator_is_subject")
    if operator and manager and operator == manager:
        details.append("operator_is_manager")
    signed = papers.found(request, "run")
    if signed is None:
        if params.approvals:
            missing.append("approvals")
    else:
        counted = [
            approval
            for approval in signed
            # An approval of runs in general would be an approval of every policy to come.
            if approval.policy == context.policy.sha256
            and approval.role in params.roles
            and approval.holder not in (operator, request.subject)
            and papers.no_older(approval.at, params.max_age, request.now)
        ]
        if independent(counted) < params.approvals:
            details.append("approvals")
    return weigh(details, missing)


def independent(approvals: list[Approval]) -> int:
    """Return how many approvals there are of which no two come from one person or one office."""
    roles = sorted({approval.role for approval in approvals})
    holders = sorted({approval.holder for approval in approvals})
    pairs: set[tuple[str, str]] = {(approval.role, approval.holder) for approval in approvals}
    # Nobody needs more than the few that a policy can ask for; the search stays small.
    for size in range(min(len(roles), len(holders)), 0, -1):
        for offices in permutations(roles, size):
            if _each_has_its_own(offices, pairs, frozenset()):
                return size
    return 0


def _each_has_its_own(offices: tuple[str, ...], pairs: set[tuple[str, str]], used: frozenset[str]) -> bool:
    if not offices:
        return True
    free = sorted(holder for role, holder in pairs if role == offices[0] and holder not in used)
    return any(_each_has_its_own(offices[1:], pairs, used | {holder}) for holder in free)


@register(RUN, "run.jurisdiction")
def jurisdiction(params: JurisdictionParams, context: RunContext) -> Verdict:
    """Deny a run in a country whose rules are not known, and under a policy that is looser than the rules of any."""
    countries = context.request.circumstances.jurisdictions
    if not countries:
        return unknown("jurisdictions")
    details: set[str] = set()
    for country in countries:
        pack = packs.pack_of(country)
        if pack is None or pack.id not in params.packs:
            details.add(country.lower() if len(country) == 2 and country.isascii() and country.isalpha() else "country")
        else:
            details.update(packs.looser(context.policy, pack))
    return deny(*details) if details else PASS
