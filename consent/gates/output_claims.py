"""Evaluators of the output gates that can be asked claim by claim, and of the whole skill claim by claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from consent.gates.registry import CLAIM, OUTPUT, ClaimGate, OutputContext, register
from consent.ledger import ChoiceState
from consent.request import ClaimFacts
from consent.verdict import PASS, Verdict, deny, unknown, weigh

if TYPE_CHECKING:
    from policies.gates.output import CategoriesParams, SupportParams, VerbatimParams, WithholdParams


def claim_gate(gate: str) -> Callable[[ClaimGate], ClaimGate]:
    """Return a decorator that makes a function the evaluator of `gate`, for one claim and for a skill's claims."""

    def add(function: ClaimGate) -> ClaimGate:
        register(CLAIM, gate)(function)

        def of_skill(params: Any, context: OutputContext) -> Verdict:
            if context.facts.claims is None:
                return unknown("claims")
            # What the subject struck is not in the skill.
            kept = [claim for claim in context.facts.claims if claim.review != "struck"]
            verdicts = {claim.id: function(params, context.choice, claim) for claim in kept}
            details = [name for name, verdict in verdicts.items() if verdict.answer == "deny"]
            return weigh(details, sorted({field for verdict in verdicts.values() for field in verdict.missing}))

        register(OUTPUT, gate)(of_skill)
        return function

    return add


@claim_gate("output.categories")
def categories(params: CategoriesParams, choice: ChoiceState, claim: ClaimFacts) -> Verdict:
    """Deny a claim whose category policy or consent do not allow, or the subject keeps."""
    if not claim.category:
        return unknown("category")
    if choice.choice is None or choice.record is None:
        return deny("category")
    allowed = set(params.allow) - set(params.deny)
    allowed &= set(choice.choice.categories)
    allowed -= set(choice.record.withhold)
    return PASS if claim.category in allowed else deny("category")


@claim_gate("output.verbatim")
def verbatim(params: VerbatimParams, choice: ChoiceState, claim: ClaimFacts) -> Verdict:
    """Deny a claim that repeats too many words of a source in a row."""
    if claim.verbatim_words is None:
        return unknown("verbatim_words")
    return PASS if 0 <= claim.verbatim_words <= params.max_words else deny("verbatim_words")


@claim_gate("output.support")
def support(params: SupportParams, choice: ChoiceState, claim: ClaimFacts) -> Verdict:
    """Deny a claim that rests on too few records or days."""
    missing = [name for name in ("records", "days") if getattr(claim, name) is None]
    details = [
        name
        for name, least in (("records", params.records), ("days", params.days))
        if name not in missing and getattr(claim, name) < least
    ]
    return weigh(details, missing)


@claim_gate("output.withhold")
def withhold(params: WithholdParams, choice: ChoiceState, claim: ClaimFacts) -> Verdict:
    """Deny a claim of a kind of knowledge that the subject keeps."""
    if choice.record is None:
        return deny("keeps")
    kept = set(choice.record.withhold) & set(params.kinds)
    if not kept:
        return PASS
    if claim.keeps is None:
        return unknown("keeps")
    return deny("keeps") if kept & set(claim.keeps) else PASS
