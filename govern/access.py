"""Who looked: an officer's view of people's data is an entry of the log, before it is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attest import events

if TYPE_CHECKING:
    from attest.log import EventLog
    from govern.workspace import Workspace

WITHIN = timedelta(minutes=10)
"""Views of the same thing by the same officer are one entry for so long: a page that is reloaded tells nothing new."""
_LOOKED_AT = 256
"""Entries at the end of the log among which an earlier view is looked for."""


def read(
    workspace: Workspace, log: EventLog, role: str, holder: str, view: str, subject: str | None, now: datetime
) -> int | None:
    """Log that an officer looks at a view; return the entry, or None where one says so already.

    Args:
        workspace: The workspace.
        log: Its log.
        role: The officer's role.
        holder: The officer's id.
        view: What is looked at: `/hr`, `/auditor/runs/{id}`; never a path with somebody's id in it.
        subject: Pseudonymous id of the one person whom the view is about, or None.
        now: The moment.
    """
    actor, body = f"{role}:{holder}", {"role": role, "view": view, "subject": subject}
    for _, data in log.entries(max(0, log.size - _LOOKED_AT)):
        if b'"type":"access.read"' in data:
            event = events.parse(data)
            if event.actor == actor and dict(event.body) == body and timedelta() <= now - event.at < WITHIN:
                return None
    return workspace.append(log, "access.read", actor, body, now)
