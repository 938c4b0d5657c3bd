"""Why a record of an extraction was taken or left out: decided over again from stored facts, policy and consent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attest.encoding import from_time
from attest.errors import SaltShredded
from govern.errors import InputError

if TYPE_CHECKING:
    from attest.disposition import Leaf
    from attest.log import EventLog
    from attest.vault import Vault
    from extract.explanation import Explanation
    from extract.kept_facts import Kept
    from govern.workspace import Workspace


@dataclass(frozen=True, slots=True, repr=False)
class Explained:
    """What became of one record, and what the gates say of it again.

    Attributes:
        extraction_id: The extraction.
        subject: Whose work it was made from.
        leaf: What the log sealed about the record.
        seal_index: Entry that sealed it.
        policy: Id, version and digest of the policy, as the log names it.
        consent_index: Entry of the consent.
        log_size: How many entries the decision was made over.
        at: The moment of the decision.
        kept: What is kept of the record; None after erasure.
        explanation: The gates, asked again; None after erasure.
    """

    extraction_id: str
    subject: str
    leaf: Leaf
    seal_index: int
    policy: dict[str, Any]
    consent_index: int
    log_size: int
    at: str
    kept: Kept | None
    explanation: Explanation | None

    @property
    def same(self) -> bool:
        """Whether the gates say again what the leaf says."""
        return self.explanation is not None and self.explanation.equals(self.leaf.reasons)


def row_of(
    workspace: Workspace, log: EventLog, vault: Vault, extraction: str, record: str, rows: list[int] | None = None
) -> int:
    """Return the place of a record in an extraction.

    Args:
        workspace: The workspace.
        log: Its log.
        vault: Its vault.
        extraction: The extraction.
        record: The place itself, or SHA-256 of the raw message.
        rows: The places to look among; None for all of them.

    Raises:
        InputError: There is no such record that can still be opened.
    """
    from attest.disposition import commitment
    from govern.subjects import dispositions

    _, seal = _seal(log, extraction)
    tree = dispositions(workspace, extraction, seal)
    places = range(tree.size) if rows is None else rows
    if len(record) < 64:
        if int(record) in places:
            return int(record)
    else:
        salts = vault.salts(extraction)
        for i in places:
            salt = salts[i] if i < len(salts) else None
            if salt is not None and commitment(salt, "source", bytes.fromhex(record)) == tree.leaves[i].source:
                return i
    raise InputError(
        "no such record of this extraction can be opened",
        "a record is named by its number in the manifest or the SHA-256 of its raw bytes; after erasure by its number",
    )


def explain(workspace: Workspace, log: EventLog, vault: Vault, extraction: str, row: int) -> Explained:
    """Decide over a record again, as the run did.

    Args:
        workspace: The workspace.
        log: Its log.
        vault: Its vault.
        extraction: The extraction.
        row: The record's place in the manifest.

    Raises:
        InputError: There is no such extraction or record.
        VerificationError: The dispositions are not what the log sealed.
    """
    from consent.ledger import Ledger
    from consent.request import RunRequest
    from extract import explanation
    from govern.subjects import dispositions

    seal_index, seal = _seal(log, extraction)
    tree = dispositions(workspace, extraction, seal)
    if not 0 <= row < tree.size:
        raise InputError("the extraction has no such record", f"its records are numbered 0 to {tree.size - 1}")
    leaf = tree.leaves[row]
    gated = json.loads(log.entry(seal["steps"]["gated"]))
    body, now = gated["body"], from_time(gated["at"])
    # Extractions of earlier versions do not say up to where the log was replayed: not further than that entry.
    size = body.get("log_size", seal["steps"]["gated"])
    kept = _kept(vault, extraction, row)
    found = None
    if kept is not None:
        policy = workspace.policy(log, body["policy"]["sha256"])
        request = RunRequest(
            subject=seal["subject"],
            purpose=seal["purpose"],
            sources=tuple(body["request"]["sources"]),
            recipients=tuple(body["request"]["recipients"]),
            policy=policy.sha256,
            model_kind=body["request"]["model_kind"],
            model_sha256=body["request"]["model_sha256"],
            model_address=body["request"]["model_address"],
            now=now,
        )
        ledger = Ledger.replay((index, data) for index, data in log.entries() if index < size)
        choice = ledger.state(seal["subject"], seal["purpose"], now)
        found = explanation.explain(row, kept, policy, choice, request, authenticity=leaf.authenticity)
    return Explained(
        extraction,
        seal["subject"],
        leaf,
        seal_index,
        body["policy"],
        body["consent_index"],
        size,
        gated["at"],
        None if kept is None else kept[row],
        found,
    )


def _kept(vault: Vault, extraction: str, row: int) -> dict[int, Kept] | None:
    """Return what is kept of a record and its copies, by row; None where nothing is kept of the record."""
    from extract import kept_facts

    try:
        own = kept_facts.parse(vault.facts(extraction, row))
    except (SaltShredded, ValueError):
        return None
    found = {row: own}
    for copy in own.copies:
        try:
            found[copy] = kept_facts.parse(vault.facts(extraction, copy))
        except SaltShredded:
            continue
    return dict(sorted(found.items()))


def _seal(log: EventLog, extraction: str) -> tuple[int, dict[str, Any]]:
    mark, name = b'"type":"extraction.sealed"', extraction.encode("utf-8", "replace")
    for index, data in log.entries():
        if mark in data and name in data:
            entry = json.loads(data)
            if entry["type"] == "extraction.sealed" and entry["body"]["extraction_id"] == extraction:
                return index, entry["body"]
    raise InputError(
        "the log has no sealed extraction of this id", "`govern log show --type extraction.sealed` lists them"
    )
