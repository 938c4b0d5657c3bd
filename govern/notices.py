"""The notices of a workspace: which one a person is shown, and the log's own copy of every text that was used."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from consent import notice
from consent.notice import Notice
from govern.workspace import OPERATOR

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.identity import Person
    from govern.workspace import Workspace

PUBLISHED = "notice.published"


def language(person: Person, chosen: str | None = None) -> str | None:
    """Return the language to speak to a person in: the one asked for, else that of the people file, else None."""
    return chosen or getattr(person, "language", None) or None


def published(log: EventLog) -> tuple[Notice, ...]:
    """Return every notice that the log holds, in its order."""
    from attest import events

    return tuple(
        notice.parse(events.parse(data).body) for _, data in log.entries() if events.type_of(data) == PUBLISHED
    )


def publish(workspace: Workspace, log: EventLog, shown: Notice, now: datetime) -> int | None:
    """Log a notice in full when it is used for the first time, so that what was said can be read years later.

    Returns:
        The entry, or None where the log held it already.
    """
    if any(held.sha256 == shown.sha256 for held in published(log)):
        return None
    return workspace.append(log, "notice.published", OPERATOR, shown.body(), now)
