"""Stopping: revokes at once what rests on something that was taken back, and says by when the rest is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attest.encoding import to_time
from govern import lineage
from govern.errors import GovernError
from govern.lineage import Artefact, Due

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault
    from govern.workspace import Workspace

#: Where a policy does not say it, as the floor does.
WITHIN = "P7D"


def stop(workspace: Workspace, log: EventLog, vault: Vault | None, now: datetime) -> list[str]:
    """Revoke every skill and draft that is due, and nothing else: it takes no model, no sources and no time.

    Args:
        workspace: The workspace.
        log: Its log.
        vault: Its vault, or None where another process holds it: then vetoes and erasures wait for the next sweep.
        now: The moment.

    Returns:
        The extractions that were revoked now.
    """
    is_meant = lineage.meaning(workspace.identities(), workspace.pseudonym_secret())
    open_ = lineage.due(lineage.entries(log), workspace.ledger(log), vault, is_meant, now)
    return [
        due.artefact.extraction_id
        for due in open_
        if revoke(workspace, log, due, deadline_of(workspace, log, due), now)
    ]


def revoke(workspace: Workspace, log: EventLog, due: Due, deadline: datetime, now: datetime) -> bool:
    """Log that an artefact may not be used any more, once; return whether that was news."""
    artefact = due.artefact
    if artefact.revoked_index is not None or _revoked(log, artefact):
        return False
    body = {
        "extraction_id": artefact.extraction_id,
        "release_index": artefact.release_index,
        "reason": due.reason,
        "causes": list(due.indexes),
        "due": to_time(deadline),
    }
    workspace.append(log, "skill.revoked", "operator", body, now)
    return True


def _revoked(log: EventLog, artefact: Artefact) -> bool:
    made = lineage.artefacts(lineage.entries(log)).get(artefact.extraction_id)
    return made is not None and made.revoked_index is not None


def deadline_of(workspace: Workspace, log: EventLog, due: Due) -> datetime:
    """Return by when an artefact must be made again or ended: `lifecycle.cascade` of its policy."""
    from policies.duration import Duration

    within = Duration.parse(WITHIN)
    try:
        gates = workspace.policy(log, due.artefact.policy).gates
    except GovernError:
        # A policy of an earlier form, which this version does not read: the floor's own time runs.
        gates = {}
    if "lifecycle.cascade" in gates:
        within = Duration.parse(str(gates["lifecycle.cascade"].values()["within"]))
    return within.after(due.since)
