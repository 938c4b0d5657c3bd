"""The evidence in `attestation/`: log entries with their proofs, enrolled keys, and signed consents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attest import canonical, dsse, events, proof
from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.duration import end_of
from attest.encoding import from_base64, from_time
from attest.errors import FormatError, ProofError, SignatureError
from attest.keys import key_id
from attest.merkle import leaf_hash, verify_inclusion
from attest.note import Verifier, open_note
from attest.shape import DIGEST, Shape, exact, fields

FOLDER = "attestation/"
STATEMENT = f"{FOLDER}statement.dsse.json"
RELEASE = f"{FOLDER}release.dsse.json"
DISPOSITIONS = f"{FOLDER}dispositions.jsonl"
VERIFY = f"{FOLDER}VERIFY.md"
MANIFEST = f"{FOLDER}manifest.json"
SEAL = f"{FOLDER}seal.json"
ENTRY = f"{FOLDER}entry.json"
ENTRY_PROOF = f"{FOLDER}log.tlog-proof"
TIMESTAMP = f"{FOLDER}checkpoint.tsr"

KEY_TYPE = "application/vnd.govern.key+json"
KEY_SCHEMA = "govern-key/1"
CONSENT_TYPE = "application/vnd.govern.consent+json"
CONSENT_STATES = ("given", "renewed")
"""The only events under which processing is allowed."""

_INDEXED = re.compile(r"attestation/(consents|keys|responses)/(0|[1-9][0-9]{0,18})\.json")


def consent_file(index: int) -> str:
    """Return the name of the file that holds the consent logged at an index."""
    return f"{FOLDER}consents/{index}.json"


def key_file(index: int) -> str:
    """Return the name of the file that holds the enrolment logged at an index."""
    return f"{FOLDER}keys/{index}.json"


def response_file(index: int) -> str:
    """Return the name of the file that holds the subject's response logged at an index."""
    return f"{FOLDER}responses/{index}.json"


def indexed(names: Iterable[str], kind: str) -> list[tuple[int, str]]:
    """Return index and name of the files of a kind (`consents`, `keys`, `responses`), in the order of the log."""
    found = (_INDEXED.fullmatch(name) for name in names)
    return sorted((int(match[2]), match[0]) for match in found if match is not None and match[1] == kind)


def may_come_later(name: str) -> bool:
    """Tell whether a file may stand in a skill that its statement does not cover, because it came about afterwards.

    Each of them is checked by itself: a log entry, or a third party's time-stamp.
    """
    match = _INDEXED.fullmatch(name)
    return name == TIMESTAMP or (match is not None and match[1] != "consents")


def is_entry(name: str) -> bool:
    """Tell whether a file is a log entry that stands in `attestation/` with a proof of its own."""
    return name in (MANIFEST, SEAL) or _INDEXED.fullmatch(name) is not None


def proof_file(name: str) -> str:
    """Return the name of the proof of an entry's file."""
    return ENTRY_PROOF if name == ENTRY else name.removesuffix(".json") + ".tlog-proof"


def in_subjects(name: str) -> bool:
    """Tell whether a file of a skill is a subject of its statement.

    The statement itself, the entry that names the statement's digest, and the proofs, which are made after that entry,
    cannot be: each of them is checked by itself.
    """
    later = name == TIMESTAMP or name.startswith(f"{FOLDER}responses/")
    return name not in (STATEMENT, ENTRY) and not later and not is_proof(name)


def is_proof(name: str) -> bool:
    """Tell whether a file is the proof of an entry."""
    return name.startswith(FOLDER) and name.endswith(".tlog-proof")


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry that is in the log.

    Attributes:
        index: Where.
        event: What it says.
    """

    index: int
    event: events.Event

    @property
    def body(self) -> Mapping[str, Any]:
        """The event's body."""
        return self.event.body


@dataclass(frozen=True, slots=True)
class Head:
    """The one signed checkpoint that all proofs of a skill rest on.

    Attributes:
        note: Its exact bytes.
        checkpoint: What it says.
        others: Number of signatures by keys that are not known; they say nothing.
    """

    note: bytes
    checkpoint: Checkpoint
    others: int


def head(note: bytes, verifier: Verifier) -> Head:
    """Check that the log of this key signed a checkpoint.

    Raises:
        FormatError: The note is not a checkpoint in form.
        SignatureError: The log's key did not sign it.
        ProofError: It is another log's.
    """
    opened = open_note(note, [verifier])
    checkpoint = checkpoints.parse(opened.text)
    if checkpoint.origin != verifier.name:
        raise ProofError("the checkpoint is of another log")
    return Head(note, checkpoint, opened.unknown)


