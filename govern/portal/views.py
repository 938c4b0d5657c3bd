"""What an auditor looks at, as values: one source for the auditor's pages and for the interface under `/api`."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from attest import bundle, checkpoint, events, witness_policy
from attest.cosignature import open_cosigned
from attest.encoding import to_time
from attest.errors import FormatError
from attest.log import EventLog
from attest.merkle import leaf_hash, node_hash, verify_consistency
from attest.names import PID
from attest.note import Verifier, open_note, text_of
from govern.errors import GovernError, VerificationError
from govern.workspace import Workspace

POLICY = "witnesses.policy"
MAX_ENTRIES = 200
"""Entries on one page."""
SILENCE_DAYS = 7
"""A log that says nothing for so long has a gap worth asking about."""


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
    redactions: dict[str, int]
    later: list[Entry]


class Consistency(BaseModel):
    """Whether a checkpoint that somebody saved is a beginning of this log."""

    saved_size: int
    size: int
    consistent: bool
    said: str


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
        return Consistency(saved_size=said.size, size=size, consistent=False, said="shorter")
    try:
        if said.size:
            path = log.consistency_proof(said.size, size)
            verify_consistency(said.size, size, path, said.root, log.root())
    except GovernError:
        return Consistency(saved_size=said.size, size=size, consistent=False, said="differs")
    return Consistency(saved_size=said.size, size=size, consistent=True, said="consistent")


def gaps(workspace: Workspace, log: EventLog) -> list[Gap]:
    """Return where the log is silent for long, where its clock runs backwards, and how much no witness has seen."""
    found, before = [], None
    for index, data in log.entries():
        at = events.parse(data).at
        if before is not None and (at - before).days >= SILENCE_DAYS:
            found.append(Gap(index=index, kind="silence", detail=str((at - before).days)))
        if before is not None and at < before:
            found.append(Gap(index=index, kind="clock", detail=to_time(before)))
        before = at
    witnessed = max((signed.size for signed in checkpoints(workspace, log) if signed.cosignatures), default=0)
    if witnessed < log.size:
        found.append(Gap(index=witnessed, kind="unwitnessed", detail=str(log.size - witnessed)))
    return found


def runs(log: EventLog) -> list[Run]:
    """Return every sealed run, newest first."""
    gated: dict[str, dict[str, Any]] = {}
    made: dict[str, Run] = {}
    for index, data in log.entries():
        if b'"extraction_id"' not in data:
            continue
        entry = json.loads(data)
        body, name = entry["body"], entry["body"].get("extraction_id")
        if not isinstance(name, str):
            continue
        if entry["type"] in ("extraction.gated", "extraction.redacted"):
            gated.setdefault(name, {}).update({entry["type"]: body})
        elif entry["type"] == "extraction.sealed":
            gate = gated.get(name, {}).get("extraction.gated", {})
            redacted = gated.get(name, {}).get("extraction.redacted", {})
            counts = body["counts"]
            taken = counts["taken"] + counts["taken_redacted"]
            made[name] = Run(
                extraction_id=name,
                subject=str(body["subject"]),
                purpose=body["purpose"],
                policy_id=body["policy"]["id"],
                policy_version=str(body["policy"]["version"]),
                policy_sha256=body["policy"]["sha256"],
                seal_index=index,
                consent_index=body["consent_index"],
                seen=taken + counts["left_out"],
                taken=taken,
                left_out=counts["left_out"],
                by_reason=_counts(gate.get("by_reason")),
                redactions=_counts(redacted.get("redactor", {}).get("by_entity")),
                later=[],
            )
        elif name in made:
            made[name].later.append(_entry(index, data))
    return list(made.values())[::-1]


def _counts(value: Any) -> dict[str, int]:
    return {str(k): v for k, v in value.items() if isinstance(v, int)} if isinstance(value, dict) else {}
