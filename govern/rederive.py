"""Re-derivation: makes a skill again without what was withdrawn, vetoed or erased, or puts a tombstone in its place.

Each step may be the last before a crash: what is done is read off the log and the workspace's files, so that the next
sweep goes on from there and does nothing twice. Revoked first, since that takes no time; the tombstone last, since it
says that all of it is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from govern import jobs, lineage, reviewing, staging, working
from govern.errors import GovernError, InputError
from govern.lineage import Artefact, Due
from govern.selection import still_there, without_threads
from govern.stopping import deadline_of, revoke, stop

if TYPE_CHECKING:
    from attest.disposition import Dispositions
    from attest.log import EventLog
    from attest.vault import Vault
    from extract.authenticity import Checks
    from extract.distil.backend import Backend
    from extract.identity import Identities
    from extract.job import Progress, SourcePaths, Work
    from extract.records import Record
    from govern.jobs import KeptJob
    from govern.workspace import Workspace
    from policies.model import Policy

Action = Literal["rederived", "tombstoned", "waiting"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one artefact.

    Attributes:
        due: The artefact and what was taken back.
        deadline: By when it must be made again or ended.
        action: `rederived`, `tombstoned`, or `waiting`.
        why: In one word, why so.
        replaced_by: The extraction that takes its place, or None.
        obstacle: What keeps it waiting, for people; "" otherwise.
    """

    due: Due
    deadline: datetime
    action: Action
    why: str
    replaced_by: str | None = None
    obstacle: str = ""

    @property
    def extraction_id(self) -> str:
        """The artefact's extraction."""
        return self.due.artefact.extraction_id


class NothingLeftError(GovernError):
    """No record is left to make a skill from."""


class UnprovableError(GovernError):
    """Nobody can tell any more which records of the earlier run may stay."""


def open_model(job: KeptJob, policy: Policy) -> Backend:
    """Open the model that an extraction ran with."""
    from extract.distil.backend import open_backend

    allowed = policy.gates["run.local_model"].values()["addresses"]
    model = Path(job.model_file) if job.model_file is not None else None
    return open_backend(model, job.endpoint, () if isinstance(allowed, str) else allowed)