def logged(leaf: bytes, proof_data: bytes, at: Head) -> Logged:
    """Check that an entry is in the log, as of a checkpoint.

    Raises:
        FormatError: Entry or proof is not in form, or the proof carries data that nothing authenticates.
        ProofError: The proof rests on another checkpoint, or the entry is not at that place of the log.
    """
    evidence = proof.parse(proof_data)
    if evidence.extra is not None:
        raise FormatError("the proof carries extra data, which nothing authenticates")
    if evidence.checkpoint != at.note:
        # With several checkpoints, a signature that nobody looks at could differ from one to the next.
        raise ProofError("the proof rests on another checkpoint than that of the release")
    verify_inclusion(leaf_hash(leaf), evidence.index, at.checkpoint.size, evidence.hashes, at.checkpoint.root)
    return Logged(evidence.index, events.parse(leaf))


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A key that was entered in the log for a person.

    Attributes:
        index: Where.
        pid: Whose key it is.
        key_id: Its id.
        public: Its 32 bytes.
        until: Index of the entry that put another key in its place, or None.
    """

    index: int
    pid: str
    key_id: str
    public: bytes
    until: int | None = None

    def speaks_at(self, index: int) -> bool:
        """Tell whether the key spoke for its person when the entry at an index was logged."""
        return self.index < index and (self.until is None or index < self.until)


def enrolled(entry: Logged, before: Enrolled | None = None) -> Enrolled:
    """Check an enrolment or a rotation.

    Whoever enrolled the key had its private half and named the same person. A rotation is signed by the key before it
    too: otherwise whoever writes the log could give anybody a new key.

    Args:
        entry: The log entry, `key.enrolled` or `key.rotated`.
        before: The person's key until then; there is one if and only if the entry is a rotation.

    Raises:
        FormatError: The entry is not an enrolment in form.
        SignatureError: The key, or the one before it, did not sign.
    """
    if entry.event.type != ("key.enrolled" if before is None else "key.rotated"):
        raise FormatError(f"the entry does not {'enrol a first key' if before is None else 'rotate the key'}")
    shape = {"pid": str, "key_id": str, "public_key": str, "self_signature": dict}
    body = exact(dict(entry.body), "an enrolment", shape)
    public = from_base64(body["public_key"])
    if len(public) != 32 or key_id(public) != body["key_id"]:
        raise FormatError("the id of an enrolled key is not that of the key")
    trusted = {body["key_id"]: public} | ({} if before is None else {before.key_id: before.public})
    opened = dsse.open_envelope(canonical.dumps(body["self_signature"]), trusted, KEY_TYPE)
    if set(opened.signers) != set(trusted) or len(trusted) != (1 if before is None else 2):
        raise SignatureError("the key, or the one that it takes the place of, did not sign the enrolment")
    signed = {"schema": str, "pid": str, "key_id": str, "public_key": str, "at": str}
    said = exact(canonical.loads(opened.payload), "what a key signed of itself", signed)
    from_time(said["at"])
    if said["schema"] != KEY_SCHEMA or any(said[name] != body[name] for name in ("pid", "key_id", "public_key")):
        raise SignatureError("an enrolment says something else than what its key signed")
    if before is not None and before.pid != body["pid"]:
        raise SignatureError("the key of somebody else was put in the place of a key")
    return Enrolled(entry.index, body["pid"], body["key_id"], public)


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent in the log that its subject's key signed.

    Attributes:
        index: Where.
        pid: Whose consent.
        record_sha256: Digest of the signed record.
        purposes: The purposes that it says yes to.
        policy_sha256: Digest of the policy that was agreed to.
        key: The key that signed.
        ends: When it ends.
    """

    index: int
    pid: str
    record_sha256: str
    purposes: frozenset[str]
    policy_sha256: str
    key: Enrolled
    ends: datetime


def consent(entry: Logged, keys: Mapping[str, Enrolled]) -> Consent:
    """Check a consent: logged as given or renewed, and signed by a key that was enrolled before it.

    Args:
        entry: The log entry.
        keys: The enrolled keys by id.

    Raises:
        FormatError: Entry or record is not in form, or they contradict each other.
        SignatureError: No enrolled key signed, or it was enrolled later.
    """
    kind = entry.event.type.removeprefix("consent.")
    if not entry.event.type.startswith("consent.") or kind not in CONSENT_STATES:
        raise FormatError("the entry is not a consent that was given or renewed")
    shape: Shape = {"pid": str, "record_sha256": DIGEST, "envelope": dict}
    body = exact(dict(entry.body), "a consent entry", shape)
    known = {name: key.public for name, key in keys.items()}
    opened = dsse.open_envelope(canonical.dumps(body["envelope"]), known, CONSENT_TYPE)
    if hashlib.sha256(opened.payload).hexdigest() != body["record_sha256"]:
        raise FormatError("a consent entry names another record than the one that was signed")
    record = fields(
        canonical.loads(opened.payload),
        "a consent record",
        {"event": str, "event_time": str, "validity": str, "subject": dict, "choices": list, "policy": dict},
    )
    pid = fields(record["subject"], "the subject of a consent", {"pid": str})["pid"]
    if record["event"] != kind or pid != body["pid"]:
        raise FormatError("a consent entry says something else than the record that was signed")
    key = keys[opened.signers[0]]
    if key.pid != pid:
        raise SignatureError("a consent is signed by the key of somebody else")
    if key.index >= entry.index:
        raise SignatureError("a consent is signed by a key that was enrolled after it")
    if not key.speaks_at(entry.index):
        raise SignatureError("a consent is signed by a key that was replaced before it")
    choices = [fields(c, "a choice", {"purpose": str, "decision": str}) for c in record["choices"]]
    if len({choice["purpose"] for choice in choices}) != len(choices):
        raise FormatError("a consent decides twice about one purpose")
    return Consent(
        index=entry.index,
        pid=pid,
        record_sha256=body["record_sha256"],
        purposes=frozenset(choice["purpose"] for choice in choices if choice["decision"] == "given"),
        policy_sha256=fields(record["policy"], "the policy of a consent", {"sha256": DIGEST})["sha256"],
        key=key,
        ends=end_of(from_time(record["event_time"]), record["validity"]),
    )
