"""Where a run keeps what it has worked out so far: sealed, beside the workspace, and gone when the run ends by itself.

A run that was killed, interrupted or out of disk leaves its results behind, so that the same command goes on from
there. Whatever else leaves the run, a refusal among it, erases them: nobody wants the run to go on.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import RefusedError

if TYPE_CHECKING:
    from extract.execution.api import Executor
    from extract.job import Work
    from govern.jobs import KeptJob
    from govern.workspace import Workspace

FOLDER = "work"


@contextmanager
def working(workspace: Workspace, job: KeptJob, start: Callable[[], Executor] | None = None) -> Iterator[Work]:
    """Open the folder of a run's intermediate results.

    The vault must be open, so that no other run is under way: what other runs left behind is erased.

    Args:
        workspace: The workspace.
        job: What is asked for; the same again finds what an earlier try has worked out.
        start: Starts who does the work; None does it here.
    """
    from extract.execution.parts import SealedParts
    from extract.execution.serial import SerialExecutor
    from extract.job import Work

    folder = workspace.root / FOLDER / _name(job)
    for other in folders(workspace):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with (
            closing(SealedParts(folder, workspace.pseudonym_secret())) as parts,
            # Ended before the folder goes in which its workers write.
            closing((start or SerialExecutor)()) as executor,
        ):
            yield Work(executor, parts)
    except RefusedError:
        erase(workspace)
        raise
    erase(workspace)


def erase(workspace: Workspace) -> None:
    """Erase what runs have left behind."""
    shutil.rmtree(workspace.root / FOLDER, ignore_errors=True)


def folders(workspace: Workspace) -> list[Path]:
    """Return the folders that runs have left behind."""
    root = workspace.root / FOLDER
    return sorted(root.iterdir()) if root.is_dir() else []


def _name(job: KeptJob) -> str:
    """Return a name that is the same for the same work, whatever run it is and whenever."""
    work = replace(job, extraction_id="", at=datetime.fromtimestamp(0, UTC), replaces=None)
    return hashlib.sha256(work.to_bytes()).hexdigest()[:32]
