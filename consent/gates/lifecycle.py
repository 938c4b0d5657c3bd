"""Evaluators of the lifecycle gates: a withdrawal stops whatever comes next, and unmet duties stop the next run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from consent.fact_frame import FactFrame
from consent.gates.registry import OUTPUT, RECORD, RUN, OutputContext, RecordContext, Rows, RunContext, register
from consent.states import State
from consent.verdict import PASS, Verdict, deny, unknown

if TYPE_CHECKING:
    from policies.duration import Duration
    from policies.gates.lifecycle import AccessParams, CascadeParams, LogParams, RawRetentionParams, WithdrawalParams

STOPPED: frozenset[State] = frozenset({"withdrawn", "revoked", "invalidated", "suspended"})


@register(RUN, "lifecycle.withdrawal")
@register(OUTPUT, "lifecycle.withdrawal")
def withdrawal(params: WithdrawalParams, context: RunContext | OutputContext) -> Verdict:
    """Deny the run, and the release, of a consent that was taken back."""
    return deny(context.choice.state) if context.choice.state in STOPPED else PASS


@register(RECORD, "lifecycle.withdrawal")
def withdrawal_rows(params: WithdrawalParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny every row once the consent was taken back."""
    return Rows(frame.all_rows(context.choice.state in STOPPED), {})


def _overdue(field: str, open_since: Sequence[datetime] | None, limit: Duration, now: datetime) -> Verdict:
    if open_since is None:
        return unknown(field)
    return deny("overdue") if any(now > limit.after(since) for since in open_since) else PASS


@register(RUN, "lifecycle.cascade")
def cascade(params: CascadeParams, context: RunContext) -> Verdict:
    """Deny new runs while what rests on a withdrawn consent is still there after the limit."""
    return _overdue("cascades", context.request.circumstances.cascades, params.within, context.request.now)


@register(RUN, "lifecycle.raw_retention")
def raw_retention(params: RawRetentionParams, context: RunContext) -> Verdict:
    """Deny new runs while raw material of earlier ones is kept for longer than the limit."""
    return _overdue("raw_kept", context.request.circumstances.raw_kept, params.max, context.request.now)


@register(RUN, "lifecycle.log")
def log(params: LogParams, context: RunContext) -> Verdict:
    """Deny new runs while salts are kept for longer than the limit."""
    return _overdue("salts", context.request.circumstances.salts, params.keep_max, context.request.now)


@register(RUN, "lifecycle.access")
def access(params: AccessParams, context: RunContext) -> Verdict:
    """Deny new runs while somebody waits for their bundle for longer than the limit."""
    return _overdue("access", context.request.circumstances.access, params.within, context.request.now)
