"""Erasure: salts destroyed, for a person or for their age, and logged whatever crashes in between."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest import canonical
from attest.encoding import from_time
from attest.errors import FormatError
from attest.shape import exact
from govern import identities, lineage, portal_jobs, working
from govern.errors import GovernError, InputError

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.vault import Vault
    from govern.workspace import Workspace
    from policies.duration import Duration

INTENT = "govern-erasure/1"
#: Extractions that one `salt.shredded` entry names: an entry has a size limit.
BATCH = 1000
#: Where a policy does not say how long salts are kept, as the floor does.
KEEP_MAX = "P3Y"


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
    # What an interrupted run left, who was proposed as one person, and what somebody looked at on the portal may hold
    # the person too; all of it can be made again.
    working.erase(workspace)
    identities.forget(workspace)
    portal_jobs.forget_previews(workspace.root, filed)
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
