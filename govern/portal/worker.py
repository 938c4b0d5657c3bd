"""The worker: a process that does the portal's jobs one after the other, and ends when the portal does."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import GovernError, RefusedError, UsageError
from govern.portal import settings
from govern.portal_jobs import Job, JobFile

if TYPE_CHECKING:
    from extract.job import Progress, SourcePaths
    from govern.extraction import Order
    from govern.portal.settings import Settings
    from govern.workspace import Workspace

WAIT = 0.5
"""Seconds between two looks for a new job."""
_GATE = re.compile(r"\b(?:run|subject|lifecycle|missing_fact|gate_error)\.[a-z_.]+\b")
_TOLD = 0.2
"""Seconds between two notes of how far a job is."""


def main() -> None:
    """Do jobs until standard input ends."""
    root = Path(sys.argv[1])
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # A job cannot be interrupted half way by asking it; the process can, and every job can be begun again.
    threading.Thread(target=_end_with_portal, daemon=True).start()
    while True:
        if not step(root, _now):
            time.sleep(WAIT)


def _end_with_portal() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def step(root: Path, clock: Callable[[], datetime]) -> bool:
    """Forget what is old, and do the oldest job that waits; return whether there was one.

    Args:
        root: Folder of the workspace.
        clock: Tells the time: a job acts as of when it is begun, for meanwhile a consent may have ended.
    """
    with closing(JobFile(root)) as file:
        file.forget(clock())
        job = file.take()
        if job is None:
            return False
        told = 0.0

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _TOLD:
                told = time.monotonic()
                file.tell(job.id, stage, done, total)

        try:
            result = do(root, job, clock(), progress)
        except GovernError as error:
            file.end(job.id, clock(), result=_details(error), problem=_problem(error))
        except Exception as error:
            # What a foreign exception says may be about a person: its type is all that is kept.
            file.end(job.id, clock(), problem=f"failed.{type(error).__name__}")
        else:
            file.end(job.id, clock(), result=result)
        return True


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _problem(error: GovernError) -> str:
    return "refused" if isinstance(error, RefusedError) else f"failed.{type(error).__name__}"


def _details(error: GovernError) -> list[str]:
    """Return the gates that refused: a refusal of a run names them, and only those that the operator may be told."""
    return sorted(set(_GATE.findall(error.message))) if isinstance(error, RefusedError) else []


def do(root: Path, job: Job, now: datetime, progress: Progress) -> Any:
    """Do a job and return its result, as a JSON value."""
    from govern.workspace import Workspace

    workspace = Workspace.open(root)
    return _DOES[job.kind](workspace, settings.load(root), job, now, progress)


def paths_of(told: Settings) -> SourcePaths:
    """Return what the portal may read, by kind."""
    named = told.sources
    every: SourcePaths = {"mail": named.mail, "repo": named.repo, "chat": named.chat, "docs": named.docs}
    found: SourcePaths = {kind: paths for kind, paths in every.items() if paths}
    if not found:
        raise UsageError("the portal was told of no sources", "name them in portal.yaml: docs/portal.md")
    return found


def _preview(workspace: Workspace, told: Settings, job: Job, now: datetime, progress: Progress) -> Any:
    from govern import asking
    from policies import loader

    with workspace.log() as log:
        shown, items = asking.look(
            workspace,
            log,
            loader.load(told.policy),
            str(job.parameters["subject"]),
            str(job.parameters["purpose"]),
            paths_of(told),
            str(job.parameters["lang"]),
            now,
            progress,
        )
    return {"numbers": shown.document(), "items": [item.document() for item in items]}


def _order(told: Settings, job: Job) -> Order:
    from govern.extraction import Order
    from policies import loader

    return Order(
        policy=loader.load(told.policy),
        subject=str(job.parameters["subject"]),
        purpose=str(job.parameters["purpose"]),
        paths=paths_of(told),
        recipients=("team:own",),
        operator=told.operator,
    )


def _dry_run(workspace: Workspace, told: Settings, job: Job, now: datetime, progress: Progress) -> Any:
    from consent import neutral
    from govern import extraction

    looked = extraction.dry_run(workspace, _order(told, job), now, progress)
    return {
        "allowed": looked.decision.allowed,
        "refused_by": list(neutral.for_operator(looked.decision.reasons)),
        "taken": {kind: found["taken"] for kind, found in looked.kinds.items()},
        "by_reason": looked.gated.by_reason(),
    }


def _run(workspace: Workspace, told: Settings, job: Job, now: datetime, progress: Progress) -> Any:
    from govern import extraction, jobs

    data, sealed = extraction.run(workspace, _order(told, job), now, progress)
    workspace.keep(jobs.staged_path(workspace, sealed.extraction_id), data)
    ledger = sealed.ledger
    return {
        "extraction_id": sealed.extraction_id,
        "taken": ledger["taken"],
        "claims": ledger["claims"],
        "by_reason": ledger["by_reason"],
    }


def _clear(workspace: Workspace, told: Settings, job: Job, now: datetime, progress: Progress) -> Any:
    from govern import withdrawing

    with workspace.log() as log:
        cleared = withdrawing.clear(
            workspace,
            log,
            job.who,
            int(job.parameters["index"]),
            now,
            progress,
            erase=job.kind == "erase",
        )
    counts = dict.fromkeys(("rederived", "tombstoned", "waiting"), 0)
    for each in cleared.settled:
        counts[each.action] += 1
    return counts | {"later": bool(cleared.later), "receipt": cleared.receipt.decode()}


_DOES: dict[str, Callable[[Workspace, Settings, Job, datetime, Progress], Any]] = {
    "preview": _preview,
    "dry_run": _dry_run,
    "run": _run,
    "clear": _clear,
    "erase": _clear,
}

if __name__ == "__main__":
    main()
