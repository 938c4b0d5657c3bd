"""`govern subject`: what the person whose work it is may ask, say, take along and have erased."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options, read_passphrase
from govern.cli.subject_erase import erase
from govern.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attest.answers import Answer
    from govern.cli.output import Output

    F = Callable[..., Any]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_SIGNED = 64 * 1024

subject_option = click.option(
    "--subject",
    "named",
    required=True,
    metavar="PID",
    help="Pseudonymous id, as in the people file; or the mail address of somebody who is not in it.",
)
person_option = click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")


@click.group()
def subject() -> None:
    """Ask what was taken, answer to a skill, export, erase."""


subject.add_command(erase)


@subject.command(
    epilog="Example:  govern subject taken --subject p-4k7q2m9x --record $(sha256sum < mail.eml | cut -c-64)"
)
@subject_option
@click.option("--record", metavar="DIGEST", help="SHA-256 of one raw message; only that one, opened with its salt.")
@click.option("-o", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write answer.json to a folder.")
@now_option
@governed
def taken(options: GlobalOptions, named: str, record: str | None, folder: Path | None, now: datetime) -> None:
    """Answer "was anything of mine taken?", with proofs that `govern audit answer` checks offline.

    Without --record: every record in which the person appears, as author or addressee. With it: one message of
    theirs, by the digest of its raw bytes. A record of somebody else is not found, even with the right digest.
    """
    from attest import answers
    from attest.encoding import to_time
    from govern import subjects

    out = options.output()
    if record is not None and not _DIGEST.fullmatch(record):
        raise UsageError("--record is not a SHA-256 digest", "give 64 lower-case hexadecimal digits, as sha256sum does")
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, named)
        note = workspace.sign(log)
        data = subjects.taken(workspace, log, vault, who, record or "", note, to_time(now))
    # What does not verify is not handed out.
    answer = answers.verify(data, workspace.log_vkey)
    show_answer(out, answer)
    if folder is not None:
        from attest.files import replace_file

        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / "answer.json", data, 0o600)
        out.say(f"Written to {folder / 'answer.json'}. Anyone who has the log's key can check it offline:")
        out.say(f"  govern audit answer {folder / 'answer.json'} --log-key KEY")
    out.result({"file": str(folder / "answer.json") if folder else None, **answer_document(answer)})


def show_answer(out: Output, answer: Answer) -> None:
    """Write an answer for people: what came of the records of each extraction."""
    from govern import subjects

    if not answer.found:
        out.say(
            "No such record of this person is in any extraction that can still be opened."
            if answer.record
            else "No record in which this person appears is in any extraction that can still be opened."
        )
    for extraction, found in _by_extraction(answer):
        totals = subjects.outcomes([each.leaf for each in found])
        first = found[0]
        out.heading(f"Extraction {extraction}, sealed {first.sealed_at} as log entry {first.seal_index}")
        out.say(
            f"  {totals['records']} of {first.size} records: {totals['taken']} taken, {totals['left_out']} left out"
        )
        if answer.record:
            leaf = first.leaf
            redacted = sum(leaf.redactions.values())
            out.say(
                f"  record {leaf.i}: {leaf.outcome}"
                + (f", because of {', '.join(leaf.reasons)}" if leaf.reasons else "")
                + (f", {redacted} redactions" if redacted else "")
                + f"; authenticity {leaf.authenticity}"
            )
        elif totals["by_reason"]:
            out.table([(reason, n) for reason, n in totals["by_reason"].items()], indent=4)
    for extraction, n in answer.unsealed.items():
        out.say(f"Extraction {extraction} read {n} records and never finished; nothing came of it.")


def _by_extraction(answer: Answer) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for each in answer.found:
        groups.setdefault(each.extraction_id, []).append(each)
    return list(groups.items())


def answer_document(answer: Answer) -> dict[str, Any]:
    """Return an answer for programs."""
    from govern import subjects

    return {
        "subject": answer.pid,
        "at": answer.at,
        "log_size": answer.log_size,
        "record": answer.record or None,
        "found": len(answer.found),
        "extractions": [
            {
                "extraction_id": extraction,
                "sealed_at": found[0].sealed_at,
                "seal_index": found[0].seal_index,
                "size": found[0].size,
                **subjects.outcomes([each.leaf for each in found]),
                "leaves": [
                    {
                        "i": each.leaf.i,
                        "kind": each.leaf.kind,
                        "outcome": each.leaf.outcome,
                        "reasons": list(each.leaf.reasons),
                        "authenticity": each.leaf.authenticity,
                        "redactions": dict(each.leaf.redactions),
                        "opened": each.opened,
                    }
                    for each in found
                ],
            }
            for extraction, found in _by_extraction(answer)
        ],
        "unsealed": answer.unsealed,
    }


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
    from attest import keys
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
        said = subjects.respond(workspace, log, data, subject, kind, now)
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
            key = keys.load(key_file, read_passphrase(options, passphrase_file))
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
    statements of skills made from their work.
    """
    from attest import dossier
    from attest.encoding import to_time
    from attest.files import replace_file
    from govern import subjects

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = subjects.asker(workspace, log, vault, subject)
        if who.pid == subjects.OUTSIDER:
            raise UsageError("the log names only people of the people file", "ask with `govern subject taken` instead")
        data = subjects.export(workspace, log, vault, who, workspace.sign(log), to_time(now))
    made = dossier.verify(data, workspace.log_vkey)
    replace_file(output, data, 0o600)
    out.say(
        f"Written to {output}: {len(made.entries)} log entries, {len(made.answer.found)} records, "
        f"{len(made.statements)} skills."
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
        }
    )
