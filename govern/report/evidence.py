"""What a report shows of a log: entries with their proofs, the checkpoint that they lead to, a skill's signatures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attest import canonical, dsse, evidence, keys, proof, statement, timestamp
from attest.encoding import from_base64, to_base64
from attest.errors import FormatError, ProofError
from attest.evidence import Head
from attest.merkle import leaf_hash, verify_inclusion
from attest.note import Verifier

if TYPE_CHECKING:
    from attest.log import EventLog

SCHEMA = "govern-audit-report/1"


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry with its proof.

    Attributes:
        index: Its place in the log.
        data: Its exact bytes.
        path: The audit path to the checkpoint's root.
    """

    index: int
    data: bytes
    path: tuple[bytes, ...]

    @property
    def entry(self) -> dict[str, Any]:
        """What the entry says."""
        found: dict[str, Any] = json.loads(self.data)
        return found


@dataclass(frozen=True, slots=True)
class Skill:
    """A released skill, as far as signatures over it go.

    Attributes:
        name: Its name.
        statement: The envelope that the log signed.
        release: The envelope that the person signed.
        predicate: What the statement says.
        review: Number of claims `accepted`, `corrected` and `struck`, as the person signed it.
    """

    name: str
    statement: bytes
    release: bytes
    predicate: Mapping[str, Any]
    review: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the page can check by itself.

    Attributes:
        log_key: The log's key in signed-note form.
        head: The checkpoint, with the log's own signature only.
        entries: In the order of the log.
        skill: The skill that the report is about, or None where it is about the log.
    """

    log_key: str
    head: Head
    entries: tuple[Shown, ...]
    skill: Skill | None = None

    def island(self) -> str:
        """Return the JSON that the page carries: one spelling, and nothing in it that HTML would read."""
        document = {
            "schema": SCHEMA,
            "log_key": to_base64(self.log_key.encode()),
            "checkpoint": to_base64(self.head.note),
            "entries": [
                {"index": e.index, "data": to_base64(e.data), "path": [to_base64(one) for one in e.path]}
                for e in self.entries
            ],
            "skill": None
            if self.skill is None
            else {
                "name": self.skill.name,
                "statement": to_base64(self.skill.statement),
                "release": to_base64(self.skill.release),
            },
        }
        return canonical.dumps(document).decode("ascii")


def of_log(log: EventLog, log_key: str, note: bytes, indexes: Iterable[int], skill: Skill | None = None) -> Evidence:
    """Return entries of a log with their proofs, each checked here before it is shown.

    Args:
        log: The log.
        log_key: Its key.
        note: A checkpoint of it that covers the entries.
        indexes: Which entries, ascending.
        skill: The skill that the report is about.

    Raises:
        SignatureError: The key did not sign the checkpoint.
        ProofError: An entry is not in the tree of the checkpoint.
    """
    head = evidence.head(timestamp.own_note(note), Verifier.from_vkey(log_key))
    at = head.checkpoint
    if log.root(at.size) != at.root:
        raise ProofError("the checkpoint is not one of this log")
    shown = []
    for index in indexes:
        data, path = log.entry(index), tuple(log.inclusion_proof(index, at.size))
        verify_inclusion(leaf_hash(data), index, at.size, path, at.root)
        shown.append(Shown(index, data, path))
    return Evidence(log_key, head, tuple(shown), skill)


def of_skill(name: str, files: Mapping[str, bytes], log_key: str) -> Evidence:
    """Return the entries that a released skill carries, with their proofs.

    Raises:
        FormatError: A file of its evidence is missing or not in form.
        SignatureError: The key did not sign the checkpoint or the statement.
        ProofError: An entry is not in the log.
    """
    if evidence.ENTRY not in files:
        raise FormatError("the skill holds no release: it is a draft", "give a released skill")
    verifier = Verifier.from_vkey(log_key)
    note = proof.parse(files[evidence.ENTRY_PROOF]).checkpoint
    whole = evidence.head(note, verifier)
    found: dict[int, Shown] = {}
    needed = [evidence.ENTRY, *(path for path in files if evidence.is_entry(path))]
    for path in needed:
        data = files[path]
        proven = proof.parse(files[evidence.proof_file(path)])
        evidence.logged(data, files[evidence.proof_file(path)], whole)
        found[proven.index] = Shown(proven.index, data, proven.hashes)
    head = evidence.head(timestamp.own_note(note), verifier)
    return Evidence(log_key, head, tuple(found[i] for i in sorted(found)), signed_skill(name, files, verifier))


def signed_skill(name: str, files: Mapping[str, bytes], verifier: Verifier) -> Skill:
    """Return what the log signed of a skill, and what the person did.

    Whether the person's key signed it, the checks say; here it is read only.

    Raises:
        FormatError: An envelope is not in form.
        SignatureError: The log did not sign the statement.
    """
    public = verifier.public
    opened = dsse.open_envelope(files[evidence.STATEMENT], {keys.key_id(public): public}, statement.PAYLOAD_TYPE)
    said = statement.parse(opened.payload)
    release = files[evidence.RELEASE]
    review = statement.parse_release(from_base64(canonical.loads(release)["payload"]))["review"]
    return Skill(name, files[evidence.STATEMENT], release, said.predicate, review)