def _silent(_stage: str, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep over a workspace. The vault is open, so that no extraction runs meanwhile.

    Attributes:
        workspace: The workspace.
        log: Its log.
        vault: Its vault.
        now: The moment.
        progress: Called with stage, done, total.
        open_model: Opens the model of an earlier run.
        random: `random(n)` returns n random bytes.
    """

    workspace: Workspace
    log: EventLog
    vault: Vault
    now: datetime
    progress: Progress = _silent
    open_model: Callable[[KeptJob, Policy], Backend] = open_model
    random: Callable[[int], bytes] = field(default=os.urandom)

    def due(self) -> list[Due]:
        """Return what is due now."""
        return lineage.of_workspace(self.workspace, self.log, self.vault, self.now)

    def run(self, causes: Collection[int] | None = None) -> list[Settled]:
        """Revoke everything that is due, then make it again or end it.

        Args:
            causes: Entries of the log: only what is due because of them is made again or ended; None for all.
        """
        stop(self.workspace, self.log, self.vault, self.now)
        settled: dict[str, Settled] = {}
        # What was made again is looked at once more: something else may have been taken back meanwhile.
        while open_ := [d for d in self.due() if d.artefact.extraction_id not in settled and d.because_of(causes)]:
            for due in sorted(open_, key=lambda d: not d.whole):
                settled[due.artefact.extraction_id] = self._settle(due)
        self._tidy()
        working.erase(self.workspace)
        return list(settled.values())

    def plan(self) -> list[Settled]:
        """Return what `run` would do, as far as that can be told without doing it."""
        return [self._plan(due) for due in self.due()]

    def _plan(self, due: Due) -> Settled:
        deadline = deadline_of(self.workspace, self.log, due)
        if due.whole:
            return Settled(due, deadline, "tombstoned", "consent_ended")
        try:
            job = jobs.load(self.workspace, due.artefact.extraction_id)
        except InputError:
            job = None
        if job is None:
            return Settled(due, deadline, "tombstoned", "no_job")
        if missing(_paths(job, due)):
            return Settled(due, deadline, "tombstoned", "sources_gone")
        return Settled(due, deadline, "rederived", "part_taken_back")

    def _settle(self, due: Due) -> Settled:
        deadline = deadline_of(self.workspace, self.log, due)
        revoke(self.workspace, self.log, due, deadline, self.now)
        made = None if due.whole else self._finished(due.artefact.extraction_id)
        if made is not None:
            return self._replaced(due, deadline, made)
        plan = self._plan(due)
        if plan.action == "tombstoned":
            return self._end(plan)
        try:
            made = self._again(due)
        except NothingLeftError:
            return self._end(plan, "nothing_left")
        except UnprovableError:
            return self._end(plan, "unprovable")
        except GovernError as error:
            # Tomorrow the model may be there, or the approval renewed; after the deadline there is no tomorrow.
            if self.now >= deadline:
                return self._end(plan, "deadline")
            return Settled(due, deadline, "waiting", "not_now", obstacle=error.message)
        return self._replaced(due, deadline, made)

    def _replaced(self, due: Due, deadline: datetime, made: str) -> Settled:
        self._tombstone(due, "part_taken_back", made)
        return Settled(due, deadline, "rederived", "part_taken_back", made)

    def _end(self, plan: Settled, why: str = "") -> Settled:
        self._tombstone(plan.due, why or plan.why, None)
        return Settled(plan.due, plan.deadline, "tombstoned", why or plan.why)

    def _tombstone(self, due: Due, why: str, replaced_by: str | None) -> None:
        extraction = due.artefact.extraction_id
        # Others whose records were read may still ask what became of them: the dispositions stay.
        forget(self.workspace, extraction)
        self.vault.drop_facts(extraction)
        body = {
            "extraction_id": extraction,
            "reason": due.reason,
            "causes": list(due.indexes),
            "why": why,
            "replaced_by": replaced_by,
        }
        self.workspace.append(self.log, "skill.tombstoned", "operator", body, self.now)

    def _finished(self, extraction: str) -> str | None:
        """Return the replacement that an earlier sweep made and did not live to name."""
        for job in jobs.each(self.workspace):
            if job.replaces == extraction and jobs.staged_path(self.workspace, job.extraction_id).exists():
                return job.extraction_id
        return None

    def _tidy(self) -> None:
        """Remove what sweeps and extractions left that did not live to their end.

        A run that was never sealed made nothing. A sealed replacement without a draft is of no use to anyone, and
        another took its place: it gets a tombstone of its own.
        """
        made = lineage.artefacts(lineage.entries(self.log))
        for job in list(jobs.each(self.workspace)):
            artefact = made.get(job.extraction_id)
            staged = jobs.staged_path(self.workspace, job.extraction_id).exists()
            if artefact is None or artefact.tombstone_index is not None:
                forget(self.workspace, job.extraction_id)
            elif job.replaces is not None and not staged and not _named(made.get(job.replaces), job):
                cause = lineage.Cause("unfinished", None, artefact.sealed_at, True)
                self._settle(Due(artefact, (cause,)))

    def _again(self, due: Due) -> str:
        """Run the extraction again without what was taken back, stage the draft, return the new extraction.

        Raises:
            NothingLeftError: No record is left.
            UnprovableError: The dispositions or the salts do not tell which records may stay.
            GovernError: It cannot be run now.
        """
        from attest.events import uuid7
        from extract import pipeline
        from extract.job import Tools

        old = jobs.load(self.workspace, due.artefact.extraction_id)
        if old is None:
            raise UnprovableError("nothing is kept of the earlier run")
        policy = self.workspace.policy(self.log, old.policy)
        people = self.workspace.identities(Path(old.people) if old.people is not None else None)
        person = people.person(old.subject)
        paths = _paths(old, due)
        extraction = uuid7(self.now, self.random)
        job = jobs.again(old, extraction, paths, self.now)
        with (
            jobs.kept_if_sealed(self.workspace, self.log, job),
            closing(self.open_model(old, policy)) as backend,
            working.working(self.workspace, job) as work,
        ):
            secret = self.workspace.pseudonym_secret()
            tools = Tools(self.log, self.vault, self.random, secret, self.progress, work)
            checks = jobs.checks(self.workspace, job)
            without = self._without(due, people, paths, checks, work)
            asked = jobs.asked(job, policy, people, checks, backend, self._duties, without=without, now=self.now)
            sealed = pipeline.run(asked, lambda: self.workspace.ledger(self.log), backend, tools)
        # Last: a draft that is there is a replacement that is finished.
        staging.stage(self.workspace, self.log, job, person.role or "colleague", policy, sealed, self.now)
        return extraction

    def _duties(self) -> Any:
        from dataclasses import replace

        # This run is what settles the cascade: being late must not keep it from happening.
        return replace(lineage.duties(self.workspace, self.log, self.vault, self.now), cascades=())

    def _without(self, due: Due, people: Identities, paths: SourcePaths, checks: Checks, work: Work) -> frozenset[str]:
        """Return the digests of all records that the run must not see."""
        from extract.sources import open_source, read_all
        from extract.vetoes import Vetoes

        tree = self._tree(due.artefact.extraction_id)
        salts = self.vault.salts(due.artefact.extraction_id)
        if len(salts) != tree.size:
            raise UnprovableError("the vault and the dispositions do not fit each other")
        seen: list[Record] = []

        def look(records: Sequence[Record]) -> list[Record]:
            seen.extend(records)
            return list(records)

        sources = [open_source(kind, path, checks, people) for kind, group in sorted(paths.items()) for path in group]
        read_all(
            sources,
            lambda n: self.progress("comparing", n, 0),
            checks.custodian,
            look,
            work.executor,
            work.parts,
        )
        stay = still_there(seen, tree, salts)
        stay = without_threads(stay, Vetoes(due.vetoes, self.workspace.pseudonym_secret()), people)
        if not stay:
            raise NothingLeftError("no record is left")
        return frozenset(r.raw_digest for r in seen) - frozenset(r.raw_digest for r in stay)

    def _tree(self, extraction: str) -> Dispositions:
        from attest.disposition import Dispositions

        try:
            return Dispositions.parse(self.workspace.dispositions_path(extraction).read_bytes())
        except (OSError, GovernError):
            raise UnprovableError("the dispositions of the earlier run are gone") from None


def _named(replaced: Artefact | None, job: KeptJob) -> bool:
    """Say whether the log names this run as the one that took another's place: its draft may be anywhere then."""
    return replaced is not None and replaced.replaced_by == job.extraction_id


def forget(workspace: Workspace, extraction: str) -> None:
    """Delete what the workspace keeps of an extraction, but for its dispositions."""
    for path in (
        workspace.statement_path(extraction),
        workspace.review_path(extraction),
        reviewing.lock_path(workspace, extraction),
        workspace.evaluation_path(extraction),
        workspace.scores_path(extraction),
        jobs.staged_path(workspace, extraction),
        jobs.released_path(workspace, extraction),
        jobs.path(workspace, extraction),
    ):
        path.unlink(missing_ok=True)


def missing(paths: SourcePaths) -> bool:
    """Say whether a source is not where it was."""
    return not paths or not all(path.exists() for group in paths.values() for path in group)


def _paths(job: KeptJob, due: Due) -> SourcePaths:
    """Return the paths that may still be read."""
    from extract.job import ASKED

    return cast(
        "SourcePaths",
        {
            kind: [Path(path) for path in group]
            for kind, group in job.paths.items()
            if ASKED[kind] not in due.sources and group
        },
    )
