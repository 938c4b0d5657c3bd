"""The sample workplace, read once: what the stages are measured on."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from govern.cli.demo import sample_workplace

if TYPE_CHECKING:
    from consent.request import RunRequest
    from extract.identity import Identities
    from extract.job import Job
    from extract.sources import ReadResult

NOW = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)
PATHS = {"mail": "mail/archive.mbox", "chat": "chat/export.zip", "repo": "repo.bundle"}


def read() -> ReadResult:
    """Read mail, chat and commits."""
    from extract.sources import open_source, read_all

    # In the order of the pipeline, so that a record's place here is its leaf in the disposition tree.
    return read_all([open_source(kind, sample_workplace() / path) for kind, path in sorted(PATHS.items())])  # type: ignore[arg-type]


@cache
def records() -> ReadResult:
    """Return what `read` gives, once."""
    return read()


@cache
def people() -> Identities:
    """Return the people of the sample."""
    from extract import identity

    return identity.load(sample_workplace() / "identities.yaml")


@cache
def job() -> Job:
    """Return an extraction of everything, for the gates."""
    from consent.request import RunRequest
    from extract.job import Job
    from policies import loader

    policy = loader.load("worker_protection")
    request: RunRequest = RunRequest(
        subject=people().people[0].pid,
        purpose="knowledge_transfer",
        sources=("chat.public_channel", "mail.work", "vcs.commit"),
        recipients=("team:own",),
        policy=policy.sha256,
        model_kind="in_process",
        model_sha256="0" * 64,
        model_address=None,
        now=NOW,
    )
    return Job(request, policy, people(), {})


def own_words() -> list[str]:
    """Return the subject's own words, record by record."""
    subject = people().people[0].pid
    return [r.own_text() for r in records().records if people().resolve(r.author_key) == subject]
