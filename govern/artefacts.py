"""Artefacts: every sealed extraction with what was made of it, read off the log; and what else a log says is open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attest.encoding import from_time
from attest.events import type_of

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault


@dataclass(frozen=True, slots=True)
class Artefact:
    """A sealed extraction and what was made of it: a draft, perhaps a skill.

    Attributes:
        extraction_id: Its id.
        subject: Pseudonymous id of the person.
        purpose: What for.
        policy: SHA-256 of the policy.
        sources: The sources that were asked for.
        consent_index: Entry of the consent that it rests on.
        heeded: Size of the log that its vetoes were read from: what came later could not be heeded.
        seal_index: Entry of its seal.
        sealed_at: Time of the seal, by the log.
        release_index: Entry of its last release, or None for a draft.
        revoked_index: Entry that revoked it, or None.
        tombstone_index: Entry of its tombstone, or None.
        replaced_by: The extraction that took its place, or None.
    """

    extraction_id: str
    subject: str
    purpose: str
    policy: str
    sources: frozenset[str]
    consent_index: int
    heeded: int
    seal_index: int
    sealed_at: datetime
    release_index: int | None = None
    revoked_index: int | None = None
    tombstone_index: int | None = None
    replaced_by: str | None = None


_WANTED = (
    "extraction.gated", "extraction.sealed", "skill.released", "skill.revoked", "skill.tombstoned", "salt.shredded",
    "consent.revoked", "participant.vetoed", "access.requested", "access.answered", "source.manifest",
)  # fmt: skip
Entry = tuple[int, dict[str, Any]]


def entries(log: EventLog) -> list[Entry]:
    """Return the entries that lineage is worked out from."""
    return [(index, json.loads(data)) for index, data in log.entries() if type_of(data) in _WANTED]


def artefacts(found: Iterable[Entry]) -> dict[str, Artefact]:
    """Return every sealed extraction, in the order of the log."""
    asked: dict[str, tuple[frozenset[str], int | None]] = {}
    made: dict[str, Artefact] = {}
    for index, entry in found:
        body = entry["body"]
        name = body.get("extraction_id")
        if entry["type"] == "extraction.gated" and body.get("allowed") and "request" in body:
            asked[name] = (frozenset(body["request"]["sources"]), body.get("log_size"))
        elif entry["type"] == "extraction.sealed":
            sources, heeded = asked.get(name, (frozenset(), None))
            made[name] = Artefact(
                extraction_id=name,
                subject=body["subject"],
                purpose=body["purpose"],
                policy=body["policy"]["sha256"],
                sources=sources,
                consent_index=body["consent_index"],
                heeded=body["manifest_index"] if heeded is None else heeded,
                seal_index=index,
                sealed_at=from_time(entry["at"]),
            )
        elif name in made and entry["type"] == "skill.released":
            made[name] = replace(made[name], release_index=index)
        elif name in made and entry["type"] == "skill.revoked":
            made[name] = replace(made[name], revoked_index=index)
        elif name in made and entry["type"] == "skill.tombstoned":
            made[name] = replace(made[name], tombstone_index=index, replaced_by=body["replaced_by"])
    return made


def access(found: Iterable[Entry]) -> tuple[datetime, ...]:
    """Return the times of the requests for access that are not answered yet."""
    waiting: dict[int, datetime] = {}
    for index, entry in found:
        if entry["type"] == "access.requested":
            waiting[index] = from_time(entry["at"])
        elif entry["type"] == "access.answered":
            waiting.pop(entry["body"].get("request_index", -1), None)
    return tuple(waiting.values())


def salts(found: Iterable[Entry], vault: Vault) -> tuple[datetime, ...]:
    """Return the times of the extractions of which salts are still there."""
    there = {name for name, (kept, _) in vault.holdings().items() if kept}
    return tuple(
        from_time(entry["at"])
        for _, entry in found
        if entry["type"] == "source.manifest" and entry["body"].get("extraction_id") in there
    )


def raw_kept() -> tuple[datetime, ...]:
    """Return since when raw material of earlier runs is kept: never, since no run writes any down."""
    return ()
