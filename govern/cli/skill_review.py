"""`govern skill review`: the person decides over each claim of a draft."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from extract.skill.draft import Draft
    from extract.skill.review import Review
    from govern.cli.output import Output


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
