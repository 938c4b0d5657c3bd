"""`govern subject`: what the person whose work it is may ask, say, take along and have erased."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options
from govern.cli.keyfiles import load
from govern.cli.subject_erase import erase
from govern.cli.subject_taken import taken
from govern.cli.subject_veto import ask, veto
from govern.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    F = Callable[..., Any]

_MAX_SIGNED = 64 * 1024

person_option = click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")


@click.group()
def subject() -> None:
    """Ask what was taken, answer to a skill, export, erase."""


subject.add_command(taken)
subject.add_command(veto)
subject.add_command(ask)
subject.add_command(erase)


def _response_options(command: F) -> F:
    for decorator in (
        now_option,
        passphrase_options,
        click.option(
            "--to-sign",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Only write what `ssh-keygen -Y sign -n govern-response` is to sign.",
        ),
        click.option(
            "--sshsig",
            "ssh_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE.sig",
            help="Signature that ssh-keygen wrote; the signed FILE beside it.",
        ),
        click.option("--key", "key_file", type=click.Path(dir_okay=False, path_type=Path), help="Your key file."),
        person_option,
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = decorator(command)
    return command


@subject.command(epilog="Example:  govern subject confirm ops.skill --subject p-4k7q2m9x --key my.key")
@_response_options
@governed
def confirm(options: GlobalOptions, **given: Any) -> None:
    """Say of a released skill that it is right. Silence never counts as this."""
    _respond(options, "confirm", **given)


@subject.command(epilog="Example:  govern subject contest ops.skill --subject p-4k7q2m9x --key my.key")
@_response_options
@governed
def contest(options: GlobalOptions, **given: Any) -> None:
    """Say of a released skill that it is wrong. Logged beside it for good; the skill itself is not changed."""
    _respond(options, "contest", **given)


@subject.command(epilog="Example:  govern subject correct ops.skill --subject p-4k7q2m9x --key my.key")
@_response_options
@governed
def correct(options: GlobalOptions, **given: Any) -> None:
    """Ask for a correction of a released skill. Your own words go into a new draft, at its review; not into the log."""
    _respond(options, "correct", **given)


def _respond(
    options: GlobalOptions,
    kind: str,
    *,
    file: Path,
    subject: str,
    key_file: Path | None,
    ssh_file: Path | None,
    to_sign: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    from attest import container
    from attest.files import replace_file
    from govern import releases, subjects

    if sum(way is not None for way in (key_file, ssh_file, to_sign)) != 1:
        raise UsageError(
            "a response needs exactly one signature",
            "give --key KEYFILE; or --to-sign FILE, then sign it with ssh-keygen, then --sshsig FILE.sig",
        )
    out = options.output()
    workspace = options.open_workspace()
    data = read_skill(file)
    with workspace.log() as log:
        digest = releases.statement_sha256(container.unpack(data).files)
        said = subjects.respond(log, digest, subject, kind, now)
        if to_sign is not None:
            replace_file(to_sign, said.payload(), 0o600)
            out.say(f"Written to {to_sign}. Sign it with the SSH key that you enrolled, then hand the signature in:")
            out.say(f"  ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n govern-response {to_sign}")
            out.say(f"  govern subject {kind} {file} --subject {subject} --sshsig {to_sign}.sig")
            out.result({"file": str(to_sign), "response": kind, "statement_sha256": said.statement_sha256})
            return
        if ssh_file is not None:
            if ssh_file.suffix != ".sig":
                raise UsageError("--sshsig takes FILE.sig, with FILE beside it", "keep the names that ssh-keygen gives")
            said = subjects.signed_payload(_read(ssh_file.with_suffix("")), said, now)
            index = subjects.log_response(workspace, log, said, _read(ssh_file).decode("ascii", "replace"))
        elif key_file is not None:
            key = load(options, key_file, passphrase_file)
            index = subjects.log_response(workspace, log, said, key)
        word = releases.word(data, log, workspace.ledger(log), now)
    out.say(f"Logged as entry {index}. The skill is now: {word.text if word else 'unknown'}")
    out.result(
        {
            "index": index,
            "response": kind,
            "extraction_id": said.extraction_id,
            "statement_sha256": said.statement_sha256,
            "word": word.document if word else None,
        }
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_SIGNED + 1)
    except OSError:
        raise InputError(
            f"{path} cannot be read", "it stands beside the signature, under the name that was signed"
        ) from None
    if len(data) > _MAX_SIGNED:
        raise InputError(f"{path} is too long to be a response or its signature")
    return data


@subject.command(epilog="Example:  govern subject export --subject p-4k7q2m9x -o about-me.zip")
@person_option
@click.option(
    "-o",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.zip",
    help="Zip to write.",
)
@now_option
@governed
def export(options: GlobalOptions, subject: str, output: Path, now: datetime) -> None:
    """Take along everything that is held about a person: a zip that `govern audit answer` checks offline.

    It holds every entry of the log that names them with its proof, what became of their records, and the signed
    statements of skills made from their work. That it was given is logged, and answers `govern subject ask`.
    """
    from attest import dossier
    from attest.encoding import to_time
    from attest.files import replace_file
    from govern import rights, subjects

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, subject)
        if who.pid == subjects.OUTSIDER:
            raise UsageError("the log names only people of the people file", "ask with `govern subject taken` instead")
        data = subjects.export(workspace, log, vault, who, workspace.sign(log), to_time(now))
        made = dossier.verify(data, workspace.log_vkey)
        replace_file(output, data, 0o600)
        # After the file is there: what was not handed out was not answered.
        indexes = rights.answered(workspace, log, who.pid, now)
    out.say(
        f"Written to {output}: {len(made.entries)} log entries, {len(made.answer.found)} records, "
        f"{len(made.statements)} skills. Logged as entry {', '.join(map(str, indexes))}."
    )
    out.say(f"  govern audit answer {output} --log-key KEY")
    out.result(
        {
            "file": str(output),
            "subject": made.pid,
            "entries": len(made.entries),
            "records": len(made.answer.found),
            "skills": len(made.statements),
            "log_size": made.log_size,
            "answered": indexes,
        }
    )
