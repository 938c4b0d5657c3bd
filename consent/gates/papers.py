"""Finds the approvals that speak for a run: of the kind, about this person and purpose, and in force."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from consent.approvals import Approval, ApprovalKind, Role
from consent.request import RunRequest

if TYPE_CHECKING:
    from policies.duration import Duration


def found(request: RunRequest, kind: ApprovalKind, role: Role | None = None) -> list[Approval] | None:
    """Return the approvals of a kind that cover a run and are in force, or None where nobody knows which there are.

    Args:
        request: The run.
        kind: What must be approved.
        role: Who must have approved it; None for any officer.
    """
    approvals = request.circumstances.approvals
    if approvals is None:
        return None
    return [
        approval
        for approval in approvals
        if approval.kind == kind
        and (role is None or approval.role == role)
        and approval.subject in (None, request.subject)
        and approval.purpose in (None, request.purpose)
        and approval.policy in (None, request.policy)
        # A run replayed at an earlier moment must not find a paper that nobody had signed yet.
        and approval.at <= request.now
        and (approval.until is None or request.now < approval.until)
    ]


def stands_for(approval: Approval, documents: Literal["any"] | tuple[str, ...]) -> bool:
    """Tell whether an approval stands for one of the documents that a policy names."""
    return documents == "any" or approval.sha256 in documents


def no_older(moment: datetime, limit: Duration, now: datetime) -> bool:
    """Tell whether a moment lies in the past, and no longer ago than a limit."""
    return moment <= now <= limit.after(moment)
