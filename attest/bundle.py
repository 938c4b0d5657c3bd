"""Building what a skill carries in `attestation/`, and the text that says how to check it without this program.

The order is forced: the statement covers the files, the release entry covers the statement, the checkpoint covers the
entry, and the proofs rest on the checkpoint.

    static = covered(...)                              files that the statement covers
    signed = signed_statement({**content, **static}, predicate, signer)
    index = log.append([skill.released with the SHA-256 of `signed`])
    note = log.checkpoint(signer)
    files = build(log, places, index, note, {**content, **static, evidence.STATEMENT: signed})
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from attest import canonical, dsse, events, evidence, proof, statement, vouchers, vouching
from attest import checkpoint as checkpoints
from attest.encoding import from_base64
from attest.errors import FormatError
from attest.keys import key_id
from attest.note import text_of
from attest.shape import exact
from govern.errors import GovernError

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.note import NoteSigner


@dataclass(frozen=True, slots=True)
class Places:
    """Where in the log the evidence for one skill stands.

    Attributes:
        manifest: Index of `source.manifest`.
        seal: Index of `extraction.sealed`.
        consents: Indexes of the consents that the extraction rests on.
        keys: Indexes of the enrolments of the keys that signed consents and release.
        passkeys: Index of the enrolment of the passkey that signed the release, if one did.
    """

    manifest: int
    seal: int
    consents: tuple[int, ...]
    keys: tuple[int, ...]
    passkeys: tuple[int, ...] = ()

    def entries(self, log: EventLog) -> dict[str, int]:
        """Return the index of each entry that is put into `attestation/`, by file name.

        Who witnessed a key, and the mandate that a delegate signed under, are looked up in the log.
        """
        return {
            evidence.MANIFEST: self.manifest,
            evidence.SEAL: self.seal,
            **{evidence.consent_file(index): index for index in self.consents},
            **{evidence.key_file(index): index for index in self.keys},
            **vouchers.entries(log, self.consents, self.keys, self.passkeys),
        }


def covered(log: EventLog, places: Places, *, name: str, dispositions: bytes, release: bytes) -> dict[str, bytes]:
    """Return the files of `attestation/` that the statement covers.

    Args:
        log: The event log.
        places: Where the evidence stands.
        name: Name of the skill.
        dispositions: The disposition tree, `Dispositions.to_bytes()`.
        release: The envelope that the subject signed.
    """
    return {
        evidence.DISPOSITIONS: dispositions,
        evidence.RELEASE: release,
        evidence.VERIFY: verify_text(name),
        **{file: log.entry(index) for file, index in places.entries(log).items()},
    }


def signed_statement(files: Mapping[str, bytes], predicate: Mapping[str, Any], signer: NoteSigner) -> bytes:
    """Return `statement.dsse.json`: the statement about the files, signed by the log's key.

    Args:
        files: Every file of the skill that exists so far, `attestation/` included.
        predicate: See `attest.statement`.
        signer: The log's key.
    """
    payload = statement.statement({name: data for name, data in files.items() if evidence.in_subjects(name)}, predicate)
    return dsse.sign(statement.PAYLOAD_TYPE, payload, [(key_id(signer.private_key), signer.private_key)])


def build(
    log: EventLog, places: Places, release_index: int, note: bytes, static: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return every file of the finished skill.

    Args:
        log: The event log.
        places: Where the evidence stands.
        release_index: Index of `skill.released`, whose body names the statement's digest.
        note: A checkpoint that covers that entry; all proofs rest on it, with the cosignatures that the log keeps.
        static: Content, covered files and the signed statement, by file name.

    Raises:
        ValueError: The checkpoint is not of this log, or does not cover an entry.
    """
    return _proved(log, {**places.entries(log), evidence.ENTRY: release_index}, cosigned(log, note), static)


