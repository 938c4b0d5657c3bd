"""`govern witness`: keep watch over somebody else's log, as works council, data protection officer or auditor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govern.cli.audit import read_log_key
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import InputError, RefusedError, UsageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attest.cosignature import CosignatureSigner
    from attest.witness import Answer, Witness

F = TypeVar("F", bound="Callable[..., Any]")

MEMORY = "witness.sqlite"
KEY = "witness.key"
VKEY = "witness.vkey"
PORT = 7380


@click.group()
def witness() -> None:
    """Keep watch over a log that somebody else runs: cosign it as long as it only grows."""


def _folder_option(command: F) -> F:
    return click.option(
        "--witness",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("witness"),
        envvar="GOVERN_WITNESS",
        metavar="DIR",
        help="The witness's folder.  [default: ./witness]",
    )(command)


def _signer(folder: Path) -> CosignatureSigner:
    from attest import keys
    from attest.cosignature import CosignatureSigner, Cosigner

    try:
        vkey = (folder / VKEY).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            f"no witness at {folder}", "make one with `govern witness init`, or name its folder with --witness"
        ) from None
    return CosignatureSigner(Cosigner.from_vkey(vkey).name, keys.load(folder / KEY, None))


def _open(folder: Path) -> Witness:
    from attest.witness import Witness

    return Witness.open(folder / MEMORY, _signer(folder))


@witness.command(epilog="Example:  govern witness init --name example.com/works-council --out witness")
@click.option("--name", required=True, metavar="NAME", help="Who cosigns, like example.com/works-council; no spaces.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("witness"),
    metavar="DIR",
    help="New folder for key and memory.  [default: ./witness]",
)
@governed
def init(options: GlobalOptions, name: str, folder: Path) -> None:
    """Make a witness: a key and an empty memory, on a machine of your own.

    Keep the folder where the operator of the log cannot write. Whoever has its key cosigns in your name.
    """
    from attest import keys
    from attest.cosignature import CosignatureSigner
    from attest.files import create_file
    from attest.witness import Witness

    out = options.output()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists already", "choose another folder with --out: a witness is never overwritten")
    key = keys.generate()
    signer = CosignatureSigner(name, key)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys.save(folder / KEY, key, None)
    Witness.create(folder / MEMORY, signer).close()
    # Last: a folder without it is not a witness.
    create_file(folder / VKEY, (signer.cosigner.vkey + "\n").encode())
    out.say(f"Witness {name} made in {folder}. Its public key, for the log's operator and for policies:")
    out.say(signer.cosigner.vkey, important=True)
    out.say("Next, name the log that it watches:")
    out.say(f"  govern witness add-log log.vkey --witness {folder}")
    out.result({"name": name, "folder": str(folder), "vkey": signer.cosigner.vkey})


@witness.command("add-log", epilog="Example:  govern witness add-log log.vkey --witness witness")
@click.argument("key", metavar="KEY")
@_folder_option
@governed
def add_log(options: GlobalOptions, key: str, folder: Path) -> None:
    """Know a log by its public key: KEY, or a file that holds it."""
    from attest.note import Verifier

    out = options.output()
    log = Verifier.from_vkey(read_log_key(key))
    with _open(folder) as memory:
        try:
            added = memory.add_log(log)
        except ValueError:
            raise UsageError("this is the witness's own key", "give the log's key: log.vkey") from None
    out.say(f"The log {log.name} is {'known from now on' if added else 'known already'}.")
    out.result({"origin": log.name, "added": added})


@witness.command(epilog="Example:  govern witness cosign request.txt -o answer.txt --witness witness")
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="REQUEST_FILE")
@click.option("-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The answer.")
@_folder_option
@now_option
@governed
def cosign(options: GlobalOptions, request: Path, output: Path, folder: Path, now: datetime) -> None:
    """Answer a request that came as a file, and write the answer to a file, to take back on the same stick.

    Exit code 3 if the request started at another size than the one seen last: the answer then holds that size, and the
    log's side asks again. Exit code 4 if the log does not continue what was seen: do not let that rest.
    """
    from attest.files import replace_file
    from attest.witness import MAX_REQUEST

    out = options.output()
    with request.open("rb") as file:
        body = file.read(MAX_REQUEST + 1)
    with _open(folder) as memory:
        forks = sum(seen.forks for seen in memory.seen())
        answer = memory.add_checkpoint(body, now)
        forked = sum(seen.forks for seen in memory.seen()) > forks or (answer.status == 409 and _is_fork(memory, body))
    if answer.status == 200 or (answer.status == 409 and not forked):
        replace_file(output, answer.body)
    if answer.status != 200:
        _refuse(answer, forked=forked, output=output)
    out.say(f"Cosigned. Take {output} back:")
    out.say(f"  govern log add-cosignature {output}")
    out.result({"status": answer.status, "answer": answer.body.decode(), "file": str(output)})


def _is_fork(memory: Witness, body: bytes) -> bool:
    from attest import checkpoint as checkpoints
    from attest.note import text_of
    from attest.witness import parse_request

    head = checkpoints.parse(text_of(parse_request(body).note))
    return any(s.origin == head.origin and s.head.size == head.size and s.head != head for s in memory.seen())


def _refuse(answer: Answer, *, forked: bool, output: Path) -> None:
    said = answer.body.decode().strip()
    if forked:
        raise VerificationError(
            f"the log signed two different heads of size {said}: it was forked; nothing was cosigned",
            "`govern witness show --evidence DIR` writes both, each with the log's signature",
        )
    match answer.status:
        case 409:
            raise RefusedError(
                f"not cosigned: {said} entries were seen last, the request starts elsewhere",
                f"take {output} back: `govern log add-cosignature` reads it, and the next request starts there",
            )
        case 422:
            raise VerificationError(
                f"not cosigned, the checkpoint does not continue what was seen: {said}",
                "ask the operator for an explanation; the request was kept, see `govern witness show`",
            )
        case 403:
            raise VerificationError(f"not cosigned: {said}", "if the log has a new key: `govern witness add-log KEY`")
        case 404:
            raise UsageError(f"not cosigned: {said}", "`govern witness add-log KEY` makes it known")
        case _:
            raise InputError(f"not cosigned: {said}", "the file comes from `govern log request-cosignature -o FILE`")


@witness.command(epilog="Example:  govern witness show --witness witness")
@_folder_option
@click.option(
    "--evidence",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write what speaks against a log into this folder.",
)
@governed
def show(options: GlobalOptions, folder: Path, evidence: Path | None) -> None:
    """Say what was seen of each log, and what speaks against it."""
    from attest.files import replace_file

    out = options.output()
    rows: list[dict[str, Any]] = []
    written = 0
    with _open(folder) as memory:
        for seen in memory.seen():
            rows.append(
                {
                    "origin": seen.origin,
                    "size": seen.head.size,
                    "root": seen.head.root.hex(),
                    "at": None if seen.at is None else seen.at.isoformat(),
                    "forks": seen.forks,
                    "unproved": seen.unproved,
                }
            )
            when = "never cosigned" if seen.at is None else f"cosigned {seen.at:%Y-%m-%d %H:%M} UTC"
            out.say(f"{seen.origin}: {seen.head.size} entries, {when}")
            if seen.forks:
                out.say(f"  FORKED: {seen.forks} checkpoints that the log signed contradict it", important=True)
            if seen.unproved:
                out.say(f"  {seen.unproved} checkpoints came with a proof that is wrong", important=True)
            if evidence is not None:
                evidence.mkdir(parents=True, exist_ok=True)
                for item in memory.contradictions(seen.origin):
                    written += 1
                    kind = "fork" if item.fork else "unproved"
                    replace_file(evidence / f"{written:03d}-{kind}-seen.checkpoint", item.seen)
                    replace_file(evidence / f"{written:03d}-{kind}-request.txt", item.request)
        vkey = memory.vkey
    if evidence is not None:
        out.say(f"{written} pieces of evidence written to {evidence}")
    out.say(f"key {vkey}")
    out.result({"vkey": vkey, "logs": rows})


@witness.command(epilog="Example:  govern witness serve --witness witness --port 7380")
@_folder_option
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Where to listen.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, help="Port; 0 takes a free one.  [default: 7380]")
@governed
def serve(options: GlobalOptions, folder: Path, host: str, port: int) -> None:
    """Answer requests over HTTP until it is stopped (Ctrl-C); listens to this machine only, unless --host says else."""
    from attest.witness_http import WitnessServer

    out = options.output()
    with _open(folder) as memory:  # whatever is wrong with the folder is told now, not to the first client
        vkey = memory.vkey
    try:
        server = WitnessServer((host, port), lambda: _open(folder), lambda: datetime.now(UTC))
    except OSError:
        raise UsageError(f"port {port} cannot be used", "is a witness running there? Try another --port") from None
    with server:
        out.say(f"Listening on {server.url}, as {vkey}", important=True)
        out.result({"url": server.url, "vkey": vkey})
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            out.say("Stopped.")
