"""What an extraction is given: the job that is asked for, and the tools that have side effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.authenticity import Checks
from extract.circumstances import Duties

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault
    from consent.request import RunRequest
    from extract.distil.chosen import Chosen
    from extract.execution.api import Executor
    from extract.execution.parts import Parts
    from extract.identity import Identities
    from extract.sources.registry import Kind
    from policies.model import Policy

Progress = Callable[[str, int, int], None]
SourcePaths = Mapping["Kind", Sequence[Path]]

#: Which source (as policies and consents name it) each kind of path on the command line asks for.
ASKED = {"mail": "mail.work", "repo": "vcs.commit", "chat": "chat.public_channel", "docs": "document.file"}
ACTOR = "operator"


def _here() -> Executor:
    from extract.execution.serial import SerialExecutor

    return SerialExecutor()


def _in_memory() -> Parts:
    from extract.execution.parts import MemoryParts

    return MemoryParts()


@dataclass(frozen=True, slots=True)
class Work:
    """Who does the work of a run, and where its intermediate results lie.

    Attributes:
        executor: Does the work: here, in processes, or on other machines.
        parts: Where results lie until the run ends.
    """

    executor: Executor = field(default_factory=_here)
    parts: Parts = field(default_factory=_in_memory)


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything with a side effect that an extraction needs, opened by the application.

    Attributes:
        log: The event log.
        vault: Salts, by person.
        random: `random(n)` returns n random bytes.
        secret: Workspace secret from which the pseudonym key of an extraction is derived.
        progress: Called with stage, done, total; never with text.
        work: Who does the work, and where its intermediate results lie.
    """

    log: EventLog
    vault: Vault
    random: Callable[[int], bytes]
    secret: bytes
    progress: Progress
    work: Work = field(default_factory=Work)

    def emit(self, kind: str, body: dict[str, Any], now: datetime) -> int:
        """Append one event and return its index."""
        from attest.events import Event

        return self.log.append([Event.new(kind, ACTOR, body, now, random=self.random)])[0]


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for.

    Attributes:
        request: Subject, purpose, sources, model and moment, as the gates see them.
        policy: The policy.
        people: Who is who.
        paths: Source paths by kind: mail, repo, chat, docs.
        checks: What there is to check the authenticity of the sources with.
        operator: Role id or pseudonym of who runs it; None is not known, and denies.
        duties: Returns what the organisation still owes, asked anew before each decision.
        without: Raw digests of records that are dropped right after reading, as if they had never been there.
        without_sources: Kinds of source, as facts name them (`chat.public_channel`), that are dropped likewise.
        extraction_id: Id of the extraction; "" draws one.
        chosen: What an improvement chose of the same messages; None keeps every claim.
        paraphrase: Whether the model may write in its own words, if this run's self-test finds it fit.
    """

    request: RunRequest
    policy: Policy
    people: Identities
    paths: SourcePaths
    checks: Checks = field(default_factory=Checks)
    operator: str | None = None
    duties: Callable[[], Duties] = Duties
    without: frozenset[str] = frozenset()
    without_sources: frozenset[str] = frozenset()
    extraction_id: str = ""
    chosen: Chosen | None = None
    paraphrase: bool = False

    @property
    def subject(self) -> str:
        """Pseudonymous id of the person."""
        return self.request.subject or ""

    @property
    def policy_ref(self) -> dict[str, Any]:
        """The policy as log entries name it."""
        return {"id": self.policy.id, "version": self.policy.version, "sha256": self.policy.sha256}
