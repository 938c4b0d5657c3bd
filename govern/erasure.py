"""Erasure to the end: salts destroyed and logged whatever crashes between, and a receipt of everything that was done.

The receipt is canonical JSON: entries of the log, each with its proof (C2SP tlog-proof). What was withdrawn, revoked,
ended, made again and shredded is read off the proved entries alone; nothing else in the file says anything.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest import answers, canonical
from attest.encoding import from_time, to_time
from attest.errors import FormatError, ProofError
from attest.note import Verifier
from attest.shape import exact
from govern import lineage
from govern.errors import GovernError, InputError

if TYPE_CHECKING:
    from attest.events import Event
    from attest.log import EventLog
    from attest.vault import Vault
    from govern.workspace import Workspace
    from policies.duration import Duration

SCHEMA = "govern-withdrawal/1"
INTENT = "govern-erasure/1"
MAX_RECEIPT = 16 << 20
#: Extractions that one `salt.shredded` entry names: an entry has a size limit.
BATCH = 1000
#: Where a policy does not say how long salts are kept, as the floor does.
KEEP_MAX = "P3Y"
_ENDS = ("skill.revoked", "skill.tombstoned")


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: number of records by extraction, and the entries that say so."""

    records: dict[str, int]
    indexes: tuple[int, ...]


def erase(workspace: Workspace, log: EventLog, vault: Vault, filed: Collection[str], now: datetime) -> Erased:
    """Destroy the salts of every record in which a person appears, then log how many, without naming the person.

    What is meant to be done is written down first, in numbers only: after a crash `recover` logs what the vault shows.

    Args:
        workspace: The workspace.
        log: Its log.
        vault: Its vault.
        filed: The names under which the vault files the person.
        now: The moment.
    """
    return _destroy(workspace, log, vault, now, lambda: vault.shred(*filed))


def expire(workspace: Workspace, log: EventLog, vault: Vault, now: datetime) -> Erased:
    """Destroy the salts of every extraction that is older than its policy lets them be kept: `lifecycle.log`."""
    there = {name for name, (kept, _) in vault.holdings().items() if kept}
    found = lineage.entries(log)
    policies = {name: made.policy for name, made in lineage.artefacts(found).items()}
    old = [
        name
        for _, entry in found
        if entry["type"] == "source.manifest"
        and (name := str(entry["body"]["extraction_id"])) in there
        and _keep_max(workspace, log, policies.get(name)).after(from_time(entry["at"])) <= now
    ]
    return _destroy(workspace, log, vault, now, lambda: vault.shred_extractions(old)) if old else Erased({}, ())


def _keep_max(workspace: Workspace, log: EventLog, policy: str | None) -> Duration:
    from policies.duration import Duration

    try:
        # Where a run was never sealed, or its policy is of an earlier form, the floor's own time runs.
        gates = workspace.policy(log, policy).gates if policy is not None else {}
    except GovernError:
        gates = {}
    return Duration.parse(str(gates["lifecycle.log"].values()["keep_max"]) if "lifecycle.log" in gates else KEEP_MAX)


def _destroy(
    workspace: Workspace, log: EventLog, vault: Vault, now: datetime, act: Callable[[], list[tuple[str, int]]]
) -> Erased:
    recover(workspace, log, vault, now)
    intent = _write_intent(workspace, log, vault)
    gone = Counter(extraction for extraction, _ in act())
    indexes = _log(workspace, log, gone, now)
    intent.unlink()
    return Erased(dict(sorted(gone.items())), indexes)


def recover(workspace: Workspace, log: EventLog, vault: Vault, now: datetime) -> tuple[int, ...]:
    """Log what an erasure destroyed that did not live to say so; return the entries.

    Raises:
        InputError: What was written down is damaged.
    """
    indexes: tuple[int, ...] = ()
    folder = workspace.root / "erasures"
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        if path.name.startswith("."):
            continue
        size, before = _read_intent(path)
        # One erasure at a time holds the vault: every entry since then is its own.
        said = {name for entry in _shredded(log, size) for name in entry["body"]["extractions"]}
        gone = {
            name: destroyed - before.get(name, 0)
            for name, (_, destroyed) in vault.holdings().items()
            if destroyed > before.get(name, 0) and name not in said
        }
        indexes += _log(workspace, log, gone, now)
        path.unlink()
    return indexes


def _write_intent(workspace: Workspace, log: EventLog, vault: Vault) -> Path:
    path = workspace.root / "erasures" / f"{log.size:012d}-{secrets.token_hex(4)}.json"
    gone = {name: destroyed for name, (_, destroyed) in vault.holdings().items() if destroyed}
    workspace.keep(path, canonical.dumps({"schema": INTENT, "log_size": log.size, "gone": gone}))
    return path


def _read_intent(path: Path) -> tuple[int, dict[str, int]]:
    try:
        value = exact(canonical.loads(path.read_bytes()), "an erasure", {"schema": str, "log_size": int, "gone": dict})
        if value["schema"] != INTENT or not all(type(n) is int for n in value["gone"].values()):
            raise FormatError("an erasure is of a form that is not known")
    except (FormatError, OSError):
        raise InputError(
            f"{path} is damaged", "restore it from a backup: it says which salts were about to go"
        ) from None
    return value["log_size"], value["gone"]


def _shredded(log: EventLog, start: int) -> list[dict[str, Any]]:
    mark = b'"type":"salt.shredded"'
    found = [json.loads(data) for _, data in log.entries(start) if mark in data]
    return [entry for entry in found if entry["type"] == "salt.shredded"]


def _log(workspace: Workspace, log: EventLog, gone: Mapping[str, int], now: datetime) -> tuple[int, ...]:
    counted = sorted(gone.items())
    indexes = []
    for start in range(0, len(counted), BATCH):
        part = counted[start : start + BATCH]
        body = {"extractions": [name for name, _ in part], "records": sum(n for _, n in part)}
        indexes.append(workspace.append(log, "salt.shredded", "operator", body, now))
    return tuple(indexes)


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
