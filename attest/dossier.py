"""Everything that a log and a workspace hold about one person, as a zip that the person can check offline.

It holds `entries/<index>.json` with `entries/<index>.tlog-proof` for every entry of the log that names the person,
`skills/<extraction>/statement.dsse.json` for every skill made from the person's work, `answer.json` about the person's
records (see `attest.answers`), and for reading the checkpoint, the log's key and a README.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from attest import answers, container
from attest import checkpoint as checkpoints
from attest.answers import Answer
from attest.errors import FormatError, ProofError
from attest.events import Event, parse
from attest.note import Verifier, open_note

ANSWER = "answer.json"
CHECKPOINT = "checkpoint"
KEY = "log.vkey"
README = "README.md"

_ENTRY = re.compile(r"entries/(0|[1-9][0-9]*)\.(json|tlog-proof)")
_STATEMENT = re.compile(r"skills/([0-9a-f-]{36})/statement\.dsse\.json")


@dataclass(frozen=True, slots=True)
class Dossier:
    """An export whose proofs hold.

    Attributes:
        pid: Whose.
        entries: Every entry that names the person, by index.
        statements: SHA-256 of each skill's statement, by extraction.
        answer: What became of the person's records.
        log_size: Size of the log at the checkpoint.
    """

    pid: str
    entries: Mapping[int, Event]
    statements: Mapping[str, str]
    answer: Answer
    log_size: int


def entry_file(index: int) -> str:
    """Return the name of the file that holds an entry."""
    return f"entries/{index}.json"


def proof_file(index: int) -> str:
    """Return the name of the file that holds an entry's proof."""
    return f"entries/{index}.tlog-proof"


def statement_file(extraction_id: str) -> str:
    """Return the name of the file that holds the statement of a skill."""
    return f"skills/{extraction_id}/statement.dsse.json"


def about(event: Event, pid: str, extractions: Collection[str]) -> bool:
    """Say whether an entry is about a person.

    Args:
        event: The entry.
        pid: The person.
        extractions: Ids of the extractions made from the person's work, as earlier entries say.
    """
    if pid in (event.body.get("pid"), event.body.get("subject"), event.body.get("who")):
        return True
    return event.body.get("extraction_id") in extractions


def extractions_of(event: Event, pid: str) -> set[str]:
    """Return the extraction that an entry says was made from a person's work, if it says so."""
    extraction = event.body.get("extraction_id")
    return {extraction} if isinstance(extraction, str) and event.body.get("subject") == pid else set()


def entries_about(entries: Iterable[tuple[int, bytes]], pid: str) -> Iterator[tuple[int, bytes, Event]]:
    """Yield every entry of a log that is about a person, with its bytes: index, bytes, event."""
    extractions: set[str] = set()
    names = [pid.encode()]
    for index, data in entries:
        # Most entries are about others, and to parse each takes a hundred times as long as to look for a name.
        if not any(name in data for name in names):
            continue
        event = parse(data)
        if about(event, pid, extractions):
            more = extractions_of(event, pid) - extractions
            extractions |= more
            names += [name.encode() for name in more]
            yield index, data, event


def verify(data: bytes, log_vkey: str) -> Dossier:
    """Check every proof in an export.

    Args:
        data: The zip.
        log_vkey: The log's key, from somewhere else than the zip.

    Raises:
        FormatError: It is not such a zip, or a file in it belongs nowhere.
        VerificationError: A proof does not hold, or an entry or statement is not about this person.
    """
    box = container.unpack(data)
    files = dict(box.files)
    verifier = Verifier.from_vkey(log_vkey)
    answer = answers.verify(_take(files, ANSWER), log_vkey)
    head = checkpoints.parse(open_note(_take(files, CHECKPOINT), [verifier]).text)
    for name in (KEY, README):
        _take(files, name)
    if answer.pid != box.name or answer.log_size not in (0, head.size):
        raise ProofError("the answer is about another person, or another state of the log, than the export")
    proved: dict[int, Event] = {}
    statements: dict[str, str] = {}
    for name in sorted(files):
        if (match := _STATEMENT.fullmatch(name)) is not None:
            statements[match[1]] = hashlib.sha256(files[name]).hexdigest()
            continue
        match = _ENTRY.fullmatch(name)
        if match is None or (match[2] == "tlog-proof" and entry_file(int(match[1])) not in files):
            raise FormatError("a file of the export belongs nowhere")
        if match[2] == "tlog-proof":
            continue
        index, event, at = answers.logged(files[name], files.get(proof_file(int(match[1])), b""), verifier)
        if index != int(match[1]) or at != head:
            raise ProofError("an entry of the export is not at its place, or rests on another state of the log")
        proved[index] = event
    entries = dict(sorted(proved.items()))
    extractions: set[str] = set()
    for event in entries.values():
        if not about(event, box.name, extractions):
            raise ProofError("an entry of the export is about somebody else")
        extractions |= extractions_of(event, box.name)
    released = {
        (event.body.get("extraction_id"), event.body.get("statement_sha256"))
        for event in entries.values()
        if event.type == "skill.released"
    }
    if not set(statements.items()) <= released:
        raise ProofError("a statement of the export is not one that the log knows")
    return Dossier(box.name, entries, statements, answer, head.size)


def _take(files: dict[str, bytes], name: str) -> bytes:
    try:
        return files.pop(name)
    except KeyError:
        raise FormatError(f"the export lacks {name}") from None
