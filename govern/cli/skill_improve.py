"""`govern skill improve`: look for a better choice of claims distilled anew, and stage it for the person's review."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import GovernError, PartialError, RefusedError, UsageError

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from govern.cli.output import Output
    from govern.improving import Improved
    from govern.workspace import Workspace

_ACTIONS = {
    "fresh": "claims distilled anew",
    "drop_one": "one claim left out",
    "drop": "claims left out",
    "swap": "two claims changed places",
    "reorder": "another order",
    "drop_and_reorder": "claims left out, another order",
}
_WHY = {
    "not_better": "nothing better was found: nothing was staged",
    "worse_on_others": "better on the messages that chose, worse on those that tell: nothing was staged",
    "dry_run": "better on the messages that chose; nothing was staged: this was a dry run",
}


@click.command(epilog="Example:  govern skill improve --nightly skills/*.skill")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--nightly",
    is_flag=True,
    help="Only under the same consent and policy, and while no version waits; what fails is passed over.",
)
@click.option(
    "--budget", type=click.IntRange(50, 1000), default=500, show_default=True, help="Tokens of each context at most."
)
@click.option(
    "--messages",
    type=click.IntRange(8, 48),
    default=16,
    show_default=True,
    help="How many messages choose at most, and how many tell what came of it.",
)
@click.option("--dry-run", is_flag=True, help="Run the rounds and stage nothing.")
@now_option
@governed
def improve(
    options: GlobalOptions,
    files: tuple[Path, ...],
    nightly: bool,
    budget: int,
    messages: int,
    dry_run: bool,
    now: datetime,
) -> None:
    """Look for claims that tell more than those of a skill, and stage them as a new version for the person's review.

    The sources are read again under the consent and the policy of the skill; gates are asked first. Claims are
    distilled anew from what the skill was made of and a part of what was written since. In up to three rounds claims
    that surely harm are left out and others change their places; a round counts only if newer messages are foretold
    better. What came of it is told once, on the newest, which chose nothing. Every round is logged. Nothing is ever
    released by this: that takes the person's review and signature.
    """
    from govern import evaluating, improving
    from govern.rederive import open_model

    out = options.output()
    if not files:
        raise UsageError("no skill was named", "govern skill improve FILE.skill")
    workspace = options.open_workspace()
    documents: list[dict[str, Any]] = []
    failed = 0
    with workspace.log() as log:
        for file in files:
            try:
                skill = evaluating.opened(workspace, log, read_skill(file), now)
                with out.progress("starting") as progress:
                    found = improving.Improving(workspace, log, now, progress, open_model).run(
                        skill, budget=budget, messages=messages, nightly=nightly, dry_run=dry_run
                    )
            except GovernError as error:
                if not nightly:
                    raise
                # One skill that cannot be improved must not keep the others waiting until the next night.
                passed = isinstance(error, improving.NotNowError | RefusedError)
                failed += not passed
                out.heading(f"{file}: {'passed over' if passed else 'failed'}")
                out.say(f"  {error.message}")
                documents.append({"file": str(file), "passed_over": error.message, "failed": not passed})
                continue
            _show(out, file, found, workspace)
            documents.append({"file": str(file), **_document(found, workspace)})
    out.result({"nightly": nightly, "dry_run": dry_run, "skills": documents})
    if failed:
        raise PartialError(f"{failed} of {len(files)} skills could not be looked at", "the reasons stand above")


def _show(out: Output, file: Path, found: Improved, workspace: Workspace) -> None:
    from govern import jobs

    out.heading(f"{file}: bits per byte of the messages that choose")
    rows: list[tuple[object, ...]] = [("round", "tried", "before", "after", "")]
    for each in found.rounds:
        verdict = "better" if each.accepted else "not better"
        rows.append((each.number, _ACTIONS[each.action], _bits(each.before), _bits(each.after), verdict))
    out.table(rows)
    if found.why:
        out.say(_WHY[found.why], important=True)
    if found.told is not None:
        value, low, high = (f"{v / 1e6:+.3f}" for v in found.told)
        out.say(f"On messages that chose nothing: {value} [{low}, {high}] bits per byte saved, 95 %.")
    if found.extraction_id is None:
        return
    _show_difference(out, found)
    if found.corrections_lost:
        out.say(f"Corrections of the person that no claim is left for: {found.corrections_lost}", important=True)
    out.say("For the review of the person, who decides over every claim again:")
    out.say(f"  govern skill review {jobs.staged_path(workspace, found.extraction_id)}")


def _show_difference(out: Output, found: Improved) -> None:
    from extract.skill.comparison import compare
    from extract.skill.review import legible

    differs = compare(found.old, found.new)
    for sign, claims in (("-", differs.dropped), ("+", differs.added)):
        for claim in claims:
            out.say(f"  {sign} [{claim.kind}] {legible(claim.statement)}")
    for before, after in differs.changed:
        out.say(f"  - [{before.kind}] {legible(before.statement)}")
        out.say(f"  + [{after.kind}] {legible(after.statement)}")
    out.say(f"  {differs.same} claims say the same; the order may differ.")


def _document(found: Improved, workspace: Workspace) -> dict[str, Any]:
    from extract.skill.comparison import compare
    from govern import jobs

    return {
        "rounds": [
            {
                "round": r.number,
                "action": r.action,
                "bits_before": r.before,
                "bits_after": r.after,
                "accepted": r.accepted,
                "dropped": [_claim(c) for c in compare(r.old, r.new).dropped],
                "added": [_claim(c) for c in compare(r.old, r.new).added],
                "order": [c.id for c in r.new],
            }
            for r in found.rounds
        ],
        "bits_before": found.before,
        "bits_after": found.after,
        "told": None if found.told is None else list(found.told),
        "why": found.why or None,
        "extraction_id": found.extraction_id,
        "staged": str(jobs.staged_path(workspace, found.extraction_id)) if found.extraction_id else None,
        "claims_before": len(found.old),
        "claims_after": len(found.new),
        "corrections_lost": found.corrections_lost,
    }


def _claim(claim: Claim) -> dict[str, str]:
    return {"id": claim.id, "kind": claim.kind, "statement": claim.statement}


def _bits(value: int) -> str:
    return f"{value / 1e6:.3f}"
