"""Evaluators of the lifecycle gates: a withdrawal stops whatever comes next."""

from __future__ import annotations

from consent.fact_frame import FactFrame
from consent.gates.registry import OUTPUT, RECORD, RUN, OutputContext, RecordContext, Rows, RunContext, register
from consent.states import State
from consent.verdict import PASS, Verdict, deny
from policies.gates.lifecycle import WithdrawalParams

STOPPED: frozenset[State] = frozenset({"withdrawn", "revoked", "invalidated", "suspended"})


@register(RUN, "lifecycle.withdrawal")
def withdrawal(params: WithdrawalParams, context: RunContext) -> Verdict:
    """Deny the run of a consent that was taken back."""
    return deny(context.choice.state) if context.choice.state in STOPPED else PASS


@register(RECORD, "lifecycle.withdrawal")
def withdrawal_rows(params: WithdrawalParams, frame: FactFrame, context: RecordContext) -> Rows:
    """Deny every row once the consent was taken back."""
    return Rows(frame.all_rows(context.choice.state in STOPPED), {})


@register(OUTPUT, "lifecycle.withdrawal")
def withdrawal_output(params: WithdrawalParams, context: OutputContext) -> Verdict:
    """Deny the release once the consent was taken back."""
    return deny(context.choice.state) if context.choice.state in STOPPED else PASS
