"""`govern log witness`, `request-cosignature`, `add-cosignature`: the log's side of the dialogue with its witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govern import witnessed
from govern.cli.audit import read_log_key
from govern.cli.context import GlobalOptions, governed
from govern.errors import GovernError, InputError, RefusedError, UsageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attest.cosignature import Cosigned, Cosigner
    from attest.log import EventLog
    from govern.workspace import Workspace

F = TypeVar("F", bound="Callable[..., Any]")

POLICY = "witnesses.policy"
"""In the workspace: the witnesses of this log, in the form that auditors use (C2SP tlog-policy)."""

MAX_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Known:
    """A witness that this log asks: its key, its name for people, and its URL if it has one."""

    cosigner: Cosigner
    name: str
    url: str | None


def register(group: click.Group) -> None:
    """Add the commands to `govern log`."""
    for command in (request_cosignature, add_cosignature, witness):
        group.add_command(command)


def _witness_options(command: F) -> F:
    command = click.option(
        "--policy",
        "policy_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Policy file that names the witnesses.  [default: witnesses.policy in the workspace]",
    )(command)
    return click.option("--key", metavar="KEY", help="The witness's key, or a file with it, in place of a policy.")(
        command
    )


def _known(workspace: Workspace, key: str | None, policy_file: Path | None, url: str | None = None) -> list[Known]:
    from attest import witness_policy
    from attest.cosignature import Cosigner

    if key is not None:
        cosigner = Cosigner.from_vkey(read_log_key(key))
        return [Known(cosigner, cosigner.name, url)]
    path = policy_file or workspace.root / POLICY
    try:
        policy = witness_policy.parse(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            "no witness is known",
            f"give --key with the witness's key, or write a policy to {workspace.root / POLICY}: docs/witnesses.md",
        ) from None
    found = [Known(w.cosigner, witness_policy.shown(w.name), w.url) for w in policy.witnesses.values()]
    if url is None:
        return found
    if chosen := [known for known in found if known.url is not None and known.url.rstrip("/") == url.rstrip("/")]:
        return chosen
    raise UsageError("the policy names no witness with this URL", "give its key with --key")


@click.command(
    "request-cosignature", epilog="Example:  govern log request-cosignature -o request.txt --key council.vkey"
)
@click.option("-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The request.")
@click.option("--for", "name", metavar="NAME", help="Which witness of the policy it is for.")
@click.option("--old", type=click.IntRange(min=0), metavar="N", help="Start at this size, whatever is remembered.")
@_witness_options
@governed
def request_cosignature(
    options: GlobalOptions, output: Path, name: str | None, old: int | None, key: str | None, policy_file: Path | None
) -> None:
    """Write a request for a witness to a file, to be taken there on a stick."""
    from attest.files import replace_file
    from attest.witness import Request

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        if old is None:
            chosen = [k for k in _known(workspace, key, policy_file) if name in (None, k.name, k.cosigner.name)]
            if len(chosen) != 1:
                raise UsageError(f"{len(chosen)} witnesses could be meant", "name one with --for, or give its --key")
            old = witnessed.read(workspace.root).get(chosen[0].cosigner.vkey, 0)
        note = workspace.sign(log)
        size = _size_of(note)
        if old > size:
            raise UsageError(f"the log has {size} entries, fewer than {old}")
        request = Request(old, tuple(log.consistency_proof(old, size)), note)
    replace_file(output, request.to_bytes())
    out.say(f"Request over {size} entries, from {old}, written to {output}. The witness answers it with:")
    out.say(f"  govern witness cosign {output} -o answer.txt")
    out.result({"file": str(output), "old": old, "size": size})


@click.command("add-cosignature", epilog="Example:  govern log add-cosignature answer.txt --key council.vkey")
@click.argument("answer", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="ANSWER_FILE")
@_witness_options
@governed
def add_cosignature(options: GlobalOptions, answer: Path, key: str | None, policy_file: Path | None) -> None:
    """Keep the cosignature in a witness's answer, once it is verified."""
    out = options.output()
    workspace = options.open_workspace()
    with answer.open("rb") as file:
        lines = file.read(MAX_ANSWER + 1)
    if len(lines) > MAX_ANSWER:
        raise InputError(f"{answer} is not a witness's answer")
    known = _known(workspace, key, policy_file)
    with workspace.log() as log:
        if lines.removesuffix(b"\n").isdigit():
            _read_size(workspace, log, known, lines)
        size, found = _matching(log, lines, [k.cosigner for k in known])
        _store(workspace, log, size, found)
    names = [c.cosigner.name for c in found.cosignatures]
    out.say(f"Kept: {', '.join(names)} cosigned the checkpoint over {size} entries.")
    out.result({"size": size, "cosigned_by": names})


