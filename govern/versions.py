"""Versions of a skill: every extraction of one person for one purpose under one name, in the order of the log.

The log only grows, so a version is never taken out of it. Putting an earlier one back in use is an entry, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from govern import jobs, lineage, standing
from govern.errors import InputError, RefusedError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from govern.standing import Standing
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    Attributes:
        number: Place in the log's order, from 1.
        extraction_id: The extraction that made it.
        sealed_at: When that was.
        standing: How it stands now.
        claims: How many claims its last release holds; None for a draft.
        gain: Millionths of a bit per byte over general advice, from its last evaluation: value, low, high; or None.
    """

    number: int
    extraction_id: str
    sealed_at: datetime
    standing: Standing
    claims: int | None
    gain: tuple[int, ...] | None

    @property
    def document(self) -> dict[str, Any]:
        """The version for programs."""
        return {
            "version": self.number,
            "extraction_id": self.extraction_id,
            "sealed_at": self.sealed_at.isoformat().replace("+00:00", "Z"),
            **self.standing.document,
            "claims": self.claims,
            "gain": None if self.gain is None else list(self.gain),
        }


def of_skill(workspace: Workspace, log: EventLog, extraction_id: str, now: datetime) -> list[Version]:
    """Return all versions of the skill that an extraction is a version of, the oldest first.

    What was ended with everything that was kept of it has no name any more: it is listed where its successor is known.

    Raises:
        InputError: The log does not hold the extraction.
    """
    entries = lineage.entries(log)
    made = lineage.artefacts(entries)
    if extraction_id not in made:
        raise InputError("the log does not hold the extraction of this skill", "is this the right --workspace?")
    asked = made[extraction_id]
    line = [
        each
        for each in made.values()
        if (each.subject, each.purpose) == (asked.subject, asked.purpose)
        and (each is asked or _same_name(workspace, each.extraction_id, extraction_id, made))
    ]
    consents = workspace.ledger(log)
    claims, gains = _told(log)
    return [
        Version(
            number,
            each.extraction_id,
            each.sealed_at,
            standing.of_extraction(workspace, log, each.extraction_id, consents, now, draft=each.release_index is None),
            claims.get(each.extraction_id),
            gains.get(each.extraction_id),
        )
        for number, each in enumerate(sorted(line, key=lambda a: a.seal_index), 1)
    ]


def _same_name(workspace: Workspace, one: str, other: str, made: dict[str, Any]) -> bool:
    names = [_name(workspace, extraction, made) for extraction in (one, other)]
    return names[0] is not None and names[0] == names[1]


def _name(workspace: Workspace, extraction_id: str, made: dict[str, Any]) -> str | None:
    """Return the name of an extraction's skill: its own, or that of the one that took its place."""
    seen: set[str] = set()
    at: str | None = extraction_id
    while at is not None and at not in seen:
        seen.add(at)
        job = jobs.load(workspace, at)
        if job is not None:
            return job.name
        at = made[at].replaced_by if at in made else None
    return None


def _told(log: EventLog) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    """Return claims by extraction as released last, and gains as evaluated last."""
    claims: dict[str, int] = {}
    gains: dict[str, tuple[int, ...]] = {}
    for _, data in log.entries():
        if b'"type":"skill.released"' in data or b'"type":"skill.evaluated"' in data:
            entry = json.loads(data)
            body = entry["body"]
            if entry["type"] == "skill.released":
                claims[body["extraction_id"]] = int(body["claims"])
            elif entry["type"] == "skill.evaluated":
                gains[body["extraction_id"]] = tuple(body["evaluation"]["gain"]["gains"]["own_over_placebo"])
    return claims, gains


def would_supersede(workspace: Workspace, log: EventLog, extraction_id: str, now: datetime) -> Sequence[Version]:
    """Return the versions that are superseded when a released version is put back in use.

    Raises:
        InputError: The log does not hold it.
        RefusedError: It may not be used: a draft, expired, revoked, something taken back meanwhile.
        UsageError: It is the version in use.
    """
    versions = of_skill(workspace, log, extraction_id, now)
    (this,) = (v for v in versions if v.extraction_id == extraction_id)
    if this.standing.status not in ("released", "superseded"):
        raise RefusedError(
            f"this version is {this.standing.status}: it cannot be put back in use",
            "`govern skill versions FILE` shows which can",
        )
    lineage.refuse_taken_back(workspace, log, extraction_id, now)
    others = [v for v in versions if v is not this and v.standing.status == "released"]
    if not others:
        # Whatever took its place is not in use itself any more: only its name is needed to take the entry back.
        others = [v for v in versions if v.extraction_id == this.standing.replaced_by]
    if not others:
        raise UsageError("this is the version in use already", "`govern skill versions FILE` shows all of them")
    return others


def put_back(workspace: Workspace, log: EventLog, extraction_id: str, now: datetime) -> Sequence[Version]:
    """Put a released version back in use, in place of the others; return those that are superseded by it.

    Nothing is made and nothing is released: the person signed exactly this version, and their consent must still stand.

    Raises:
        GovernError: See `would_supersede`.
    """
    others = would_supersede(workspace, log, extraction_id, now)
    for other in others:
        body = {"extraction_id": other.extraction_id, "by": extraction_id, "why": "rollback"}
        workspace.append(log, "skill.superseded", "operator", body, now)
    return others
