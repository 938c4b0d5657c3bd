"""Ceremonies by passkey over a skill: to release it, and to give a word on it once it is released."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest import dsse, response, statement
from govern import passkeys, releases, standing, subjects
from govern.errors import RefusedError, UsageError
from govern.passkeys import Page, Signing
from govern.reviewing import alone

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.response import Response
    from govern.releases import Plan
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Begun:
    """A release that is about to be signed.

    Attributes:
        draft: The draft's bytes.
        at: The moment that the release names.
        size: Size of the log then.
        page: The page that asks.
        plan: What is to be released, to be shown; it is put together anew at the end.
    """

    draft: bytes
    at: datetime
    size: int
    page: Page
    plan: Plan


def begin_release(
    workspace: Workspace, log: EventLog, draft: bytes, page: Page, now: datetime
) -> tuple[Begun, Signing]:
    """Begin to sign a release: the page shows the pages of `plan.candidate`, and the eight words.

    Args:
        workspace: The workspace.
        log: Its log.
        draft: The draft.
        page: The page that asks.
        now: The moment.

    Raises:
        RefusedError: A gate says no already, or the person has no passkey for this page.
    """
    plan = _plan(workspace, log, draft, now, now)
    ledger = workspace.ledger(log)
    signing = passkeys.offer(ledger, plan.draft.header.subject, page, statement.RELEASE_TYPE, plan.candidate.release)
    # As if the person had signed: whether that is so is known at the end, when all gates are asked anew.
    releases.ask(workspace, log, plan, now, reviewed=True, own=True)
    return Begun(draft, now, log.size, page, plan), signing


def finish_release(
    workspace: Workspace, log: EventLog, begun: Begun, answer: Mapping[str, Any], now: datetime
) -> bytes:
    """Check what the browser returned, ask all gates anew, log the release, and return the finished `.skill`.

    Args:
        workspace: The workspace.
        log: Its log.
        begun: What `begin_release` returned.
        answer: What the browser returned.
        now: The moment.

    Raises:
        FormatError: The answer is not in form.
        SignatureError: It is not a signature over this release.
        RefusedError: A gate says no, or something changed since it was offered to be signed. Nothing is written.
    """
    extraction_id = begun.plan.draft.extraction_id
    with contextlib.ExitStack() as held:
        if workspace.review_path(extraction_id).exists():
            # What is signed must not be decided otherwise while it is released.
            held.enter_context(alone(workspace, extraction_id))
        plan = _plan(workspace, log, begun.draft, now, begun.at)
        again = any(
            entry["type"] == "skill.released" and entry["body"]["extraction_id"] == extraction_id
            for index, entry in standing.entries(log)
            if index >= begun.size
        )
        if again or plan.candidate.release != begun.plan.candidate.release:
            raise RefusedError(
                "the skill was released, or something in it changed, after it was offered to be signed",
                "begin again: the page then shows it as it is now",
            )
        ledger, subject = workspace.ledger(log), plan.draft.header.subject
        # The passkeys of this moment: one that ended in between does not sign any more.
        signing = passkeys.offer(ledger, subject, begun.page, statement.RELEASE_TYPE, plan.candidate.release)
        signature = signing.finish(answer)
        enrolled = next(key for key in ledger.passkeys(subject) if key.key_id == signature["keyid"])
        releases.ask(workspace, log, plan, now, reviewed=True, own=True)
        envelope = dsse.build(statement.RELEASE_TYPE, plan.candidate.release, [signature])
        return releases.complete(workspace, log, plan, enrolled, envelope, now)


def _plan(workspace: Workspace, log: EventLog, data: bytes, now: datetime, at: datetime) -> Plan:
    from extract.skill import draft as drafts
    from extract.skill.review import Review

    draft = drafts.read(data, log)
    path = workspace.review_path(draft.extraction_id)
    review = Review.from_bytes(path.read_bytes()) if path.exists() else Review(draft.extraction_id)
    return releases.plan(
        workspace, log, draft, review, now, lambda: releases.circumstances(workspace, log, draft, now), at
    )


def begin_response(
    workspace: Workspace, log: EventLog, digest: str, pid: str, kind: str, page: Page, now: datetime
) -> tuple[Response, Signing]:
    """Begin to sign a word on a released skill, named by the digest of its statement: `confirm`, `contest`, `correct`.

    Raises:
        InputError: The skill was not released in this workspace.
        RefusedError: It is about somebody else, or the person has no passkey for this page.
    """
    said = subjects.respond(log, digest, pid, kind, now)
    return said, passkeys.offer(workspace.ledger(log), pid, page, response.PAYLOAD_TYPE, said.payload())


def finish_response(
    workspace: Workspace, log: EventLog, said: Response, signing: Signing, answer: Mapping[str, Any], now: datetime
) -> int:
    """Check what the browser returned, log the word, and return its index.

    Raises:
        FormatError: The answer is not in form.
        SignatureError: It is not a signature over this word.
        UsageError: Word and signature do not belong together.
        RefusedError: The passkey ended in between.
    """
    if signing.payload_type != response.PAYLOAD_TYPE or signing.payload != said.payload():
        raise UsageError("another word was signed than this one", "begin again")
    return subjects.log_response(workspace, log, said, signing.finish(answer), now)
