"""The evidence in `attestation/`: log entries with their proofs, enrolled keys, and signed consents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attest import canonical, dsse, enrolment, events, proof
from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.duration import end_of
from attest.encoding import from_time
from attest.errors import FormatError, ProofError, SignatureError
from attest.merkle import leaf_hash, verify_inclusion
from attest.note import Verifier, open_note
from attest.shape import DIGEST, Shape, exact, fields
from attest.vouching import Enrolled, Mandated, Officer, enrolled

__all__ = ["Enrolled", "Mandated", "Officer", "enrolled"]

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

KEY_TYPE = enrolment.KEY_TYPE
KEY_SCHEMA = enrolment.KEY_SCHEMA
CONSENT_TYPE = "application/vnd.govern.consent+json"
CONSENT_STATES = ("given", "renewed")
"""The only events under which processing is allowed."""

_INDEXED = re.compile(
    r"attestation/(consents|keys|passkeys|responses|roles|role-passkeys|mandates|approvals)/(0|[1-9][0-9]{0,18})\.json"
)
_VOUCHING = ("keys", "passkeys", "roles", "role-passkeys", "mandates", "approvals")
_LATER = ("keys", "passkeys", "roles", "role-passkeys", "responses")


def consent_file(index: int) -> str:
    """Return the name of the file that holds the consent logged at an index."""
    return f"{FOLDER}consents/{index}.json"


def key_file(index: int) -> str:
    """Return the name of the file that holds the enrolment logged at an index."""
    return f"{FOLDER}keys/{index}.json"


def passkey_file(index: int) -> str:
    """Return the name of the file that holds the enrolment of a passkey logged at an index."""
    return f"{FOLDER}passkeys/{index}.json"


def response_file(index: int) -> str:
    """Return the name of the file that holds the subject's response logged at an index."""
    return f"{FOLDER}responses/{index}.json"


def role_file(index: int) -> str:
    """Return the name of the file that holds the officer's enrolment logged at an index."""
    return f"{FOLDER}roles/{index}.json"


def role_passkey_file(index: int) -> str:
    """Return the name of the file that holds the enrolment of an officer's passkey logged at an index."""
    return f"{FOLDER}role-passkeys/{index}.json"


def mandate_file(index: int) -> str:
    """Return the name of the file that holds the mandate logged at an index."""
    return f"{FOLDER}mandates/{index}.json"


def approval_file(index: int) -> str:
    """Return the name of the file that holds the approval logged at an index."""
    return f"{FOLDER}approvals/{index}.json"


def vouches(name: str) -> bool:
    """Tell whether a file is an entry about keys, or about who vouches for them: a skill may hold any number."""
    match = _INDEXED.fullmatch(name)
    return match is not None and match[1] in _VOUCHING


def indexed(names: Iterable[str], kind: str) -> list[tuple[int, str]]:
    """Return index and name of the files of a kind (`consents`, `keys`, `roles` ...), in the order of the log."""
    found = (_INDEXED.fullmatch(name) for name in names)
    return sorted((int(match[2]), match[0]) for match in found if match is not None and match[1] == kind)


def may_come_later(name: str) -> bool:
    """Tell whether a file may stand in a skill that its statement does not cover, because it came about afterwards.

    Each of them is checked by itself: a log entry, or a third party's time-stamp.
    """
    match = _INDEXED.fullmatch(name)
    return name == TIMESTAMP or (match is not None and match[1] in _LATER)


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
        mandate: The mandate that a delegate signed under, or None.
    """

    index: int
    pid: str
    record_sha256: str
    purposes: frozenset[str]
    policy_sha256: str
    key: Enrolled
    ends: datetime
    mandate: Mandated | None = None


def consent(entry: Logged, keys: Mapping[str, Enrolled], mandates: Sequence[Mandated] = ()) -> Consent:
    """Check a consent: logged as given or renewed, and signed by a key that was enrolled before it.

    Args:
        entry: The log entry.
        keys: The enrolled keys and passkeys by id.
        mandates: The witnessed mandates of the person.

    Raises:
        FormatError: Entry or record is not in form, or they contradict each other.
        SignatureError: No enrolled key signed, or it was enrolled later.
    """
    kind = entry.event.type.removeprefix("consent.")
    if not entry.event.type.startswith("consent.") or kind not in CONSENT_STATES:
        raise FormatError("the entry is not a consent that was given or renewed")
    shape: Shape = {"pid": str, "record_sha256": DIGEST, "envelope": dict}
    body = exact(dict(entry.body), "a consent entry", shape)
    known: dict[str, dsse.Key] = {name: key.verifier for name, key in keys.items()}
    known |= {under.key.key_id: under.key.public for under in mandates}
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
    under = _mandate(record, opened.signers, mandates)
    key = under.key if under is not None else keys.get(opened.signers[0])
    if key is None or key.pid != pid:
        raise SignatureError("a consent is signed by the key of somebody else")
    if record.get("method", "ed25519") != key.method:
        raise SignatureError("a consent is signed in another way than the record says")
    if key.index >= entry.index:
        raise SignatureError("a consent is signed by a key that was enrolled after it")
    if not key.speaks_at(entry.index):
        raise SignatureError("a consent is signed by a key that was replaced before it")
    choices = [fields(c, "a choice", {"purpose": str, "decision": str}) for c in record["choices"]]
    if len({choice["purpose"] for choice in choices}) != len(choices):
        raise FormatError("a consent decides twice about one purpose")
    ends = end_of(from_time(record["event_time"]), record["validity"])
    if under is not None and (ends > under.terms.until or not all(map(under.covers, choices))):
        raise SignatureError("a delegate agreed to more than the mandate says, or for longer")
    return Consent(
        index=entry.index,
        pid=pid,
        record_sha256=body["record_sha256"],
        purposes=frozenset(choice["purpose"] for choice in choices if choice["decision"] == "given"),
        policy_sha256=fields(record["policy"], "the policy of a consent", {"sha256": DIGEST})["sha256"],
        key=key,
        ends=ends,
        mandate=under,
    )


def _mandate(record: Mapping[str, Any], signers: Iterable[str], mandates: Iterable[Mandated]) -> Mandated | None:
    """Return the mandate that a delegate signed a record under; None where the person signed it.

    Raises:
        SignatureError: A delegate signed it, and there is no mandate for that.
    """
    actor = record.get("actor")
    if not isinstance(actor, dict) or actor.get("role") != "delegate":
        return None
    for under in mandates:
        if under.terms.delegate == actor.get("id") and under.key.key_id in signers:
            return under
    raise SignatureError("a delegate signed a consent, and the file holds no witnessed mandate for that")
