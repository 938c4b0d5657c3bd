"""Receipts of withdrawals: everything that a person took back, and what came of it, with proofs that lead to the log.

Canonical JSON: entries of the log, each with its proof (C2SP tlog-proof). What was withdrawn, revoked, ended, made
again and shredded is read off the proved entries alone; nothing else in the file says anything.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attest import answers, canonical
from attest.encoding import to_time
from attest.errors import FormatError, ProofError
from attest.note import Verifier
from attest.shape import exact

if TYPE_CHECKING:
    from attest.events import Event
    from attest.log import EventLog

SCHEMA = "govern-withdrawal/1"
MAX_RECEIPT = 16 << 20
_ENDS = ("skill.revoked", "skill.tombstoned")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt whose proofs hold.

    Attributes:
        origin: The log.
        pid: Whose.
        at: When it was written, by the word of whoever wrote it.
        log_size: Size of the log at the checkpoint that all proofs rest on.
        entries: The proved entries, by index.
    """

    origin: str
    pid: str
    at: str
    log_size: int
    entries: Mapping[int, Event]

    def _of(self, kind: str) -> list[tuple[int, Event]]:
        return [(index, event) for index, event in self.entries.items() if event.type == kind]

    @property
    def document(self) -> dict[str, Any]:
        """What the proved entries say, for programs."""
        ended = {str(event.body["extraction_id"]): event.body for _, event in self._of("skill.tombstoned")}
        shredded = self._of("salt.shredded")
        return {
            "subject": self.pid,
            "at": self.at,
            "log_size": self.log_size,
            "entries": sorted(self.entries),
            "withdrawn": [
                {"index": index, "at": to_time(event.at), **_scope(event.body)}
                for index, event in self._of("consent.withdrawn")
            ],
            "revoked": [str(event.body["extraction_id"]) for _, event in self._of("skill.revoked")],
            "tombstoned": {name: str(body["why"]) for name, body in ended.items() if body["replaced_by"] is None},
            "rederived": {name: str(body["replaced_by"]) for name, body in ended.items() if body["replaced_by"]},
            "waiting": {
                str(event.body["extraction_id"]): str(event.body["due"])
                for _, event in self._of("skill.revoked")
                if event.body["extraction_id"] not in ended
            },
            "shredded": {
                "records": sum(int(event.body["records"]) for _, event in shredded),
                "extractions": sorted({name for _, event in shredded for name in event.body["extractions"]}),
            },
        }

    @property
    def text(self) -> str:
        """What the proved entries say, for people."""
        said = self.document
        lines = [f"Receipt for {self.pid}", ""]
        for each in said["withdrawn"]:
            purposes = ", ".join(each["purposes"] or ["everything"])
            sources = f", as to {', '.join(each['sources'])}" if each["sources"] else ""
            lines.append(f"You took back: {purposes}{sources}; at {each['at']}, log entry {each['index']}")
        lines += [f"May not be used any more: {name}" for name in said["revoked"]]
        lines += [f"Ended, nothing takes its place: {name} ({why})" for name, why in said["tombstoned"].items()]
        lines += [f"Made again without it: {name}, now {new}, for review" for name, new in said["rederived"].items()]
        lines += [f"Still to be made again or ended: {name}, by {due}" for name, due in said["waiting"].items()]
        if said["shredded"]["records"]:
            lines.append(f"Salts destroyed: {said['shredded']['records']} records")
        return "\n".join([*lines, "", f"Log {self.origin}, size {self.log_size}; entries {said['entries']}"]) + "\n"


def _scope(body: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """Return what a withdrawal is about; None stands for all, and so does what cannot be read."""

    def listed(value: object) -> list[str] | None:
        return sorted(value) if isinstance(value, list) and value and all(isinstance(v, str) for v in value) else None

    return {"purposes": listed(body.get("purposes")), "sources": listed(body.get("sources"))}


def receipt(log: EventLog, note: bytes, pid: str, at: str, shredded: Collection[int] = ()) -> bytes:
    """Return the receipt of everything that a person withdrew, and of what came of it so far.

    Args:
        log: The log.
        note: The signed checkpoint that the proofs rest on.
        pid: The person.
        at: The moment.
        shredded: The entries of an erasure that went with it: these name nobody, so only who asked for them knows.
    """
    chosen = set(shredded)
    entries = [(index, json.loads(data)) for index, data in log.entries() if any(mark in data for mark in _MARKS)]
    chosen |= {i for i, e in entries if e["type"] == "consent.withdrawn" and e["body"].get("pid") == pid}
    chosen |= {i for i, e in entries if e["type"] in _ENDS and chosen & set(e["body"].get("causes", ()))}
    return canonical.dumps(
        {
            "schema": SCHEMA,
            "origin": log.origin,
            "pid": pid,
            "at": at,
            "entries": [
                {"entry": log.entry(index).decode(), "proof": log.proof(index, note).to_bytes().decode()}
                for index in sorted(chosen)
            ],
        }
    )


_MARKS = tuple(f'"type":"{kind}"'.encode() for kind in ("consent.withdrawn", *_ENDS))


def is_receipt(data: bytes) -> bool:
    """Return whether a file is such a receipt, by its own word."""
    return f'"schema":"{SCHEMA}"'.encode() in data[-200:]


def verify(data: bytes, log_vkey: str) -> Receipt:
    """Check every proof of a receipt.

    Args:
        data: The file.
        log_vkey: The log's key, from somewhere else than the file.

    Raises:
        FormatError: The file is no such receipt.
        VerificationError: A proof does not hold, or an entry is about something else.
    """
    if len(data) > MAX_RECEIPT:
        raise FormatError("a receipt is too long")
    shape = {"schema": str, "origin": str, "pid": str, "at": str, "entries": list}
    value = exact(canonical.loads(data), "a receipt", shape)
    verifier = Verifier.from_vkey(log_vkey)
    if value["schema"] != SCHEMA:
        raise FormatError("a receipt is of a version that is not known")
    if value["origin"] != verifier.name:
        raise ProofError("the receipt is about another log than the key's")
    proved: dict[int, Event] = {}
    heads = set()
    for item in value["entries"]:
        exact(item, "an entry of a receipt", {"entry": str, "proof": str})
        index, event, head = answers.logged(item["entry"].encode(), item["proof"].encode(), verifier)
        if index in proved:
            raise FormatError("a receipt holds an entry twice")
        proved[index] = event
        heads.add(head)
    if len(heads) > 1:
        raise ProofError("the proofs of a receipt rest on different checkpoints")
    causes = {index for index, event in proved.items() if event.type not in _ENDS}
    for event in proved.values():
        if not _belongs(event, value["pid"], causes):
            raise ProofError("an entry of the receipt is about something else")
    size = max((head.size for head in heads), default=0)
    return Receipt(value["origin"], value["pid"], value["at"], size, dict(sorted(proved.items())))


def _belongs(event: Event, pid: str, causes: Collection[int]) -> bool:
    if event.type == "consent.withdrawn":
        return event.body.get("pid") == pid
    if event.type in _ENDS:
        named = event.body.get("causes")
        return (
            isinstance(named, list)
            and not set(causes).isdisjoint(named)
            and isinstance(event.body["extraction_id"], str)
        )
    return event.type == "salt.shredded"
