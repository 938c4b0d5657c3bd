"""What an auditor looks at, as values: one source for the auditor's pages and for the interface under `/api`."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attest import bundle, checkpoint, events, witness_policy
from attest.cosignature import open_cosigned
from attest.encoding import from_time, to_time
from attest.errors import FormatError
from attest.log import EventLog
from attest.merkle import leaf_hash, node_hash, verify_consistency
from attest.names import PID
from attest.note import Verifier, open_note, text_of
from consent.ledger import Ledger
from govern.errors import GovernError, VerificationError
from govern.workspace import Workspace

POLICY = "witnesses.policy"
MAX_ENTRIES = 200
"""Entries on one page."""
SILENCE_DAYS = 7
"""A log that says nothing for so long has a gap worth asking about."""
_TIME = re.compile(rb'\{"actor":"[^"\\]*","at":"([^"\\]*)"')


class Head(BaseModel):
    """Where the log stands."""

    origin: str
    size: int
    root: str
    checkpoint: str
    log_key: str


class Signed(BaseModel):
    """A checkpoint that was signed."""

    size: int
    root: str
    cosignatures: int


class Entry(BaseModel):
    """An entry of the log, in short."""

    index: int
    type: str
    at: str
    actor: str


def subject_of(entry: str) -> str | None:
    """Return the one person whom an entry names, for the log of who looked; None where it names nobody."""
    body = json.loads(entry)["body"]
    named = next((body[key] for key in ("pid", "subject") if isinstance(body.get(key), str)), None)
    return named if named is not None and PID.fullmatch(named) else None


class Step(BaseModel):
    """One step from a leaf to the root: the hash that joins it, from which side, and what comes out."""

    sibling: str
    side: str
    result: str


class Proved(BaseModel):
    """An entry with the way from it to the signed root."""

    index: int
    size: int
    entry: str
    leaf: str
    steps: list[Step]
    root: str
    checkpoint: str


class Gap(BaseModel):
    """A place of the log that an auditor should ask about."""

    index: int
    kind: str
    detail: str


class Source(BaseModel):
    """What the gates took and left out of one kind of source."""

    kind: str
    taken: int
    left_out: int
    by_reason: dict[str, int]


class Standing(BaseModel):
    """How a person stood on a purpose when a run was sealed."""

    purpose: str
    state: str
    consent_index: int | None
    sources: list[str]
    end: str | None


class Run(BaseModel):
    """A run in numbers, by the log's own entries."""

    extraction_id: str
    subject: str
    purpose: str
    policy_id: str
    policy_version: str
    policy_sha256: str
    seal_index: int
    consent_index: int
    seen: int
    taken: int
    left_out: int
    by_reason: dict[str, int]
    sources: list[Source]
    redactions: dict[str, int]
    first_index: int
    later: list[Entry]


class RunInFull(BaseModel):
    """A run with what stood in force when it was sealed, and what to ask about in its part of the log."""

    run: Run
    consents: list[Standing]
    gaps: list[Gap]


class Consistency(BaseModel):
    """Whether a checkpoint that somebody saved is a beginning of this log, and of which later checkpoints of it."""

    saved_size: int
    size: int
    consistent: bool
    said: str
    later: list[Signed]


def head(workspace: Workspace, log: EventLog) -> Head:
    """Sign the log as it is, and say where it stands."""
    note = workspace.sign(log)
    now = checkpoint.parse(text_of(note))
    return Head(
        origin=log.origin, size=now.size, root=now.root.hex(), checkpoint=note.decode(), log_key=workspace.log_vkey
    )


def checkpoints(workspace: Workspace, log: EventLog) -> list[Signed]:
    """Return every signed checkpoint, newest first, with the cosignatures that hold.

    Counted are witnesses whom the workspace's `witnesses.policy` names, each by a signature that was verified; whatever
    else stands beside a checkpoint says nothing.
    """
    path = workspace.root / POLICY
    cosigners = witness_policy.parse(path.read_bytes()).cosigners if path.exists() else ()
    found = []
    for note in log.checkpoints():
        said = checkpoint.parse(text_of(note))
        try:
            by = open_cosigned(bundle.cosigned(log, note), cosigners).cosignatures
        except GovernError:
            by = ()
        found.append(Signed(size=said.size, root=said.root.hex(), cosignatures=len(by)))
    return found[::-1]


def entries(log: EventLog, before: int | None = None, count: int = MAX_ENTRIES) -> list[Entry]:
    """Return entries newest first, those before an index."""
    end = log.size if before is None else max(0, min(before, log.size))
    start = max(0, end - min(count, MAX_ENTRIES))
    return [_entry(index, data) for index, data in log.entries(start, end)][::-1]


def _entry(index: int, data: bytes) -> Entry:
    event = events.parse(data)
    return Entry(index=index, type=event.type, at=to_time(event.at), actor=event.actor)


def proved(workspace: Workspace, log: EventLog, index: int) -> Proved | None:
    """Return an entry with every hash from it to the signed root, or None where there is none."""
    if not 0 <= index < log.size:
        return None
    note = workspace.sign(log)
    proof = log.proof(index, note)
    size = checkpoint.parse(text_of(note)).size
    entry = log.entry(index)
    value = leaf_hash(entry)
    steps = []
    # RFC 9162, 2.1.3.2: a sibling stands left where the place is odd, or where it is the last of its row.
    place, last = index, size - 1
    for sibling in proof.hashes:
        if place % 2 or place == last:
            value, side = node_hash(sibling, value), "left"
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            value, side = node_hash(value, sibling), "right"
        place, last = place // 2, last // 2
        steps.append(Step(sibling=sibling.hex(), side=side, result=value.hex()))
    root = checkpoint.parse(text_of(note)).root
    if value != root:
        raise VerificationError("the proof does not lead to the root", "`govern log fsck` says what is damaged")
    return Proved(
        index=index,
        size=size,
        entry=entry.decode(),
        leaf=leaf_hash(entry).hex(),
        steps=steps,
        root=root.hex(),
        checkpoint=note.decode(),
    )


