"""Evaluators of the subject gates."""

from __future__ import annotations

from typing import Any

from consent.fact_frame import FactFrame
from consent.gates.registry import OUTPUT, RECORD, RUN, OutputContext, RecordContext, Rows, RunContext, register
from consent.ledger import ChoiceState
from consent.verdict import PASS, Verdict, deny, unknown, weigh
from policies.gates.subject import ConsentValidParams, ScopeParams, ValidityParams


def _in_force(params: ConsentValidParams, choice: ChoiceState, context: Any) -> bool:
    # Asked anew at every stage: a consent may have been withdrawn, or have run out, since the run began.
    current = choice.seen_at(context.request.now)
    same = choice.pid == context.request.subject and choice.purpose == context.request.purpose
    return same and current.live and current.key is not None and current.state in params.states


@register(RUN, "subject.consent_valid")
def consent_valid(params: ConsentValidParams, context: RunContext) -> Verdict:
    """Deny unless the subject's consent to this purpose is in force."""
    if not context.request.subject:
        return unknown("subject")
    if _in_force(params, context.choice, context):
        return PASS
    return deny(context.choice.seen_at(context.request.now).state)


@register(RECORD, "subject.consent_valid")
def consent_valid_rows(params: ConsentValidParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny every row unless the consent is still in force."""
    return Rows(frame.all_rows(not _in_force(params, context.choice, context)), {})


@register(OUTPUT, "subject.consent_valid")
def consent_valid_output(params: ConsentValidParams, context: OutputContext) -> Verdict:
    """Deny the release unless the consent is still in force."""
    if _in_force(params, context.choice, context):
        return PASS
    return deny(context.choice.seen_at(context.request.now).state)


@register(RUN, "subject.scope")
def scope(params: ScopeParams, context: RunContext) -> Verdict:
    """Deny a run that reaches beyond the signed choices."""
    request, choice, record = context.request, context.choice.choice, context.choice.record
    if choice is None or record is None:
        return deny("no_signed_choice")
    details, missing = [], []
    for name, wanted, signed in (
        ("sources", request.sources, choice.sources),
        ("recipients", request.recipients, choice.recipients),
    ):
        if wanted is None:
            missing.append(name)
        elif not set(wanted) <= set(signed):
            details.append(name)
    if request.sources == ():
        missing.append("sources")
    if request.purpose != choice.purpose:
        details.append("purpose")
    # The digest of the policy that decides, and not only the one that the request names.
    if request.policy is None:
        missing.append("policy")
    elif request.policy != context.policy.sha256:
        details.append("policy")
    if params.same_policy and record.policy.sha256 != context.policy.sha256:
        details.append("policy")
    if params.same_model:
        if not request.model_sha256:
            missing.append("model_sha256")
        elif request.model_sha256 != record.processing.model_sha256:
            details.append("model_sha256")
    return weigh(sorted(set(details)), missing)


@register(RECORD, "subject.scope")
def scope_rows(params: ScopeParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny rows whose source or day the signed choice does not cover."""
    choice, record = context.choice.choice, context.choice.record
    if choice is None or record is None or (params.same_policy and record.policy.sha256 != context.policy.sha256):
        return Rows(frame.all_rows(True), {})
    covered = frame.is_in("source", choice.sources)
    days = frame.days("local_date")
    inside = (days >= frame.day(choice.from_)) & (days <= frame.day(choice.until))
    known_source, known_day = frame.known("source"), frame.known("local_date")
    deny_rows = (known_source & ~covered) | (known_day & ~inside)
    return Rows(deny_rows, {"source": ~known_source, "local_date": ~known_day})


@register(RUN, "subject.validity")
def validity(params: ValidityParams, context: RunContext) -> Verdict:
    """Deny a consent that was made to last too long, or that was asked for too soon after a refusal."""
    state, record = context.choice, context.choice.record
    if record is None:
        return deny("no_signed_choice")
    details = []
    if record.end > params.max.after(record.start):
        details.append("too_long")
    if state.refused_at is not None and state.asked_at is not None:
        rest = params.rest_after_refusal.after(state.refused_at)
        if state.asked_at < rest and record.start < rest:
            details.append("asked_too_soon")
    return weigh(details, [])