def _read_size(workspace: Workspace, log: EventLog, known: Sequence[Known], lines: bytes) -> None:
    """Act on an answer that is a size: the witness did not cosign."""
    from attest.encoding import from_decimal

    seen = from_decimal(lines.decode("ascii").removesuffix("\n"))
    if len(known) == 1:
        witnessed.remember(workspace.root, known[0].cosigner.vkey, seen)
    witnessed.refuse_rollback(workspace.root, log.size)
    raise RefusedError(
        f"the witness did not cosign: it has seen {seen} entries last, the request started elsewhere",
        f"ask again from there: `govern log request-cosignature -o FILE --old {seen}`",
    )


@click.command(epilog="Example:  govern log witness http://127.0.0.1:7380 --key council.vkey")
@click.argument("url", required=False, metavar="[URL]")
@_witness_options
@governed
def witness(options: GlobalOptions, url: str | None, key: str | None, policy_file: Path | None) -> None:
    """Sign the log's present state, ask witnesses to cosign it, and keep what they answer.

    Without a URL, every witness of the policy that has one is asked.
    """
    out = options.output()
    workspace = options.open_workspace()
    asked = [known for known in _known(workspace, key, policy_file, url) if known.url is not None]
    if not asked:
        raise UsageError("no witness with a URL is known", "give a URL, or add it to the witness's line in the policy")
    rows: list[dict[str, Any]] = []
    failed: list[GovernError] = []
    with workspace.log() as log:
        note = workspace.sign(log)
        for known in asked:
            try:
                at = _ask(workspace, log, note, known)
            except GovernError as error:
                # One witness that is down must not keep the others from being asked.
                failed.append(error)
                out.say(f"{known.name}: {error.message}", important=True)
                rows.append({"witness": known.name, "cosigned": False, "error": error.message})
                continue
            out.say(f"{known.name}: cosigned {_size_of(note)} entries at {at}")
            rows.append({"witness": known.name, "cosigned": True, "at": at})
    out.result({"size": _size_of(note), "witnesses": rows})
    if failed:
        # The gravest comes first: a fork or a rollback must not hide behind a connection that failed.
        raise max(failed, key=lambda error: isinstance(error, VerificationError))


def _ask(workspace: Workspace, log: EventLog, note: bytes, known: Known) -> str:
    from attest.encoding import to_time
    from attest.errors import RollbackError, SignatureError, WitnessError
    from attest.witness import Request
    from attest.witness_http import ask

    size = _size_of(note)
    old = min(witnessed.read(workspace.root).get(known.cosigner.vkey, 0), size)
    for _ in range(2):
        reply = ask(known.url or "", Request(old, tuple(log.consistency_proof(old, size)), note))
        if reply.size is None:
            break
        if reply.size > size:
            witnessed.remember(workspace.root, known.cosigner.vkey, reply.size)
            raise RollbackError(
                f"the witness has seen {reply.size} entries; this log has {size}",
                "this is an older copy: bring the newer one back before anything else is written",
            )
        if reply.size == old:
            raise VerificationError(
                f"the witness has seen another root of size {reply.size}: there are two logs",
                "sign nothing more; compare this copy with your backups and with what the witness kept",
            )
        old = reply.size
    else:
        raise WitnessError("the witness names another size each time", "another process may be asking it too")
    found = _verified(note, reply.lines, [known.cosigner])
    if not found.cosignatures:
        raise SignatureError("the witness answered with another key's signature", "is this the witness of that key?")
    _store(workspace, log, size, found)
    return to_time(found.cosignatures[0].at)


def _verified(note: bytes, lines: bytes, cosigners: Sequence[Cosigner]) -> Cosigned:
    from attest.cosignature import open_cosigned
    from attest.note import text_of

    return open_cosigned(text_of(note).encode() + b"\n" + lines, cosigners)


def _matching(log: EventLog, lines: bytes, cosigners: Sequence[Cosigner]) -> tuple[int, Cosigned]:
    """Find the checkpoint that cosignature lines are over; they do not say it themselves."""
    from attest.errors import SignatureError

    for note in reversed(list(log.checkpoints())):
        try:
            found = _verified(note, lines, cosigners)
        except SignatureError:
            continue
        if not found.cosignatures:
            raise SignatureError("no known witness signed the answer", "give the witness's key with --key")
        return _size_of(note), found
    raise SignatureError(
        "the cosignature is not over a checkpoint of this log", "was the answer changed, or is it for another log?"
    )


def _store(workspace: Workspace, log: EventLog, size: int, found: Cosigned) -> None:
    log.add_cosignatures(size, "".join(c.line for c in found.cosignatures).encode())
    for cosignature in found.cosignatures:
        witnessed.remember(workspace.root, cosignature.cosigner.vkey, size)


def _size_of(note: bytes) -> int:
    from attest import checkpoint as checkpoints
    from attest.note import text_of

    return checkpoints.parse(text_of(note)).size
