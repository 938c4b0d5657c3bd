"""Asking a person: the request with its notice in the log, and a look at what would be taken of their own messages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consent import notice
from consent.request import RunRequest
from extract import gating
from extract.distil import backend
from extract.job import ASKED, Job, Tools
from govern import notices, preview

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.notice import Notice
    from extract.job import Progress, SourcePaths
    from govern.preview import Preview
    from govern.workspace import Workspace
    from policies.model import Policy

MAX_HEADING = 80


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One message of the person's own, for nobody else's eyes.

    Attributes:
        source: Kind of source: `mail.work`.
        day: Day on which it was sent, or "".
        heading: Subject line or first words, at most `MAX_HEADING` characters.
        reasons: Why it would be left out; empty where it would be taken.
    """

    source: str
    day: str
    heading: str
    reasons: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the item as a JSON value."""
        return {"source": self.source, "day": self.day, "heading": self.heading, "reasons": list(self.reasons)}


def ask(
    workspace: Workspace,
    log: EventLog,
    subject: str,
    policy: Policy,
    purposes: Sequence[str],
    lang: str | None,
    now: datetime,
) -> tuple[int, Notice]:
    """Log that a person is asked, with the notice in their language; return the entry and the notice."""
    person = workspace.identities().person(subject)
    text = notice.choose(notices.language(person, lang))
    workspace.adopt(log, policy, now)
    notices.publish(workspace, log, text, now)
    body = {
        "pid": subject,
        "purposes": sorted(purposes),
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "notice_sha256": text.sha256,
        "lang": text.lang,
    }
    return workspace.append(log, "consent.requested", "operator", body, now), text


def look(
    workspace: Workspace,
    log: EventLog,
    policy: Policy,
    subject: str,
    purpose: str,
    paths: SourcePaths,
    lang: str,
    now: datetime,
    progress: Progress,
) -> tuple[Preview, list[Item]]:
    """Gate the person's own sources as a run would, under a consent that grants all that the policy allows.

    Nothing of them is kept; that somebody looked is logged.

    Returns:
        The numbers with their reasons, and the person's own messages one by one, newest first.
    """
    asked = RunRequest(
        subject=subject,
        purpose=purpose,
        sources=tuple(sorted(ASKED[kind] for kind in paths)),
        recipients=(),
        policy=policy.sha256,
        model_kind="in_process",
        model_sha256=backend.model_sha256(backend.default_model()),
        model_address=None,
        now=now,
    )
    job = Job(asked, policy, workspace.identities(), paths)
    with workspace.vault() as vault:
        tools = Tools(log, vault, os.urandom, workspace.pseudonym_secret(), progress)
        _, gated = gating.dry_run(job, workspace.ledger(log), tools)
    sources = gated.facts["source"].tolist()
    own = [author == "subject" for author in gated.facts["author"].tolist()]
    items = []
    for i, record in enumerate(gated.read.records):
        if own[i]:
            words = " ".join((record.title or record.own_text()).split())
            day = record.sent_at.date().isoformat() if record.sent_at is not None else ""
            source = sources[i] if isinstance(sources[i], str) else preview.UNKNOWN
            items.append(Item(source, day, words[:MAX_HEADING], gated.reasons[i]))
    items.sort(key=lambda item: item.day, reverse=True)
    return preview.summarise(sources, gated.reasons, lang), items
