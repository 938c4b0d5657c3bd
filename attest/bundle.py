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

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from attest import dsse, evidence, statement
from attest.keys import key_id

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
    """

    manifest: int
    seal: int
    consents: tuple[int, ...]
    keys: tuple[int, ...]

    def entries(self) -> dict[str, int]:
        """Return the index of each entry that is put into `attestation/`, by file name."""
        return {
            evidence.MANIFEST: self.manifest,
            evidence.SEAL: self.seal,
            **{evidence.consent_file(index): index for index in self.consents},
            **{evidence.key_file(index): index for index in self.keys},
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
        **{file: log.entry(index) for file, index in places.entries().items()},
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
        note: A checkpoint that covers that entry; all proofs rest on it.
        static: Content, covered files and the signed statement, by file name.

    Raises:
        ValueError: The checkpoint is not of this log, or does not cover an entry.
    """
    entries = {**places.entries(), evidence.ENTRY: release_index}
    files = {**static, evidence.ENTRY: log.entry(release_index)}
    for file, index in entries.items():
        files[evidence.proof_file(file)] = log.proof(index, note).to_bytes()
    return files


def verify_text(name: str) -> bytes:
    """Return `VERIFY.md`: how to check a skill with this tool, and by hand with openssl, sha256sum and unzip.

    Args:
        name: Name of the skill.
    """
    text = resources.files("attest").joinpath("VERIFY.md").read_text("utf-8")
    return Template(text).substitute(name=name).encode()