def consistent(workspace: Workspace, log: EventLog, saved: bytes) -> Consistency:
    """Say whether a checkpoint that the auditor saved earlier is a beginning of the log as it is now.

    Raises:
        FormatError: It is no signed checkpoint, or not one of this log.
    """
    try:
        note = open_note(saved, [Verifier.from_vkey(workspace.log_vkey)])
        said = checkpoint.parse(note.text)
    except GovernError:
        raise FormatError("this is not a checkpoint that the log's key signed") from None
    if said.origin != log.origin:
        raise FormatError("this is a checkpoint of another log")
    size = log.size
    if said.size > size:
        return Consistency(saved_size=said.size, size=size, consistent=False, said="shorter", later=[])
    try:
        if said.size:
            path = log.consistency_proof(said.size, size)
            verify_consistency(said.size, size, path, said.root, log.root())
    except GovernError:
        return Consistency(saved_size=said.size, size=size, consistent=False, said="differs", later=[])
    # The saved one is a beginning of the log as it is now; so it is of every checkpoint whose root is the log's.
    later = [
        each
        for each in checkpoints(workspace, log)
        if said.size <= each.size <= size and log.root(each.size).hex() == each.root
    ]
    return Consistency(saved_size=said.size, size=size, consistent=True, said="consistent", later=later)


def gaps(workspace: Workspace, log: EventLog, start: int = 0, end: int | None = None) -> list[Gap]:
    """Return where the log is silent for long, where its clock runs backwards, and how much no witness has seen.

    Args:
        workspace: The workspace.
        log: Its log.
        start: First entry to look at.
        end: The entry after the last one; None for the whole log.
    """
    end = log.size if end is None else end
    found, before = [], None
    for index, data in log.entries(start, end):
        at = _at(data)
        if before is not None and (at - before).days >= SILENCE_DAYS:
            found.append(Gap(index=index, kind="silence", detail=str((at - before).days)))
        if before is not None and at < before:
            found.append(Gap(index=index, kind="clock", detail=str(round((before - at).total_seconds()))))
        before = at
    witnessed = max((signed.size for signed in checkpoints(workspace, log) if signed.cosignatures), default=0)
    if witnessed < end:
        first = max(start, witnessed)
        found.append(Gap(index=first, kind="unwitnessed", detail=str(end - first)))
    return found


def _at(data: bytes) -> datetime:
    # In canonical JSON the time stands first: to parse every entry for it takes a hundred times as long.
    said = _TIME.match(data)
    return from_time(said[1].decode()) if said is not None else events.parse(data).at


def runs(log: EventLog) -> list[Run]:
    """Return every sealed run, newest first."""
    steps: dict[str, dict[str, dict[str, Any]]] = {}
    first: dict[str, int] = {}
    made: dict[str, Run] = {}
    for index, data in log.entries():
        if b'"extraction_id"' not in data:
            continue
        entry = json.loads(data)
        body, name = entry["body"], entry["body"].get("extraction_id")
        if not isinstance(name, str):
            continue
        first.setdefault(name, index)
        if entry["type"] in ("extraction.gated", "extraction.redacted"):
            steps.setdefault(name, {})[entry["type"]] = body
        elif entry["type"] == "extraction.sealed":
            gated = steps.get(name, {}).get("extraction.gated", {})
            redacted = steps.get(name, {}).get("extraction.redacted", {})
            counts = body["counts"]
            made[name] = Run(
                extraction_id=name,
                subject=str(body["subject"]),
                purpose=body["purpose"],
                policy_id=body["policy"]["id"],
                policy_version=str(body["policy"]["version"]),
                policy_sha256=body["policy"]["sha256"],
                seal_index=index,
                consent_index=body["consent_index"],
                seen=body["size"],
                taken=counts["taken"] + counts["taken_redacted"],
                left_out=counts["left_out"],
                by_reason=counts["by_reason"],
                # Runs from before sources were counted one by one have none.
                sources=[Source(kind=kind, **said) for kind, said in gated.get("by_source", {}).items()],
                redactions=_counts(redacted.get("redactor", {}).get("by_entity")),
                first_index=first[name],
                later=[],
            )
        elif name in made:
            made[name].later.append(_entry(index, data))
    return list(made.values())[::-1]


def run(workspace: Workspace, log: EventLog, extraction_id: str) -> RunInFull | None:
    """Return one sealed run with what stood in force when it was sealed; None where there is none."""
    found = next((each for each in runs(log) if each.extraction_id == extraction_id), None)
    if found is None:
        return None
    # As the log was then: what came later changes nothing about what stood in force at that moment.
    then = Ledger.replay(log.entries(0, found.seal_index))
    at = _at(log.entry(found.seal_index))
    return RunInFull(
        run=found,
        consents=[
            Standing(
                purpose=purpose,
                state=state.state,
                consent_index=state.record_index,
                sources=list(state.sources),
                end=to_time(state.end) if state.end is not None else None,
            )
            for purpose, state in then.states(found.subject, at).items()
        ],
        gaps=gaps(workspace, log, found.first_index, found.seal_index + 1),
    )


def _counts(value: Any) -> dict[str, int]:
    return {str(k): v for k, v in value.items() if isinstance(v, int)} if isinstance(value, dict) else {}
