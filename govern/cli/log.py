"""`govern log`: show entries, sign a checkpoint, make a proof, publish tiles, check the store."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from govern.cli import log_witness
from govern.cli.context import GlobalOptions, governed, now_option
from govern.cli.log_timestamp import timestamp
from govern.errors import UsageError

#: What of an entry's body is worth a place in its line.
_SHOWN = (
    *("pid", "subject", "purpose", "purposes", "dry_run", "size", "taken", "left_out", "allowed", "reasons", "claims"),
    *("accepted", "corrected", "struck"),
)


@click.group()
def log() -> None:
    """Show the log, sign a checkpoint, make a proof, publish."""


log.add_command(timestamp)
log_witness.register(log)


@log.command()
@click.option("--type", "kind", metavar="TYPE", help="Only entries of this type, or of this family: `consent`.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N entries.")
@governed
def show(options: GlobalOptions, kind: str | None, last: int | None) -> None:
    """List the entries of the log."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        rows = [(i, json.loads(data)) for i, data in entries.entries()]
        size, root = entries.size, entries.root().hex()
    chosen = [(i, e) for i, e in rows if kind is None or e["type"] == kind or e["type"].startswith(kind + ".")]
    chosen = chosen[-last:] if last else chosen
    for i, entry in chosen:
        out.say(f"{i:5d}  {entry['at']}  {entry['type']:<22} {entry['actor']:<20} {_summary(entry['body'])}".rstrip())
    out.say(f"size {size}, root {root}")
    out.result(
        {"origin": workspace.origin, "size": size, "root": root, "entries": [{"index": i, **e} for i, e in chosen]}
    )


def _summary(body: dict[str, object]) -> str:
    shown = []
    for name in _SHOWN:
        if name in body and body[name] is not None:
            value = body[name]
            shown.append(f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}")
    return " ".join(shown)


@log.command()
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@governed
def checkpoint(options: GlobalOptions, output: Path | None) -> None:
    """Sign the log's present state; keep the result, it is what later states are compared with."""
    from attest.files import replace_file

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        note = workspace.sign(entries)
        size = entries.size
    if output is not None:
        replace_file(output, note)
        out.say(f"Checkpoint of size {size} written to {output}")
    else:
        out.say(note.decode(), important=True)
    out.result({"size": size, "checkpoint": note.decode()})


@log.command()
@click.argument("index", type=click.IntRange(min=0))
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@governed
def prove(options: GlobalOptions, index: int, output: Path | None) -> None:
    """Prove that entry INDEX is in the log (C2SP tlog-proof)."""
    from attest.files import replace_file

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        if index >= entries.size:
            raise UsageError(f"there is no entry {index}: the log has {entries.size}", "`govern log show` lists them")
        entry = entries.entry(index)
        proof = entries.proof(index, workspace.sign(entries)).to_bytes()
    if output is not None:
        replace_file(output, proof)
        replace_file(output.with_name(output.name + ".entry.json"), entry)
        out.say(f"Proof written to {output}, the entry beside it")
    else:
        out.say(proof.decode(), important=True)
    out.result({"index": index, "entry": entry.decode(), "proof": proof.decode()})


@log.command(epilog="Example:  govern log publish /srv/www/log")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--full", is_flag=True, help="Go over what is published already, too, and put back what is missing.")
@governed
def publish(options: GlobalOptions, folder: Path, full: bool) -> None:
    """Write the log into DIR as tiles that any web server can hand out (C2SP tlog-tiles).

    Signs a checkpoint first, if entries are newer than the last one. What is published is never changed: only new
    files are added, and the checkpoint is replaced last. `govern audit log DIR` checks the result.
    """
    from attest import checkpoint as checkpoints
    from attest import publish as publishing
    from attest.note import text_of

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        note = entries.latest_checkpoint()
        if note is None or checkpoints.parse(text_of(note)).size < entries.size:
            workspace.sign(entries)
        with out.progress("publishing") as progress:
            done = publishing.publish(entries, folder, full=full, progress=progress)
    out.say(f"{folder} shows {done.head.size} entries, root {done.head.root.hex()}")
    gone = f", {done.removed} partial files gave way to full ones" if done.removed else ""
    out.say(f"{done.written} files are new{gone}.")
    out.result(
        {
            "origin": done.head.origin,
            "size": done.head.size,
            "root": done.head.root.hex(),
            "before": done.before,
            "written": done.written,
            "removed": done.removed,
        }
    )


@log.command()
@now_option
@governed
def fsck(options: GlobalOptions, now: datetime) -> None:
    """Rebuild the tree from the entries and compare everything that is stored."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as entries:
        head = entries.fsck()
        size, root = head.size, head.root.hex()
    ledger = None
    with workspace.log() as entries:
        ledger = workspace.ledger(entries)
    out.say(f"The log is whole: {size} entries, root {root}")
    if ledger.rejected:
        out.say(f"{len(ledger.rejected)} consent or key entries do not count: their signature or form is wrong.")
    out.result(
        {
            "size": size,
            "root": root,
            "rejected": [{"index": r.index, "code": r.code} for r in ledger.rejected],
            "at": now.isoformat(),
        }
    )
