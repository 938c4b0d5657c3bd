"""A person's released skills: how each stands, until when, what the person says of it, and who used it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from attest.encoding import from_time
from attest.events import type_of
from attest.names import REFERENCE
from govern import standing
from govern.errors import InputError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from govern.standing import Standing, Word
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Use:
    """A use that was logged.

    Attributes:
        index: The entry.
        by: Who used it, by their own word.
        at: When, by the log.
    """

    index: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Skill:
    """A released skill.

    Attributes:
        extraction_id: The extraction that it comes of.
        purpose: What for.
        released_at: When it was released last.
        release_index: The entry that says so.
        expires: When its use ends by itself.
        claims: How many claims it holds.
        statement_sha256: Digest of its signed statement.
        standing: Whether it may be used now.
        word: What the person says of it.
        uses: Every use that was logged.
    """

    extraction_id: str
    purpose: str
    released_at: datetime
    release_index: int
    expires: datetime
    claims: int
    statement_sha256: str
    standing: Standing
    word: Word
    uses: tuple[Use, ...]


def of_person(workspace: Workspace, log: EventLog, pid: str, now: datetime) -> list[Skill]:
    """Return the released skills that describe a person, newest first: every version, whatever became of it."""
    released: dict[str, standing.Entry] = {}
    uses: dict[str, list[Use]] = {}
    for index, data in log.entries():
        kind = type_of(data)
        if kind == "skill.released":
            entry = json.loads(data)
            if entry["body"]["subject"] == pid:
                # A skill whose proofs were renewed is released once more; the last one stands.
                released.pop(entry["body"]["extraction_id"], None)
                released[entry["body"]["extraction_id"]] = (index, entry)
        elif kind == "skill.used":
            entry = json.loads(data)
            made = uses.setdefault(entry["body"]["extraction_id"], [])
            made.append(Use(index, entry["body"]["by"], from_time(entry["at"])))
    if not released:
        return []
    events, consents = standing.entries(log), workspace.ledger(log)
    found = []
    for name, (index, entry) in reversed(released.items()):
        body = entry["body"]
        found.append(
            Skill(
                extraction_id=name,
                purpose=body["purpose"],
                released_at=from_time(entry["at"]),
                release_index=index,
                expires=from_time(body["expires"]),
                claims=int(body["claims"]),
                statement_sha256=body["statement_sha256"],
                standing=standing.of_extraction(workspace, log, name, consents, now, draft=False),
                word=standing.word_on(entry, events, consents, now),
                uses=tuple(uses.get(name, ())),
            )
        )
    return found


def use(workspace: Workspace, log: EventLog, extraction_id: str, by: str, now: datetime) -> int:
    """Log that a released skill is used; return the entry. Whether it may be is for the caller to ask first.

    Args:
        workspace: The workspace.
        log: Its log.
        extraction_id: The extraction that the skill comes of.
        by: Who uses it: a role, a team or a pseudonym.
        now: The moment.

    Raises:
        UsageError: `by` is no such name.
        InputError: The log does not hold its release.
    """
    if REFERENCE.fullmatch(by) is None:
        raise UsageError("this cannot be the name of who uses a skill", "letters, digits and . _ : / -, as in team:own")
    for _, data in log.entries():
        if type_of(data) == "skill.released":
            body = json.loads(data)["body"]
            if body["extraction_id"] == extraction_id:
                said = {"extraction_id": extraction_id, "subject": body["subject"], "by": by}
                return workspace.append(log, "skill.used", "operator", said, now)
    raise InputError("the log does not hold the release of this skill", "is this the right --workspace?")
