"""The answer to "was anything of mine taken?": disposition leaves with proofs that lead to the log's key, as one file.

For each extraction: the leaves of the person's records, each with its audit path in the disposition tree, and the entry
that sealed that tree with its proof in the log. A leaf is opened only for a record that the person named by its digest:
the answer then holds the salt, with which anybody who has the message can recompute the commitment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attest import canonical, events, merkle, proof
from attest.checkpoint import Checkpoint
from attest.disposition import Leaf, commitment
from attest.encoding import is_digest, to_time
from attest.errors import FormatError, ProofError
from attest.events import Event
from attest.note import Verifier
from attest.shape import COUNT, DIGEST, Shape, exact, fields

SCHEMA = "govern-answer/1"
MAX_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One leaf that an answer shows.

    Attributes:
        line: The leaf's exact bytes.
        path: Its audit path in the disposition tree.
        salt: What opens the commitment to the source, or None.
    """

    line: bytes
    path: tuple[bytes, ...]
    salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The leaves of one extraction, and what fixes its tree.

    Attributes:
        extraction_id: Its id.
        entry: Exact bytes of the entry `extraction.sealed`.
        proof: Proof that the entry is in the log (C2SP tlog-proof).
        leaves: The leaves, by place.
    """

    extraction_id: str
    entry: bytes
    proof: bytes
    leaves: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A leaf whose proofs hold.

    Attributes:
        extraction_id: Which extraction.
        sealed_at: When its tree was sealed, by the log.
        seal_index: Where.
        leaf: What became of the record.
        size: Number of leaves in the tree.
        opened: Whether its commitment opens to the record that was asked for.
    """

    extraction_id: str
    sealed_at: str
    seal_index: int
    leaf: Leaf
    size: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose proofs hold.

    Attributes:
        origin: The log.
        log_size: Size of the log at the checkpoint that all proofs rest on; 0 where there was nothing to prove.
        pid: Whose question.
        at: When it was answered, by the word of the one who answered.
        record: Digest of the record that was asked for, or "" for all records of the person.
        found: The leaves.
        unsealed: Number of records by extraction that were read in a run that never finished; nothing came of them.
    """

    origin: str
    log_size: int
    pid: str
    at: str
    record: str
    found: tuple[Found, ...]
    unsealed: dict[str, int]


def build(*, origin: str, pid: str, at: str, record: str, sealed: Sequence[Sealed], unsealed: dict[str, int]) -> bytes:
    """Write an answer.

    Args:
        origin: The log's name.
        pid: Whose question.
        at: When it is answered.
        record: Digest of the record asked for, or "".
        sealed: What was found.
        unsealed: Number of records by extraction that was never sealed.
    """
    return canonical.dumps(
        {
            "schema": SCHEMA,
            "origin": origin,
            "pid": pid,
            "at": at,
            "record": record,
            "extractions": [
                {
                    "extraction_id": each.extraction_id,
                    "entry": each.entry.decode(),
                    "proof": each.proof.decode(),
                    "leaves": [
                        {
                            "leaf": shown.line.decode(),
                            "path": [value.hex() for value in shown.path],
                            "salt": None if shown.salt is None else shown.salt.hex(),
                        }
                        for shown in each.leaves
                    ],
                }
                for each in sealed
            ],
            "unsealed": [{"extraction_id": name, "records": n} for name, n in sorted(unsealed.items())],
        }
    )


def verify(data: bytes, log_vkey: str) -> Answer:
    """Check every proof of an answer.

    Args:
        data: The file.
        log_vkey: The log's key, from somewhere else than the file.

    Raises:
        FormatError: The file is not an answer.
        VerificationError: A proof does not hold, or an opened leaf is not about the record that was asked for.
    """
    if len(data) > MAX_ANSWER:
        raise FormatError("an answer is too long")
    shape = {
        "schema": str, "origin": str, "pid": str, "at": str, "record": str, "extractions": list, "unsealed": list,
    }  # fmt: skip
    value = exact(canonical.loads(data), "an answer", shape)
    if value["schema"] != SCHEMA:
        raise FormatError("an answer is of a version that is not known")
    if value["record"] and not is_digest(value["record"]):
        raise FormatError("the record of an answer is not a digest")
    verifier = Verifier.from_vkey(log_vkey)
    if value["origin"] != verifier.name:
        raise ProofError("the answer is about another log than the key's")
    heads: set[Checkpoint] = set()
    found: list[Found] = []
    for item in value["extractions"]:
        head, leaves = _extraction(item, value["record"], verifier)
        heads.add(head)
        found += leaves
    if len(heads) > 1:
        raise ProofError("the proofs of an answer rest on different checkpoints")
    places = {(each.extraction_id, each.leaf.i) for each in found}
    if len(places) != len(found):
        raise FormatError("an answer shows a leaf twice")
    unsealed = {}
    for item in value["unsealed"]:
        exact(item, "an extraction without a seal", {"extraction_id": str, "records": COUNT})
        unsealed[item["extraction_id"]] = item["records"]
    size = max((head.size for head in heads), default=0)
    return Answer(value["origin"], size, value["pid"], value["at"], value["record"], tuple(found), unsealed)


def logged(entry: bytes, proof_data: bytes, verifier: Verifier) -> tuple[int, Event, Checkpoint]:
    """Check that an entry is in the log of this key; return its index, the event, and the checkpoint that says so.

    Raises:
        FormatError: Entry or proof is not in form.
        VerificationError: The proof does not hold.
    """
    evidence = proof.parse(proof_data)
    if evidence.extra is not None:
        raise FormatError("the proof carries extra data, which nothing authenticates")
    head = evidence.verify(entry, verifier)
    return evidence.index, events.parse(entry), head


def _extraction(item: Any, record: str, verifier: Verifier) -> tuple[Checkpoint, list[Found]]:
    exact(item, "an extraction", {"extraction_id": str, "entry": str, "proof": str, "leaves": list})
    index, event, head = logged(item["entry"].encode(), item["proof"].encode(), verifier)
    shape: Shape = {"extraction_id": str, "root": DIGEST, "size": COUNT}
    body = fields(dict(event.body), "a seal", shape)
    if event.type != "extraction.sealed" or body["extraction_id"] != item["extraction_id"]:
        raise ProofError("the entry of an extraction is not its seal")
    found = []
    for shown in item["leaves"]:
        exact(shown, "a leaf of an answer", {"leaf": str, "path": list, "salt": (str, type(None))})
        line = shown["leaf"].encode()
        leaf = Leaf.parse(line)
        path = [_hash(text) for text in shown["path"]]
        merkle.verify_inclusion(merkle.leaf_hash(line), leaf.i, body["size"], path, bytes.fromhex(body["root"]))
        opened = shown["salt"] is not None
        # Asked for one record, only a leaf that opens to it is an answer; asked for all, no salt is handed out.
        if opened != bool(record):
            raise ProofError("a leaf is not opened to the record that was asked for")
        if opened and commitment(_hash(shown["salt"]), "source", bytes.fromhex(record)) != leaf.source:
            raise ProofError("a leaf does not open to the record that was asked for")
        found.append(Found(body["extraction_id"], to_time(event.at), index, leaf, body["size"], opened))
    return head, found


def _hash(text: object) -> bytes:
    if not is_digest(text):
        raise FormatError("a hash or salt of an answer is not 64 hexadecimal digits")
    return bytes.fromhex(str(text))
