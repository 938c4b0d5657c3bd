"""`govern skill`: show, review, release and verify a .skill."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options
from govern.cli.keyfiles import load
from govern.cli.skill_attest import attest
from govern.cli.skill_evaluate import evaluate
from govern.cli.skill_improve import improve
from govern.cli.skill_review import review
from govern.cli.skill_versions import diff, rollback, versions
from govern.errors import RefusedError, VerificationError


@click.group()
def skill() -> None:
    """Show, review, release and verify a .skill."""


skill.add_command(attest)
skill.add_command(diff)
skill.add_command(evaluate)
skill.add_command(improve)
skill.add_command(review)
skill.add_command(rollback)
skill.add_command(versions)


@skill.command()
@click.argument("file", type=click.Path(path_type=Path))
@now_option
@governed
def show(options: GlobalOptions, file: Path, now: datetime) -> None:
    """Print what a skill says: SKILL.md as an agent reads it; in its workspace also what the person says of it."""
    from attest import container
    from govern import redactions
    from govern import standing as standings

    out = options.output()
    data = read_skill(file)
    box = container.unpack(data)
    receipt = redactions.stated(box.files)
    text = box.files.get("SKILL.md", b"").decode("utf-8", "replace")
    word = standing = None
    if options.workspace.is_dir():
        workspace = options.open_workspace()
        with workspace.log() as log:
            ledger = workspace.ledger(log)
            word = standings.word(data, log, ledger, now)
            standing = standings.standing(workspace, log, data, ledger, now)
    out.say(text, important=True)
    for line in redactions.lines(receipt):
        out.say(line)
    if standing is not None:
        out.say(f"In this workspace: {standing.text}", important=True)
    if word is not None:
        out.say(f"The person's word: {word.text}", important=True)
    out.result(
        {
            "name": box.name,
            "files": {n: len(d) for n, d in sorted(box.files.items())},
            "skill_md": text,
            "redaction": receipt,
            "standing": standing.document if standing is not None else None,
            "word": word.document if word is not None else None,
        }
    )


@skill.command(epilog="Example:  govern skill verify ops.skill --by team:own")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", metavar="WHO", help="Log that this role, team or pseudonym uses it now.")
@now_option
@governed
def verify(options: GlobalOptions, file: Path, by: str | None, now: datetime) -> None:
    """Ask this workspace whether a skill is whole and may still be used; with --by, and where it may, log the use.

    The person whom a skill describes sees who used it and when, as far as that was logged.

    Exit code 0 only for a released skill. Drafts and skills that expired, are suspended, superseded, were revoked,
    quarantined or tombstoned are refused; what was changed, or is of another log, fails.
    """
    from attest import container
    from extract.skill.draft import is_draft
    from extract.skill.verify import verify_skill
    from govern import skills
    from govern import standing as standings

    out = options.output()
    workspace = options.open_workspace()
    data = read_skill(file)
    # Whether it has expired is a matter of its standing: an expired skill is whole all the same.
    checks = () if is_draft(data) else verify_skill(data, workspace.log_vkey, now=None).checks
    failed = [c.name for c in checks if c.status == "fail"]
    with workspace.log() as log:
        ledger = workspace.ledger(log)
        standing = standings.standing(workspace, log, data, ledger, now)
        word = standings.word(data, log, ledger, now) if not failed else None
        status = "damaged" if failed else standing.status
        used = None
        if by is not None and status == "released":
            name = standings.extraction_of(container.unpack(data).files)
            used = skills.use(workspace, log, name or "", by, now)
    out.say(f"{file}: {status if failed else standing.text}", important=True)
    if word is not None:
        out.say(f"The person's word: {word.text}", important=True)
    if used is not None:
        out.say(f"That it is used is logged (entry {used}).")
    out.result(
        {
            "file": str(file),
            **standing.document,
            "status": status,
            "used_index": used,
            "failed": failed,
            "word": word.document if word is not None else None,
        }
    )
    if failed:
        raise VerificationError(
            f"verification failed: {', '.join(failed)}", "`govern audit verify` shows every check with its meaning"
        )
    if status == "unknown":
        raise VerificationError("the log does not hold the release of this skill", "is this the right --workspace?")
    if status != "released":
        raise RefusedError(f"this skill is {_NAMES.get(status, status)}", _DO_WITH.get(status, _DELETE))


_DELETE = "stop using it and delete every copy; the log shows why and since when"
_NAMES = {"draft": "a draft"}
#: What to do with a skill of each standing, where it is something else.
_DO_WITH = {
    "draft": "nobody may use it before the person reviewed it: `govern skill review FILE`, then `govern skill release`",
    "suspended": "do not use it until the person's objection or suspension is settled; `govern consent status`",
    "superseded": "use the version that is in its place: `govern skill versions FILE`",
    "quarantined": "its consent was never valid: stop using it, delete every copy, and whatever was made with it",
    "tombstoned": "what it rested on is gone: delete every copy; where it was made again, use that skill",
}


@skill.command(epilog="Example:  govern skill release ops.skill --key person.key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "key_file", type=click.Path(dir_okay=False, path_type=Path), help="The person's key file.")
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it elsewhere.  [default: FILE]"
)
@passphrase_options
@now_option
@governed
def release(
    options: GlobalOptions,
    file: Path,
    key_file: Path | None,
    output: Path | None,
    passphrase_file: Path | None,
    now: datetime,
) -> None:
    """Sign the final content as the person whom it describes, and release it.

    Refused without that signature, before every claim is reviewed, after the consent ended or was withdrawn, or if a
    second scan finds personal data.
    """
    from attest.files import replace_file
    from extract.skill import draft as drafts
    from extract.skill.review import Review
    from govern import releases
    from govern.reviewing import alone

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        draft = drafts.read(read_skill(file), log)
        path = workspace.review_path(draft.extraction_id)
        if path.exists():
            # What is signed must not be decided otherwise while it is signed.
            click.get_current_context().with_resource(alone(workspace, draft.extraction_id))
        review_ = Review.from_bytes(path.read_bytes()) if path.exists() else Review(draft.extraction_id)
        plan = releases.plan(
            workspace, log, draft, review_, now, lambda: releases.circumstances(workspace, log, draft, now)
        )
        key = load(options, key_file, passphrase_file) if key_file is not None else None
        data = releases.carry_out(workspace, log, plan, key, now)
    target = output or file
    replace_file(target, data)
    out.say(f"Released {plan.draft.header.name}: {len(plan.candidate.claims)} claims, written to {target}")
    out.say("Anyone can check it offline:")
    out.say(f"  govern audit verify {target} --log-key {workspace.root / 'log.vkey'}")
    out.result({"file": str(target), "name": draft.header.name, "claims": len(plan.candidate.claims)})
