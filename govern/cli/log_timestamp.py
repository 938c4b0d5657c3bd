"""`govern log timestamp`: ask a third party when the log's head existed, and keep its answer. Files only."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed
from govern.errors import InputError, UsageError

TIMESTAMPS = "timestamps"
"""Folder of the workspace: `SIZE.tsr` for the checkpoint over SIZE entries."""


@click.group()
def timestamp() -> None:
    """Ask a third party when the log's head existed (RFC 3161)."""


@timestamp.command()
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE.tsq",
    help="Where to write the request.",
)
@governed
def request(options: GlobalOptions, output: Path) -> None:
    """Sign the log's present state and write the request for a time-stamp over it.

    Send it to an authority: `curl --data-binary @FILE.tsq -H 'Content-Type: application/timestamp-query' URL`.
    """
    from attest import checkpoint, timestamp
    from attest.files import replace_file
    from attest.note import text_of

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        note = workspace.sign(entries)
    query = timestamp.request(timestamp.own_note(note))
    replace_file(output, query)
    size = checkpoint.parse(text_of(note)).size
    out.say(f"Request over the checkpoint of size {size} written to {output}")
    out.result({"size": size, "request": str(output)})


@timestamp.command()
@click.argument("token", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.tsr")
@click.option(
    "--root",
    "roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    metavar="CERT",
    help="Certificate of the authority's root, PEM or DER; may be repeated.",
)
@governed
def add(options: GlobalOptions, token: Path, roots: tuple[Path, ...]) -> None:
    """Check the authority's answer FILE.tsr and keep it with the checkpoint that it is over."""
    from attest import checkpoint, timestamp
    from attest.encoding import to_time
    from attest.files import create_file
    from attest.note import text_of

    out = options.output()
    workspace = options.open_workspace()
    answer = _read(token, timestamp.MAX_TOKEN)
    about = timestamp.imprint(answer)
    with workspace.log() as entries:
        notes = [timestamp.own_note(note) for note in entries.checkpoints()]
    message = next((note for note in notes if hashlib.sha256(note).digest() == about), None)
    if message is None:
        raise InputError("the time-stamp is over no checkpoint of this log", "is this the right --workspace?")
    at = to_time(timestamp.verify(answer, message, [_read(root, timestamp.MAX_TOKEN) for root in roots]))
    size = checkpoint.parse(text_of(message)).size
    folder = workspace.root / TIMESTAMPS
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        create_file(folder / f"{size}.tsr", answer)
    except FileExistsError:
        raise UsageError(
            f"the checkpoint of size {size} has a time-stamp", "an earlier one says more: the first is kept"
        ) from None
    out.say(f"The checkpoint of size {size} existed at {at}, says the authority; kept in {folder / f'{size}.tsr'}")
    out.result({"size": size, "at": at, "timestamp": str(folder / f"{size}.tsr")})


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"{path} is too long")
    return data
