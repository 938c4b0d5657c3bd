"""`govern skill review`: the person decides over each claim of a draft."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import InputError, UsageError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from extract.skill.draft import Draft
    from extract.skill.review import Review


@click.command(epilog="Example:  govern skill review ops.skill --strike c004 --correct 'c007=Ask first.' --accept-rest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--accept", multiple=True, metavar="ID", help="Accept a claim.")
@click.option("--strike", multiple=True, metavar="ID", help="Strike a claim; nobody sees it again.")
@click.option("--correct", multiple=True, metavar="ID=TEXT", help="Replace a claim by your own words.")
@click.option(
    "--withhold",
    multiple=True,
    metavar="KIND",
    help="Keep a kind of knowledge: strike every claim that belongs to it.",
)
@click.option("--accept-rest", is_flag=True, help="Accept every claim that nothing was said of yet.")
@click.option("--list", "list_only", is_flag=True, help="Show the claims with their evidence and what was decided.")
@click.option(
    "--export",
    "export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the review as a text file to edit; last, after all that the other options decide.",
)
@click.option(
    "--import",
    "import_",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take every decision from an edited file, or none of them; first, before the other options.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be decided, and keep nothing of it.")
@click.option("--restart", is_flag=True, help="Forget what was decided so far.")
@now_option
@governed
def review(
    options: GlobalOptions,
    file: Path,
    accept: tuple[str, ...],
    strike: tuple[str, ...],
    correct: tuple[str, ...],
    withhold: tuple[str, ...],
    accept_rest: bool,
    list_only: bool,
    export: Path | None,
    import_: Path | None,
    dry_run: bool,
    restart: bool,
    now: datetime,
) -> None:
    """See each claim with its evidence; accept, strike or correct it. For the person whom the skill describes.

    Without options it asks claim by claim, one key for each word, those whose kind is least clear first. What was
    decided is kept at once; stop and go on when you like. A draft has one review at a time: while one is open at a
    terminal, others can only read. Nothing is released by this: that takes your signature, `govern skill release`.

    With --export you get a text file to edit wherever you like to read, and --import takes it back. A file in which
    anything but a verdict was changed is refused whole, with the numbers of the lines.

    With --withhold you keep a kind of knowledge: pitfalls, judgement, people_network, tacit_context, incident_memory
    or unique_ways. Which claims belong to it is found by a list of phrases; --list shows it. Others see how many claims
    you kept, not of which kind. Add --accept ID for one that you do not mind.
    """
    from extract.skill import draft as drafts
    from extract.skill import reviewfile
    from extract.skill.review import Decision, Review
    from govern import reviewing
    from govern.cli import review_dialogue

    out = options.output()
    named = bool(accept or strike or correct or withhold or accept_rest or import_)
    asks = not (named or list_only or export)
    if asks and (options.no_input or options.json):
        raise UsageError(
            "nothing was decided", "give --accept, --strike, --correct, --withhold, --accept-rest, --import or --list"
        )
    if dry_run and (asks or export):
        raise UsageError("--dry-run keeps nothing", "give it with --import, or with what you want to decide")
    workspace = options.open_workspace()
    with workspace.log() as log:
        draft = drafts.read(read_skill(file), log)
        reviewing.refuse_ended(workspace, log, draft.extraction_id, now)
    if asks or ((named or restart) and not dry_run):
        # Before what was decided is read, and up to the end of the command: nothing is decided in between.
        click.get_current_context().with_resource(reviewing.alone(workspace, draft.extraction_id))
    stored = reviewing.stored(workspace, draft.extraction_id, forgiving=restart)
    claims = {c.id: c for c in draft.claims}
    keep = partial(reviewing.keep, workspace)

    def find(claim_id: str) -> Claim:
        if claim_id not in claims:
            raise UsageError(f"there is no claim {claim_id!r}", "`govern skill review FILE --list` shows the ids")
        return claims[claim_id]

    current = Review(draft.extraction_id) if restart else stored
    if import_:
        current = reviewfile.read(_text(import_), draft.claims, stored, alone=restart)
    current = current.withhold(withhold, draft.claims)
    for claim_id in accept:
        current = current.decide(find(claim_id), Decision("accepted"))
    for claim_id in strike:
        current = current.decide(find(claim_id), Decision("struck"))
    for pair in correct:
        claim_id, equals, text = pair.partition("=")
        if not equals:
            raise UsageError("--correct needs ID=TEXT", "for instance --correct 'c003=Ask before you retry.'")
        current = current.decide(find(claim_id), Decision("corrected", text))
    if accept_rest:
        for claim in current.open_claims(draft.claims):
            current = current.decide(claim, Decision("accepted"))
    if list_only:
        for claim in draft.claims:
            out.say(review_dialogue.page(claim, current, review_dialogue.width()))
    elif asks:
        current = review_dialogue.ask(
            draft.claims, current, review_dialogue.keyboard(), lambda text: out.say(text, important=True), keep
        )
    changed = current.changed(stored, draft.claims)
    counts, waiting = current.counts(), len(current.open_claims(draft.claims))
    if export:
        _write_new(export, reviewfile.write(draft.claims, current))
    if (named or restart) and not dry_run:
        keep(current)
    if (named or asks) and not waiting and not dry_run:
        with workspace.log() as log:
            reviewing.finished(workspace, log, draft, current, now)
    if import_ or dry_run:
        out.table([(claim_id, before, "to", after) for claim_id, before, after in changed])
        out.say(f"{len(changed)} changed" + (", nothing kept: this was a dry run." if dry_run else "."))
    withheld = current.withheld_claims
    out.say(
        f"{counts['accepted']} accepted, {counts['corrected']} corrected, {counts['struck']} struck"
        + (f" ({withheld} of them kept by you)" if withheld else "")
        + f", {waiting} open."
    )
    if export:
        out.say(f"Edit {export}, then take it back:")
        out.say(f"  govern skill review {file} --import {export}")
    elif not waiting and not dry_run:
        out.say("Next, sign the final content:")
        out.say(f"  govern skill release {file} --key KEYFILE")
    out.result(
        {
            "extraction_id": draft.extraction_id,
            **counts,
            "withheld": withheld,
            "withheld_kinds": list(current.withheld),
            "open": waiting,
            "dry_run": dry_run,
            "changed": [{"id": i, "before": before, "after": after} for i, before, after in changed],
            "claims": _as_json(draft, current),
        }
    )


def _text(path: Path) -> str:
    from extract.skill.reviewfile import MAX_BYTES

    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is too large for a review", "is it the file that --export wrote?")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text", "save it as UTF-8, or export the review again") from None


def _write_new(path: Path, text: str) -> None:
    from attest.files import create_file

    try:
        create_file(path, text.encode(), 0o600)
    except FileExistsError:
        # It may hold an evening's edits.
        raise UsageError(f"{path} exists already", "name another file, or move that one away") from None
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"the folder of {path} does not exist", "make it, or name another file") from None


def _as_json(draft: Draft, review: Review) -> list[dict[str, Any]]:
    from extract.distil import keeps

    found = []
    for claim in draft.claims:
        decision = review.decisions.get(claim.id)
        kinds = keeps.kept_kinds(claim)
        found.append(
            {
                "id": claim.id,
                "kind": claim.kind,
                "keeps": list(kinds) if kinds is not None else None,
                "statement": claim.statement,
                "evidence": [{"record": s.record, "quote": s.quote} for s in claim.evidence],
                "decision": decision.verdict if decision else None,
            }
        )
    return found
