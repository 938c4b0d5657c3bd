"""Staging: packs what a sealed extraction made as a draft that waits in the workspace for the person's review."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from govern import jobs

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.pipeline import Sealed
    from govern.jobs import KeptJob
    from govern.workspace import Workspace
    from policies.model import Policy


def packed(
    workspace: Workspace, log: EventLog, job: KeptJob, role: str, policy: Policy, sealed: Sealed, now: datetime
) -> bytes:
    """Return the draft of a sealed extraction; its dispositions are kept, for whoever asks what became of their data.

    Args:
        workspace: The workspace.
        log: Its log.
        job: What was asked for.
        role: Role of the person, for the head of the skill.
        policy: The policy.
        sealed: What was made.
        now: The moment; a consent without an end ends there.
    """
    from extract.skill import document, draft

    header = document.Header(
        name=job.name,
        role=role,
        subject=job.subject,
        purpose=job.purpose,
        policy=f"{policy.id} {policy.version}",
        expires=workspace.ledger(log).state(job.subject, job.purpose, now).end or now,
        pseudonym=sealed.pseudonym,
    )
    data = draft.pack(header, sealed, log)
    workspace.keep(workspace.dispositions_path(sealed.extraction_id), sealed.dispositions.to_bytes())
    return data


def stage(
    workspace: Workspace, log: EventLog, job: KeptJob, role: str, policy: Policy, sealed: Sealed, now: datetime
) -> None:
    """Keep the draft of a sealed extraction in the workspace, for the person's review; see `packed`."""
    data = packed(workspace, log, job, role, policy, sealed, now)
    # Last: a draft that is there is finished.
    workspace.keep(jobs.staged_path(workspace, job.extraction_id), data)
