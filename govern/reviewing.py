"""One review of a draft at a time: a second one would write over what the first decides."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govern.errors import GovernError

if TYPE_CHECKING:
    from pathlib import Path

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
