"""Evaluators of the subject gates that look at how the subject stands: employed until when, protected, objecting."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from consent.fact_frame import FactFrame
from consent.gates import papers
from consent.gates.registry import (
    OUTPUT,
    RECORD,
    RUN,
    OutputContext,
    RecordContext,
    Rows,
    RunContext,
    register,
)
from consent.verdict import PASS, Verdict, deny, unknown, weigh

if TYPE_CHECKING:
    from policies.gates.subject import ExitParams, NoDetrimentParams, ObjectionParams, VulnerableTimeParams


@register(RUN, "subject.no_detriment")
@register(OUTPUT, "subject.no_detriment")
def no_detriment(params: NoDetrimentParams, context: RunContext | OutputContext) -> Verdict:
    """Deny unless somebody undertook that a no has no consequence; who distils only themself needs nobody."""
    request = context.request
    operator, missing = request.circumstances.operator, []
    if "subject" in params.by:
        if operator and operator == request.subject:
            return PASS
        if not operator:
            missing.append("operator")
    if "hr" in params.by:
        signed = papers.found(request, "undertaking", "hr")
        if signed:
            return PASS
        if signed is None:
            missing.append("approvals")
    return unknown(*missing) if missing else deny("undertaking")


@register(RUN, "subject.exit")
def exit_run(params: ExitParams, context: RunContext) -> Verdict:
    """Deny an extraction after the last day."""
    circumstances = context.request.circumstances
    if circumstances.employment is None:
        return unknown("employment")
    today = context.request.now.astimezone(UTC).date()
    over = circumstances.last_day is not None and today > circumstances.last_day
    return deny("after_last_day") if over else PASS


@register(OUTPUT, "subject.exit")
def exit_output(params: ExitParams, context: OutputContext) -> Verdict:
    """Deny a skill that would still be used longer after the last day than the policy allows."""
    circumstances, expires = context.request.circumstances, context.facts.expires
    missing = [
        name for name, value in (("employment", circumstances.employment), ("expires", expires)) if value is None
    ]
    if circumstances.employment is None or expires is None:
        return unknown(*missing)
    if circumstances.last_day is None:
        return PASS
    end = datetime.combine(circumstances.last_day, time(), UTC) + timedelta(days=1)
    return deny("outlives_employment") if expires > params.use_ends_after.after(end) else PASS


@register(RUN, "subject.vulnerable_time")
def vulnerable_time(params: VulnerableTimeParams, context: RunContext) -> Verdict:
    """Deny a run over somebody who can hardly say no now, and over a minor.

    Which state it is, is not said: an illness or a procedure is nobody's business who reads an error message.
    """
    employment, minor = context.request.circumstances.employment, context.request.circumstances.minor
    missing = [name for name, value in (("employment", employment), ("minor", minor)) if value is None]
    details = []
    if set(params.states) & set(employment or ()):
        details.append("state")
    if minor:
        details.append("minor")
    return weigh(details, missing)


@register(RUN, "subject.objection")
@register(OUTPUT, "subject.objection")
def objection(params: ObjectionParams, context: RunContext | OutputContext) -> Verdict:
    """Deny while an objection, or a restriction, is open."""
    return deny("objected") if context.choice.objected else PASS


@register(RECORD, "subject.objection")
def objection_rows(params: ObjectionParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny every row while an objection, or a restriction, is open."""
    return Rows(frame.all_rows(context.choice.objected), {})
