"""`govern audit log`: check a published log by its key alone."""

from __future__ import annotations

from pathlib import Path

import click

from govern.cli.context import GlobalOptions, governed
from govern.errors import InputError


@click.command(epilog="Example:  govern audit log /srv/www/log --log-key log.vkey --kept last-year.checkpoint")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--log-key", required=True, metavar="KEY", help="The log's key, or a file with it; never from DIR.")
@click.option(
    "--kept",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A checkpoint from before: the log must be a continuation of it. May be repeated.",
)
@governed
def log(options: GlobalOptions, folder: Path, log_key: str, kept: tuple[Path, ...]) -> None:
    """Check a folder that `govern log publish` wrote, or a copy of it: every entry, every hash, the signature.

    Needs no workspace and no network. Exit code 4 when anything differs. Keep the checkpoint that was checked, and
    give it with --kept the next time: only so is a log noticed that was written anew.
    """
    from attest.tiles import check_folder
    from govern.cli.audit import read_log_key

    out = options.output()
    vkey = read_log_key(log_key)
    notes = [_read(path) for path in kept]
    with out.progress("checking") as progress:
        found = check_folder(folder, vkey, notes, progress)
    out.say(f"{found.head.origin}: {found.head.size} entries, root {found.head.root.hex()}")
    out.say(f"{found.files} files are what the log's key signed.")
    for size in found.kept:
        out.say(f"It continues the kept checkpoint over {size} entries.")
    if not found.kept:
        out.say("Nothing older was given: that this is the log that others are shown, this cannot say.")
    if found.ahead:
        out.say(f"{found.ahead} files are of a later size that is not published yet; nothing vouches for them.")
    out.result(
        {
            "ok": True,
            "origin": found.head.origin,
            "size": found.head.size,
            "root": found.head.root.hex(),
            "files": found.files,
            "ahead": found.ahead,
            "kept": list(found.kept),
        }
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise InputError(f"{path} cannot be read", "name a checkpoint that was kept, as published") from None
