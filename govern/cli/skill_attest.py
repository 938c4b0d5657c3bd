"""`govern skill attest`: proofs on a newer, cosigned checkpoint for a released skill; what was signed stays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import GovernError, RefusedError, UsageError, VerificationError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger
    from govern.workspace import Workspace


@click.command(epilog="Example:  govern skill attest ops.skill")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it elsewhere.  [default: FILE]"
)
@now_option
@governed
def attest(options: GlobalOptions, file: Path, output: Path | None, now: datetime) -> None:
    """Renew the proofs in a released skill: cosignatures, the time-stamp, the person's responses since.

    The files that log and person signed are not touched. Takes the newest checkpoint that is cosigned as
    witnesses.policy in the workspace wants it, or by anybody if there is no such file.
    """
    from attest import bundle, container, evidence, proof
    from attest import checkpoint as checkpoints
    from attest.errors import FormatError
    from attest.files import replace_file
    from attest.note import text_of
    from attest.verify import verify_skill

    out = options.output()
    workspace = options.open_workspace()
    box = container.unpack(read_skill(file))
    try:
        index = proof.parse(box.files[evidence.ENTRY_PROOF]).index
    except KeyError:
        raise RefusedError(
            f"{file} was not released", "a draft has nothing to attest: `govern skill release FILE --key KEYFILE`"
        ) from None
    with workspace.log() as log:
        note = bundle.newest_cosigned(log, index, _enough(workspace))
        if note is None:
            raise UsageError(
                "no checkpoint since the release is cosigned", "ask the witnesses first: `govern log witness`"
            )
        size = checkpoints.parse(text_of(note)).size
        stamp = workspace.root / "timestamps" / f"{size}.tsr"
        responses, keys = _since(log, workspace.ledger(log), box.files, size)
        try:
            files = bundle.refresh(
                log,
                box.files,
                note,
                responses=responses,
                keys=keys,
                timestamp=stamp.read_bytes() if stamp.is_file() else None,
            )
        except (ValueError, FormatError):
            raise VerificationError(
                f"{file} is not a skill of this log", "is this the right --workspace? `govern skill verify` says more"
            ) from None
        data = container.pack(box.name, files)
        # An expired skill may be attested too: its proofs are asked for longer than it is used.
        failed = [c.name for c in verify_skill(data, workspace.log_vkey, now=None).checks if c.status == "fail"]
        if failed:
            raise VerificationError(f"verification failed: {', '.join(failed)}", "nothing was written")
        workspace.append(
            log,
            "skill.packaged",
            "operator",
            {
                "extraction_id": _body(files[evidence.ENTRY])["extraction_id"],
                "release_index": index,
                "sha256": hashlib.sha256(data).hexdigest(),
            },
            now,
        )
    target = output or file
    replace_file(target, data)
    signatures = text_of(note).encode() + b"\n"
    cosignatures = note[len(signatures) :].count(b"\n") - 1
    out.say(
        f"{target} rests on the checkpoint over {size} entries: {cosignatures} cosignatures, {len(responses)} responses"
        + (", a time-stamp" if stamp.is_file() else "")
    )
    out.result(
        {
            "file": str(target),
            "size": size,
            "cosignatures": cosignatures,
            "responses": len(responses),
            "timestamp": stamp.is_file(),
        }
    )


def _enough(workspace: Workspace) -> Any:
    """Return what tells whether a checkpoint has the cosignatures that it needs."""
    from attest import witness_policy
    from attest.cosignature import open_cosigned
    from attest.note import split
    from govern.cli.log_witness import POLICY

    path = workspace.root / POLICY
    if not path.is_file():
        return lambda note: len(split(note)[1]) > 1
    policy = witness_policy.parse(path.read_bytes())
    return lambda note: policy.met({c.cosigner for c in open_cosigned(note, policy.cosigners).cosignatures})


def _since(log: EventLog, consents: Ledger, files: Mapping[str, bytes], size: int) -> tuple[list[int], list[int]]:
    """Return the subject's responses to a skill, and the rotations of the subject's key, up to a size of the log."""
    from attest import bundle, evidence, response

    released = _body(files[evidence.ENTRY])
    statement = hashlib.sha256(files[evidence.STATEMENT]).hexdigest()
    keys = bundle.key_chain(log, released["subject"], size - 1)
    responses = []
    for index, data in log.entries(0, size):
        if b'"type":"subject.response"' not in data or statement.encode() not in data:
            continue
        try:
            by = response.passkey_of(_body(data))
            passkey = consents.passkey_at(released["subject"], by, index) if by else None
            own = passkey or next(key for key in keys if key.speaks_at(index) and not by)
            said = response.check(_body(data), own.verifier)
        except (GovernError, StopIteration):
            continue  # not the person's word, whoever wrote it
        if (said.pid, said.extraction_id) == (released["subject"], released["extraction_id"]):
            responses.append(index)
    return responses, [key.index for key in keys]


def _body(entry: bytes) -> Mapping[str, Any]:
    from attest import events

    return events.parse(entry).body
