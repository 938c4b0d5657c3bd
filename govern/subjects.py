"""What a person may ask of a workspace: what became of their records, their word, everything about them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, RefusedError, UsageError, VerificationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from attest.disposition import Dispositions
    from attest.log import EventLog
    from attest.response import Response
    from attest.vault import Vault
    from govern.workspace import Workspace

OUTSIDER = "outside-the-people-file"


@dataclass(frozen=True, slots=True, repr=False)
class Asker:
    """Under which names the vault files a person.

    Attributes:
        pid: Pseudonymous id; `OUTSIDER` for somebody who is in no people file.
        filed: The id, and every address and chat id: records read before the people file knew them are filed so.
    """

    pid: str
    filed: tuple[str, ...]


def asker(workspace: Workspace, log: EventLog, vault: Vault, named: str) -> Asker:
    """Return who is meant by a pseudonymous id, or by the mail address of somebody who is in no people file.

    Raises:
        InputError: Nobody is known by it.
    """
    from extract.errors import PeopleFileError
    from extract.personkeys import mail_key

    people = workspace.identities()
    key = mail_key(named.removeprefix("mailto:"))
    pid = people.resolve(key) if key else named
    if key and pid is None:
        return Asker(OUTSIDER, (key,))
    try:
        person = people.person(pid or "")
    except PeopleFileError:
        # Whoever was taken out of the people file can still ask, and still be erased.
        if vault.records_of(named) or named in workspace.ledger(log).people():
            return Asker(named, (named,))
        raise
    # A name alone may be somebody else's too.
    return Asker(person.pid, (person.pid, *(k for k in person.keys if not k.startswith("name:"))))


def taken(workspace: Workspace, log: EventLog, vault: Vault, who: Asker, record: str, note: bytes, at: str) -> bytes:
    """Return the answer to "was anything of mine taken?", see `attest.answers`.

    Args:
        workspace: The workspace.
        log: Its log.
        vault: Its vault.
        who: Who asks.
        record: SHA-256 of one raw message, or "" for all records in which the person appears.
        note: The signed checkpoint that the proofs rest on.
        at: The moment of the answer.

    Raises:
        InputError: The dispositions of an extraction are missing.
        VerificationError: They are not what the log sealed, or the vault is not what the commitments were made with.
    """
    from attest import answers
    from attest.disposition import commitment

    places: dict[str, list[int]] = defaultdict(list)
    for extraction, i in sorted({place for name in who.filed for place in vault.records_of(name)}):
        places[extraction].append(i)
    seals = {e["body"]["extraction_id"]: (i, e["body"]) for i, e in _entries(log, "extraction.sealed")}
    sealed, unsealed = [], {}
    for extraction, records in sorted(places.items()):
        if extraction not in seals:
            if not record:
                unsealed[extraction] = len(records)
            continue
        index, body = seals[extraction]
        tree = dispositions(workspace, extraction, body)
        if records[-1] >= tree.size:
            raise VerificationError(
                f"the vault names records of extraction {extraction} that its tree does not have",
                "restore vault.sqlite from a backup of the same day as the log",
            )
        shown = []
        for i in records:
            salt = None
            if record:
                salt = vault.salt(extraction, i)
                if commitment(salt, "source", bytes.fromhex(record)) != tree.leaves[i].source:
                    continue
            shown.append(answers.Shown(tree.lines[i], tuple(tree.proof(i)), salt))
        if shown:
            proof = log.proof(index, note).to_bytes()
            sealed.append(answers.Sealed(extraction, log.entry(index), proof, tuple(shown)))
    return answers.build(origin=log.origin, pid=who.pid, at=at, record=record, sealed=sealed, unsealed=unsealed)


def dispositions(workspace: Workspace, extraction: str, seal: dict[str, Any]) -> Dispositions:
    """Return the disposition tree of an extraction, if it is the one that the log sealed.

    Raises:
        InputError: It is missing.
        VerificationError: It is another one.
    """
    from attest.disposition import Dispositions

    path = workspace.dispositions_path(extraction)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"the dispositions of extraction {extraction} are not in this workspace",
            "restore the folder `extractions` from a backup, or take the file from the draft or the skill",
        ) from None
    tree = Dispositions.parse(data)
    if tree.root.hex() != seal["root"] or tree.size != seal["size"]:
        raise VerificationError(
            f"the dispositions of extraction {extraction} are not what the log sealed", "restore them from a backup"
        )
    return tree


def respond(log: EventLog, digest: str, pid: str, kind: str, now: datetime) -> Response:
    """Return what the person would sign about a skill, named by the digest of its signed statement.

    Raises:
        InputError: It was not released in this workspace.
        RefusedError: It is about somebody else.
    """
    from attest import response

    for _, entry in _entries(log, "skill.released"):
        body = entry["body"]
        if body["statement_sha256"] == digest:
            if body["subject"] != pid:
                raise RefusedError(
                    "this skill does not describe this person", "only the person whom a skill describes answers to it"
                )
            return response.Response(pid, body["extraction_id"], kind, digest, now)
    raise InputError(
        "this skill was not released in this workspace",
        "before a release, `govern skill review` strikes and corrects; else: is this the right --workspace?",
    )


def log_response(
    workspace: Workspace,
    log: EventLog,
    said: Response,
    signature: Ed25519PrivateKey | str | Mapping[str, Any],
    now: datetime | None = None,
) -> int:
    """Log a response; return its index.

    Args:
        workspace: The workspace.
        log: Its log.
        said: The response.
        signature: The person's key, what `ssh-keygen` made, or a passkey's signature as it stands in an envelope.
        now: The moment, where the response was offered to be signed before.

    Raises:
        RefusedError: The person has no key, or another key signed.
        VerificationError: The signature is not over this response.
    """
    from attest import keys, response, sshsig

    ledger = workspace.ledger(log)
    if isinstance(signature, Mapping):
        passkey = next((key for key in ledger.passkeys(said.pid) if key.key_id == signature.get("keyid")), None)
        if passkey is None:
            raise RefusedError("this passkey does not speak for this person", "`govern keys list` shows which ones do")
        body = said.signed_body(signature)
        response.check(body, passkey.verifier)
        return workspace.append(log, "subject.response", f"employee:{said.pid}", body, now or said.at)
    enrolled = ledger.key(said.pid)
    if enrolled is None:
        raise RefusedError("this person has no enrolled key", f"govern keys enroll --subject {said.pid} --out KEYFILE")
    public = sshsig.parse(signature).public if isinstance(signature, str) else keys.public_bytes(signature)
    if public != enrolled.public:
        raise RefusedError("this is not the key that the person enrolled", "`govern keys list` shows which one is")
    body = said.ssh_body(signature) if isinstance(signature, str) else said.body(signature)
    response.check(body, enrolled.public)
    return workspace.append(log, "subject.response", f"employee:{said.pid}", body, now or said.at)


def signed_payload(payload: bytes, expected: Response, now: datetime) -> Response:
    """Return the response in a payload file, if it is the one that is being given.

    Raises:
        InputError: The file is not a response.
        UsageError: It is a response to something else, by somebody else, or from the future.
    """
    from dataclasses import replace

    from attest import response

    said = response.parse(payload)
    if replace(said, at=expected.at) != expected or said.at > now:
        raise UsageError(
            "the signed file says something else than this command", "write it anew with --to-sign, then sign that file"
        )
    return said


def export(workspace: Workspace, log: EventLog, vault: Vault, who: Asker, note: bytes, at: str) -> bytes:
    """Return everything that the log and the workspace hold about a person, see `attest.dossier`."""
    from attest import container, dossier

    files = {
        dossier.ANSWER: taken(workspace, log, vault, who, "", note, at),
        dossier.CHECKPOINT: note,
        dossier.KEY: (workspace.log_vkey + "\n").encode(),
        dossier.README: _README.encode(),
    }
    for index, data, event in dossier.entries_about(log.entries(), who.pid):
        files[dossier.entry_file(index)] = data
        files[dossier.proof_file(index)] = log.proof(index, note).to_bytes()
        if event.type == "skill.released":
            extraction = str(event.body["extraction_id"])
            path = workspace.statement_path(extraction)
            if path.exists():
                files[dossier.statement_file(extraction)] = path.read_bytes()
    return container.pack(who.pid, files)


def _entries(log: EventLog, kind: str) -> Iterable[tuple[int, dict[str, Any]]]:
    wanted = f'"type":"{kind}"'.encode()
    for index, data in log.entries():
        if wanted in data and (entry := json.loads(data))["type"] == kind:
            yield index, entry


def outcomes(leaves: Collection[Any]) -> dict[str, Any]:
    """Return how many leaves there are by outcome and by reason."""
    return {
        "records": len(leaves),
        "taken": sum(leaf.outcome != "left_out" for leaf in leaves),
        "left_out": sum(leaf.outcome == "left_out" for leaf in leaves),
        "by_reason": dict(sorted(Counter(r for leaf in leaves for r in leaf.reasons).items())),
    }


_README = """\
# What is held about you

Everything in this folder is about you, under your pseudonym. It can be checked without a network and without trusting
whoever gave it to you. You need the key of the log, from somewhere else than this folder: the works council, the data
protection officer, a notice board. Then:

    govern audit answer FILE.zip --log-key KEY

- `entries/`: every entry of the log that names you: keys, consents, extractions, skills, answers. Each stands beside
  the proof that it is in the log (C2SP tlog-proof).
- `answer.json`: what became of each record in which you appear: taken or left out, and why.
- `skills/`: the signed statement of every skill that was made from your work.
- `checkpoint`: the signed state of the log that all proofs rest on.

What it cannot prove: that the log and the vault know every record about you. A record that was never read, or that was
filed under nobody, is in neither.
"""
