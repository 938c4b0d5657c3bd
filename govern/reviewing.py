"""The review of a draft: what was decided so far, kept at once, and by one review at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attest.files import replace_file
from extract.skill.review import Review
from govern import standing
from govern.errors import GovernError, InputError, RefusedError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from attest.log import EventLog
    from extract.skill.draft import Draft
    from govern.workspace import Workspace


def lock_path(workspace: Workspace, extraction_id: str) -> Path:
    """Return the empty file that a review holds while it decides."""
    return workspace.review_path(extraction_id).with_suffix(".lock")


@contextmanager
def alone(workspace: Workspace, extraction_id: str) -> Iterator[None]:
    """Keep other reviews of the same draft out until the block ends, or the process, however it ends.

    Raises:
        GovernError: Another review of this draft is open.
    """
    path = lock_path(workspace, extraction_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    # The file stays: were it deleted here, a third review could lock a new one beside a second that waits on this.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GovernError(
                "another review of this draft is open",
                "end it there (q in its terminal, what was said is kept), then start this one again",
            ) from None
        yield
    finally:
        os.close(descriptor)


def refuse_ended(workspace: Workspace, log: EventLog, extraction_id: str, now: datetime) -> None:
    """Refuse a draft that was revoked or ended: its words were promised to be gone.

    Raises:
        RefusedError: It is no draft any more.
    """
    stands = standing.of_extraction(workspace, log, extraction_id, workspace.ledger(log), now, draft=True)
    if stands.status != "draft":
        raise RefusedError(f"this draft is {stands.text}", "delete the file; `govern sweep` says what took its place")


def stored(workspace: Workspace, extraction_id: str, *, forgiving: bool = False) -> Review:
    """Return what was decided so far.

    Args:
        workspace: The workspace.
        extraction_id: The draft's extraction.
        forgiving: Begin anew where what is kept is damaged.

    Raises:
        InputError: What is kept is damaged.
    """
    path = workspace.review_path(extraction_id)
    try:
        return Review.from_bytes(path.read_bytes()) if path.exists() else Review(extraction_id)
    except InputError:
        if forgiving:
            return Review(extraction_id)
        raise


def keep(workspace: Workspace, reached: Review) -> None:
    """Keep what was decided; whoever calls holds `alone`.

    Raises:
        RefusedError: The consent ended while the review was open: what was forgotten must not be written again.
    """
    if not lock_path(workspace, reached.extraction_id).exists():
        raise RefusedError("this draft was given up while you reviewed it", "nothing of the review is kept")
    replace_file(workspace.review_path(reached.extraction_id), reached.to_bytes(), 0o600)


def finished(workspace: Workspace, log: EventLog, draft: Draft, reached: Review, now: datetime) -> int:
    """Log that every claim of a draft was decided over; return the entry."""
    body = {
        "extraction_id": draft.extraction_id,
        "seal_index": draft.seal_index,
        **reached.counts(),
        "withheld": reached.withheld_claims,
    }
    return workspace.append(log, "skill.reviewed", f"employee:{draft.header.subject}", body, now)
