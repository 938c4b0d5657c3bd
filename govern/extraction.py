"""An extraction as somebody orders it: from consented sources to a sealed draft, or a look at what would be taken."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest.events import uuid7
from extract import gating, pipeline
from extract.authenticity import Checks
from extract.distil import backend as backends
from extract.job import Tools
from extract.skill import document
from govern import jobs, lineage, staging, working
from govern.errors import UsageError

if TYPE_CHECKING:
    from consent.decide import RunDecision
    from extract.circumstances import Duties
    from extract.distil.backend import Backend
    from extract.execution.api import Executor
    from extract.gating import Gated
    from extract.job import Job, Progress, SourcePaths
    from extract.pipeline import Sealed
    from govern.workspace import Workspace
    from policies.model import Policy


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """What is asked for.

    Attributes:
        policy: The policy.
        subject: Pseudonymous id of the person.
        purpose: One of the purposes consented to.
        paths: Sources by kind: mail, repo, chat, docs.
        recipients: Who will use the skill.
        operator: Role id or pseudonym of who runs it.
        name: Name of the skill; by default from the person's role.
        model: A model file; None for the default.
        endpoint: A model server instead.
        model_sha256: Digest of the server's model, on the operator's word.
        checks: What authenticity is checked with.
        people: Another people file than the workspace's.
        paraphrase: Let the model write in its own words, if the self-test finds it fit.
    """

    policy: Policy
    subject: str
    purpose: str
    paths: SourcePaths
    recipients: tuple[str, ...]
    operator: str
    name: str | None = None
    model: Path | None = None
    endpoint: str | None = None
    model_sha256: str | None = None
    checks: Checks = field(default_factory=Checks)
    people: Path | None = None
    paraphrase: bool = False

    def check(self) -> None:
        """Refuse an order that nobody can carry out.

        Raises:
            UsageError: No source is named, or a server without its model's digest.
        """
        if not self.paths:
            raise UsageError("no source was named", "name at least one of --mail, --repo, --chat, --docs")
        if self.endpoint is not None and self.model_sha256 is None:
            raise UsageError("a server does not say which model it runs", "name the model's digest with --model-sha256")


@dataclass(frozen=True, slots=True, repr=False)
class DryRun:
    """What a run would do.

    Attributes:
        decision: Whether it would be allowed now.
        gated: Which records it would take, under a consent that grants all that the policy allows.
        kinds: What of each kind of source would be taken and left out, see `Gated.by_source`.
    """

    decision: RunDecision
    gated: Gated
    kinds: Mapping[str, Mapping[str, Any]]


def dry_run(
    workspace: Workspace,
    order: Order,
    now: datetime,
    progress: Progress,
    start: Callable[[], Executor] | None = None,
) -> DryRun:
    """Read the sources and ask the gates; distil nothing and keep nothing. That somebody looked is logged.

    Args:
        workspace: The workspace.
        order: What is asked for.
        now: The moment.
        progress: Is told what is being done.
        start: Starts the processes or machines that read; None for this process.
    """
    with _opened(workspace, order, now, progress, start) as (job, tools, _, _):
        decision, gated = gating.dry_run(job, workspace.ledger(tools.log), tools)
        # The records are gone with the folder they lie in.
        return DryRun(decision, gated, gated.by_source())


def run(
    workspace: Workspace,
    order: Order,
    now: datetime,
    progress: Progress,
    start: Callable[[], Executor] | None = None,
) -> tuple[bytes, Sealed]:
    """Extract; return the draft `.skill` and what was sealed.

    Raises:
        RefusedError: A gate says no.
    """
    with _opened(workspace, order, now, progress, start) as (job, tools, backend, kept):
        log = tools.log
        workspace.adopt(log, order.policy, now)
        if order.checks.dkim is not None:
            workspace.keep_dkim_keys(order.checks.dkim.data, order.checks.dkim.sha256)
        with jobs.kept_if_sealed(workspace, log, kept):
            sealed = pipeline.run(job, lambda: workspace.ledger(log), backend, tools)
        role = workspace.identities(order.people).person(order.subject).role or "colleague"
        return staging.packed(workspace, log, kept, role, order.policy, sealed, now), sealed


@contextlib.contextmanager
def _opened(
    workspace: Workspace,
    order: Order,
    now: datetime,
    progress: Progress,
    start: Callable[[], Executor] | None,
) -> Iterator[tuple[Job, Tools, Backend, jobs.KeptJob]]:
    order.check()
    identities = workspace.identities(order.people)
    person = identities.person(order.subject)
    kept = jobs.KeptJob(
        extraction_id=uuid7(now, os.urandom),
        subject=order.subject,
        purpose=order.purpose,
        policy=order.policy.sha256,
        paths={kind: tuple(str(path.resolve()) for path in group) for kind, group in order.paths.items()},
        recipients=tuple(sorted(set(order.recipients))),
        name=document.skill_name(person.role or "colleague", order.name, person.names),
        operator=order.operator,
        at=now,
        model_file=str(order.model.resolve()) if order.model is not None else None,
        endpoint=order.endpoint,
        model_sha256=order.model_sha256,
        dkim_sha256=order.checks.dkim.sha256 if order.checks.dkim is not None else None,
        custodian=order.checks.custodian,
        people=str(order.people.resolve()) if order.people is not None else None,
        paraphrase=order.paraphrase,
    )
    allowed = order.policy.gates["run.local_model"].values()["addresses"]
    addresses = () if isinstance(allowed, str) else allowed
    with (
        contextlib.closing(backends.open_backend(order.model, order.endpoint, addresses)) as backend,
        workspace.log() as log,
        workspace.vault() as vault,
        working.working(workspace, kept, start) as work,
    ):

        def duties() -> Duties:
            return lineage.duties(workspace, log, vault, now)

        job = jobs.asked(kept, order.policy, identities, order.checks, backend, duties, now=now)
        yield job, Tools(log, vault, os.urandom, workspace.pseudonym_secret(), progress, work), backend, kept
