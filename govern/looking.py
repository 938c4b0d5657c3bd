"""Looks at a person's messages again, as their skill was made: gates asked and the reading announced, nothing made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import jobs, lineage, working
from govern.errors import InputError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.distil.backend import Backend
    from extract.distil.claims import Claim, Distillate, Passage
    from extract.job import Progress
    from govern.jobs import KeptJob
    from govern.workspace import Workspace
    from policies.model import Policy


@dataclass(frozen=True, slots=True)
class Look:
    """What the gates let pass.

    Attributes:
        head: Subject, purpose and policy, as log entries name them.
        announced: Entry that announces the reading.
        passages: The person's own words, redacted.
        shown: Returns the claims of a distillate that the person may be shown: the rest fails an output gate.
    """

    head: dict[str, Any]
    announced: int
    passages: list[Passage] = field(repr=False)
    shown: Callable[[Distillate], tuple[Claim, ...]]


def job_of(workspace: Workspace, extraction_id: str) -> KeptJob:
    """Return the kept job of a skill whose sources are to be read again.

    Raises:
        InputError: Nothing is kept of it, or a source is gone.
    """
    job = jobs.load(workspace, extraction_id)
    if job is None:
        raise InputError(
            "nothing is kept of the extraction that made this skill", "do this in the workspace that made it"
        )
    if not all(Path(path).exists() for group in job.paths.values() for path in group):
        raise InputError("a source of this skill is not where it was", "put it back, or extract anew")
    return job


def require_scores(backend: Backend) -> None:
    """Refuse a model that cannot say how likely a text is.

    Raises:
        UsageError: It cannot.
    """
    if "score" not in backend.capabilities():
        raise UsageError(
            "the model server of this skill cannot score texts",
            "extract with a model file: only a model in process can evaluate",
        )


@contextmanager
def look(
    workspace: Workspace, log: EventLog, old: KeptJob, policy: Policy, backend: Backend, now: datetime,
    progress: Progress,
) -> Iterator[Look]:  # fmt: skip
    """Read and redact the messages of an earlier run, under its policy and the consent as it stands now.

    Args:
        workspace: The workspace.
        log: Its log.
        old: The earlier run.
        policy: Its policy.
        backend: The open model.
        now: The moment.
        progress: Called with stage, done, total.

    Raises:
        RefusedError: A gate says no; that is logged too.
        InputError: The sources cannot be read.
    """
    from dataclasses import replace

    from attest.encoding import from_time, to_time
    from extract import gating, pipeline, redaction
    from extract.job import Tools
    from extract.vetoes import Vetoes

    redaction.require_models(policy)
    now = from_time(to_time(now))
    people = workspace.identities(Path(old.people) if old.people is not None else None)
    checks = jobs.checks(workspace, old)
    with workspace.vault() as vault, working.working(workspace, old) as work:
        duties = lambda: lineage.duties(workspace, log, vault, now)  # noqa: E731
        job = replace(jobs.asked(old, policy, people, checks, backend, duties, now=now), extraction_id="")
        secret = workspace.pseudonym_secret()
        tools = Tools(log, vault, os.urandom, secret, progress, work)
        # Nothing is made of what is read: to the log and to the person it is a look, like a dry run.
        announced = gating.announce(job, tools, dry_run=True)
        head = {"subject": job.subject, "purpose": job.request.purpose, "policy": job.policy_ref}
        consents = workspace.ledger(log)
        decision = gating.decide_run(job, consents, announced.index)
        if not decision.allowed:
            body = {**head, "extraction_id": announced.extraction_id, "allowed": False}
            tools.emit("extraction.gated", {**body, "reasons": list(decision.reasons)}, now)
            raise gating.refuse(decision.reasons)
        vetoes = Vetoes.of(consents, secret)
        gated = gating.read_and_gate(job, decision.choice, vetoes, progress, lambda *_: None, work)
        redactor = redaction.redactor_of(job, gated, tools)
        made = redaction.redact_taken(gated, redactor, policy, progress)
        redaction.ask_segments(job, made)

        def shown(distillate: Distillate) -> tuple[Claim, ...]:
            return pipeline.output_gates(job, decision, distillate, redactor, made.gated)[0]

        yield Look(head, announced.index, pipeline.passages_of(made.gated, made.texts), shown)
