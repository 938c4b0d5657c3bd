"""`govern skill`: show, review, release and verify a .skill."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option, passphrase_options, read_passphrase
from govern.cli.skill_attest import attest
from govern.errors import RefusedError, UsageError, VerificationError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from extract.skill.draft import Draft
    from extract.skill.review import Review
    from govern.cli.output import Output


@click.group()
def skill() -> None:
    """Show, review, release and verify a .skill."""


skill.add_command(attest)


@skill.command()
@click.argument("file", type=click.Path(path_type=Path))
@now_option
@governed
def show(options: GlobalOptions, file: Path, now: datetime) -> None:
    """Print what a skill says: SKILL.md as an agent reads it; in its workspace also what the person says of it."""
    from attest import container
    from govern import standing as standings

    out = options.output()
    data = read_skill(file)
    box = container.unpack(data)
    text = box.files.get("SKILL.md", b"").decode("utf-8", "replace")
    word = standing = None
    if options.workspace.is_dir():
        workspace = options.open_workspace()
        with workspace.log() as log:
            ledger = workspace.ledger(log)
            word = standings.word(data, log, ledger, now)
            standing = standings.standing(workspace, log, data, ledger, now)
    out.say(text, important=True)
    if standing is not None:
        out.say(f"In this workspace: {standing.text}", important=True)
    if word is not None:
        out.say(f"The person's word: {word.text}", important=True)
    out.result(
        {
            "name": box.name,
            "files": {n: len(d) for n, d in sorted(box.files.items())},
            "skill_md": text,
            "standing": standing.document if standing is not None else None,
            "word": word.document if word is not None else None,
        }
    )


@skill.command(epilog="Example:  govern skill verify ops.skill")
@click.argument("file", type=click.Path(path_type=Path))
@now_option
@governed
def verify(options: GlobalOptions, file: Path, now: datetime) -> None:
    """Ask this workspace whether a skill is whole and may still be used.

    Exit code 0 only for a released skill. Drafts and skills that expired, are suspended, were revoked, quarantined or
    tombstoned are refused; what was changed, or is of another log, fails.
    """
    from extract.skill.draft import is_draft
    from extract.skill.verify import verify_skill
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
    out.say(f"{file}: {status if failed else standing.text}", important=True)
    if word is not None:
        out.say(f"The person's word: {word.text}", important=True)
    out.result(
        {
            "file": str(file),
            **standing.document,
            "status": status,
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
    "quarantined": "its consent was never valid: stop using it, delete every copy, and whatever was made with it",
    "tombstoned": "what it rested on is gone: delete every copy; where it was made again, use that skill",
}


@skill.command(epilog="Example:  govern skill review ops.skill --strike c004 --correct 'c007=Ask first.' --accept-rest")
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
    restart: bool,
    now: datetime,
) -> None:
    """See each claim with its evidence; accept, strike or correct it. For the person whom the skill describes.

    Without options it asks claim by claim, the unsure ones first. What was decided is kept; stop and go on when you
    like. Nothing is released by this: that takes your signature, `govern skill release`.

    With --withhold you keep a kind of knowledge: pitfalls, judgement, people_network, tacit_context, incident_memory
    or unique_ways. Which claims belong to it is found by a list of phrases; --list shows it. Others see how many claims
    you kept, not of which kind. Add --accept ID for one that you do not mind.
    """
    from attest.files import replace_file
    from extract.skill import draft as drafts
    from extract.skill.review import Decision, Review

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        draft = drafts.read(read_skill(file), log)
    path = workspace.review_path(draft.extraction_id)
    current = Review.from_bytes(path.read_bytes()) if path.exists() and not restart else Review(draft.extraction_id)
    claims = {c.id: c for c in draft.claims}

    def find(claim_id: str) -> Claim:
        if claim_id not in claims:
            raise UsageError(f"there is no claim {claim_id!r}", "`govern skill review FILE --list` shows the ids")
        return claims[claim_id]

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
    decided = bool(accept or strike or correct or withhold or accept_rest)
    if list_only:
        for claim in draft.claims:
            _show_claim(out, claim, current)
    elif not decided:
        if options.no_input or options.json:
            raise UsageError(
                "nothing was decided", "give --accept, --strike, --correct, --withhold, --accept-rest or --list"
            )
        current = _ask(out, draft, current)
        decided = True
    if decided or restart:
        replace_file(path, current.to_bytes(), 0o600)
    counts, waiting = current.counts(), len(current.open_claims(draft.claims))
    withheld = current.withheld_claims
    if decided and not waiting:
        with workspace.log() as log:
            workspace.append(
                log,
                "skill.reviewed",
                f"employee:{draft.header.subject}",
                {
                    "extraction_id": draft.extraction_id,
                    "seal_index": draft.seal_index,
                    **counts,
                    "withheld": withheld,
                },
                now,
            )
    out.say(
        f"{counts['accepted']} accepted, {counts['corrected']} corrected, {counts['struck']} struck"
        + (f" ({withheld} of them kept by you)" if withheld else "")
        + f", {waiting} open."
    )
    if not waiting:
        out.say("Next, sign the final content:")
        out.say(f"  govern skill release {file} --key KEYFILE")
    out.result(
        {
            "extraction_id": draft.extraction_id,
            **counts,
            "withheld": withheld,
            "withheld_kinds": list(current.withheld),
            "open": waiting,
            "claims": _as_json(draft, current),
        }
    )


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


def _show_claim(out: Output, claim: Claim, review: Review) -> None:
    from extract.distil import keeps

    decision = review.decisions.get(claim.id)
    shares = ", ".join(f"{k} {p / 10:.0f} %" for k, p in sorted(claim.kinds.items(), key=lambda x: -x[1])[:3])
    out.heading(f"{claim.id}  {claim.statement}")
    out.say(f"      {claim.mode}; {claim.support} records, {claim.threads} threads, {claim.days} days; {shares}")
    kinds = keeps.kept_kinds(claim)
    out.say(f"      to keep: {'any' if kinds is None else ', '.join(kinds) or 'none'}")
    for span in claim.evidence:
        out.say(f"      #{span.record}: {' '.join(span.quote.split())}")
    if decision:
        out.say(f"      you said: {decision.verdict}" + (f": {decision.statement}" if decision.statement else ""))


def _ask(out: Output, draft: Draft, review: Review) -> Review:
    from extract.skill.review import Decision

    history: list[Review] = []
    while waiting := review.open_claims(draft.claims):
        claim = waiting[0]
        _show_claim(out, claim, review)
        answer = click.prompt(
            f"[{len(waiting)} open] (a)ccept (s)trike (c)orrect (u)ndo (q)uit",
            type=click.Choice(["a", "s", "c", "u", "q"]),
            show_choices=False,
            err=True,
        )
        if answer == "q":
            break
        if answer == "u":
            review = history.pop() if history else review
            continue
        history.append(review)
        if answer == "a":
            review = review.decide(claim, Decision("accepted"))
        elif answer == "s":
            review = review.decide(claim, Decision("struck"))
        else:
            review = review.decide(claim, Decision("corrected", click.prompt("In your words", err=True)))
    return review


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
    from attest import keys
    from attest.files import replace_file
    from extract.skill import draft as drafts
    from extract.skill.review import Review
    from govern import releases

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        draft = drafts.read(read_skill(file), log)
        path = workspace.review_path(draft.extraction_id)
        review_ = Review.from_bytes(path.read_bytes()) if path.exists() else Review(draft.extraction_id)
        plan = releases.plan(
            workspace, log, draft, review_, now, lambda: releases.circumstances(workspace, log, draft, now)
        )
        key = keys.load(key_file, read_passphrase(options, passphrase_file)) if key_file is not None else None
        data = releases.carry_out(workspace, log, plan, key, now)
    target = output or file
    replace_file(target, data)
    out.say(f"Released {plan.draft.header.name}: {len(plan.candidate.claims)} claims, written to {target}")
    out.say("Anyone can check it offline:")
    out.say(f"  govern audit verify {target} --log-key {workspace.root / 'log.vkey'}")
    out.result({"file": str(target), "name": draft.header.name, "claims": len(plan.candidate.claims)})
