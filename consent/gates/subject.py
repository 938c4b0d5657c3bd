"""Evaluators of the subject gates that look at the signed consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attest.encoding import from_time
from consent.fact_frame import FactFrame
from consent.gates.registry import (
    OUTPUT,
    RECORD,
    RUN,
    OutputContext,
    RecordContext,
    Rows,
    RunContext,
    StageContext,
    register,
)
from consent.gates.run import UNSIGNED
from consent.ledger import CLOCK_SKEW
from consent.verdict import PASS, Verdict, deny, unknown, weigh

if TYPE_CHECKING:
    from policies.gates.subject import (
        ConsentValidParams,
        CoolingOffParams,
        DelegateParams,
        FreshParams,
        ScopeParams,
        ValidityParams,
    )


def _faults(params: ConsentValidParams, context: StageContext) -> list[str]:
    # Asked anew at every stage: a consent may have been withdrawn, or have run out, since the run began.
    choice = context.choice.seen_at(context.request.now)
    same = choice.pid == context.request.subject and choice.purpose == context.request.purpose
    if not same or not choice.live or choice.key is None or choice.state not in params.states:
        return [choice.state]
    return ["no_witness"] if params.enrolment == "witnessed" and not choice.key.witness else []


@register(RUN, "subject.consent_valid")
def consent_valid(params: ConsentValidParams, context: RunContext) -> Verdict:
    """Deny unless the subject's consent to this purpose is in force."""
    if not context.request.subject:
        return unknown("subject")
    return weigh(_faults(params, context), [])


@register(RECORD, "subject.consent_valid")
def consent_valid_rows(params: ConsentValidParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny every row unless the consent is still in force."""
    return Rows(frame.all_rows(bool(_faults(params, context))), {})


@register(OUTPUT, "subject.consent_valid")
def consent_valid_output(params: ConsentValidParams, context: OutputContext) -> Verdict:
    """Deny the release unless the consent is still in force."""
    return weigh(_faults(params, context), [])


@register(RUN, "subject.fresh")
@register(OUTPUT, "subject.fresh")
def fresh(params: FreshParams, context: RunContext | OutputContext) -> Verdict:
    """Deny a decision over a state of the log that is too old, or that claims to be from the future."""
    now, seen = context.request.now, context.request.circumstances.state_as_of
    if seen is None:
        return unknown("state_as_of")
    if seen > now + CLOCK_SKEW:
        return deny("in_future")
    return PASS if now <= params.max_age.after(seen) else deny("stale")


@register(RUN, "subject.scope")
@register(OUTPUT, "subject.scope")
def scope(params: ScopeParams, context: RunContext | OutputContext) -> Verdict:
    """Deny a run, and the release of what came of it, that reaches beyond the signed choices."""
    request, choice, record = context.request, context.choice.choice, context.choice.record
    if choice is None or record is None:
        return deny(UNSIGNED)
    details, missing = [], []
    for name, wanted, signed in (
        ("sources", request.sources, context.choice.sources),
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
    covered = frame.is_in("source", context.choice.sources)
    first, last = frame.day(choice.from_), frame.day(choice.until)
    inside = frame.each("local_date", lambda value: first <= frame.day(value) <= last)
    known_source, known_day = frame.known("source"), frame.known("local_date")
    deny_rows = (known_source & ~covered) | (known_day & ~inside)
    return Rows(deny_rows, {"source": ~known_source, "local_date": ~known_day})


@register(RUN, "subject.cooling_off")
def cooling_off(params: CoolingOffParams, context: RunContext) -> Verdict:
    """Deny a yes that was signed too soon after the notice, and a run too soon after the yes."""
    choice, record, now = context.choice, context.choice.record, context.request.now
    if record is None:
        return deny(UNSIGNED)
    told, signed = choice.notice_at, choice.signed_at
    missing = [name for name, moment in (("notice_at", told), ("signed_at", signed)) if moment is None]
    details = []
    if told is not None and signed is not None and signed < params.notice_to_signature.after(told):
        details.append("notice_to_signature")
    if signed is not None and now < params.signature_to_run.after(signed):
        details.append("signature_to_run")
    if record.cooling_off_until is not None and now < from_time(record.cooling_off_until):
        details.append("signed_wait")
    return weigh(details, missing)


@register(RUN, "subject.validity")
@register(OUTPUT, "subject.validity")
def validity(params: ValidityParams, context: RunContext | OutputContext) -> Verdict:
    """Deny a consent that was made to last too long, or that was asked for too soon after a refusal."""
    state, record = context.choice, context.choice.record
    if record is None:
        return deny(UNSIGNED)
    details = []
    if record.end > params.max.after(record.start):
        details.append("too_long")
    if state.refused_at is not None and state.asked_at is not None:
        rest = params.rest_after_refusal.after(state.refused_at)
        if state.asked_at < rest and record.start < rest:
            details.append("asked_too_soon")
    return weigh(details, [])


@register(RUN, "subject.delegate")
@register(OUTPUT, "subject.delegate")
def delegate(params: DelegateParams, context: RunContext | OutputContext) -> Verdict:
    """Deny what somebody signed for the subject without a mandate, or on one that does not hold."""
    record, mandate = context.choice.record, context.choice.mandate
    # Without a signed record nobody has acted for anyone; that it is missing, the other gates say.
    if record is None or record.actor.role != "delegate":
        return PASS
    if mandate is None:
        return deny("mandate")
    details = []
    if mandate.until > params.max.after(mandate.at):
        details.append("too_long")
    if mandate.until <= context.request.now:
        details.append("over")
    if len(set(mandate.witnesses) - {record.actor.id, record.subject.pid}) < params.witnesses:
        details.append("witnesses")
    return weigh(details, [])