def refresh(
    log: EventLog,
    files: Mapping[str, bytes],
    note: bytes,
    *,
    responses: Sequence[int] = (),
    keys: Sequence[int] = (),
    timestamp: bytes | None = None,
) -> dict[str, bytes]:
    """Return the files of a released skill with proofs that rest on another checkpoint; what was signed stays.

    Args:
        log: The event log.
        files: Every file of the skill.
        note: As for `build`.
        responses: Indexes of the subject's responses to this skill.
        keys: Indexes of rotations of the subject's key since the release.
        timestamp: A time-stamp over this checkpoint.

    Raises:
        FormatError: The skill is not one that was released.
        ValueError: The skill, or the checkpoint, is not of this log.
    """
    later = {name for name in files if evidence.may_come_later(name) and name not in _covered_by_statement(files)}
    static = {name: data for name, data in files.items() if name not in later and not evidence.is_proof(name)}
    entries = {}
    for name in static:
        if name == evidence.ENTRY or evidence.is_entry(name):
            if evidence.proof_file(name) not in files:
                raise FormatError("a proof is missing in the skill")
            entries[name] = proof.parse(files[evidence.proof_file(name)]).index
    if evidence.ENTRY not in entries:
        raise FormatError("the skill was not released")
    entries |= {evidence.response_file(index): index for index in responses}
    entries |= {evidence.key_file(index): index for index in keys}
    entries |= {name: index for name, index in vouchers.entries(log, responses, keys).items() if name not in static}
    if any(name in static and log.entry(index) != static[name] for name, index in entries.items()):
        raise ValueError("the skill is not of this log")
    extra = {} if timestamp is None else {evidence.TIMESTAMP: timestamp}
    return _proved(log, entries, cosigned(log, note), {**static, **extra})


def cosigned(log: EventLog, note: bytes) -> bytes:
    """Return a checkpoint with the cosignatures that the log keeps for it."""
    try:
        known = log.cosigned(checkpoints.parse(text_of(note)).size)
    except ValueError:
        return note
    return known if known.startswith(note) else note


def newest_cosigned(log: EventLog, index: int, enough: Callable[[bytes], bool]) -> bytes | None:
    """Return the newest checkpoint that covers an entry and has cosignatures enough, or None.

    Args:
        log: The event log.
        index: Index of the entry.
        enough: Tells it of a checkpoint with its cosignatures.
    """
    for note in reversed(list(log.checkpoints())):
        if checkpoints.parse(text_of(note)).size <= index:
            return None
        if enough(found := cosigned(log, note)):
            return found
    return None


def key_chain(log: EventLog, pid: str, last: int) -> tuple[evidence.Enrolled, ...]:
    """Return a person's keys, each with the entry at which the next one took its place.

    Args:
        log: The event log.
        pid: Whose keys.
        last: Index of the last entry that is looked at.
    """
    chain: list[evidence.Enrolled] = []
    officers: dict[str, evidence.Officer] = {}
    lost = False
    for index, data in log.entries(0, last + 1):
        if b'"type":"key.' not in data and b'"type":"role.' not in data:
            continue
        event = events.parse(data)
        entry = evidence.Logged(index, event)
        try:
            if event.type == "role.enrolled":
                officer = vouching.officer(entry, officers)
                officers.setdefault(officer.holder, officer)
            elif event.type == "role.ended":
                officers.pop(str(event.body.get("holder")), None)
            elif event.body.get("pid") == pid:
                lost = lost or event.type in ("key.lost", "key.compromised")
                if event.type == "key.enrolled" and chain and not lost:
                    continue
                key = evidence.enrolled(entry, chain[-1] if chain else None, officers)
                if chain:
                    chain[-1] = replace(chain[-1], until=index)
                chain.append(key)
                lost = False
        except GovernError:
            continue  # whoever writes the log can write that too; it changes nobody's key
    return tuple(chain)


def _proved(log: EventLog, entries: Mapping[str, int], note: bytes, static: Mapping[str, bytes]) -> dict[str, bytes]:
    files = {**static, **{name: log.entry(index) for name, index in entries.items()}}
    for name, index in entries.items():
        files[evidence.proof_file(name)] = log.proof(index, note).to_bytes()
    return files


def _covered_by_statement(files: Mapping[str, bytes]) -> Collection[str]:
    if evidence.STATEMENT not in files:
        raise FormatError("the skill was not released")
    # Its signature is the verifier's business; here it only says which files must stay.
    envelope = exact(
        canonical.loads(files[evidence.STATEMENT]),
        "a statement's envelope",
        {"payload": str, "payloadType": str, "signatures": list},
    )
    return statement.parse(from_base64(envelope["payload"])).subjects.keys()


def verify_text(name: str) -> bytes:
    """Return `VERIFY.md`: how to check a skill with this tool, and by hand with openssl, sha256sum and unzip.

    Args:
        name: Name of the skill.
    """
    text = resources.files("attest").joinpath("VERIFY.md").read_text("utf-8")
    return Template(text).substitute(name=name).encode()
