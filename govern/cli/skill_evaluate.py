"""`govern skill evaluate`: what a skill tells of messages that it was not made of, and what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option

if TYPE_CHECKING:
    from extract.evaluate.run import Evaluation
    from govern.cli.output import Output

_CONTEXTS = {
    "nothing": "nothing",
    "placebo": "advice that fits any work",
    "peer": "the peer's skill",
    "own": "this skill",
    "raw": "the person's own words",
}
_HOW = {
    "later": "messages written after the skill was made",
    "back_test": "the last fifth of the messages; the claims were made anew of those before",
}


@click.command(epilog="Example:  govern skill evaluate ops.skill --peer sales.skill")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--peer",
    "peers",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Somebody else's skill to hold it against; gain over the first, recall among all. Can be repeated.",
)
@click.option(
    "--budget", type=click.IntRange(50, 1000), default=500, show_default=True, help="Tokens of each context at most."
)
@click.option(
    "--messages", type=click.IntRange(8, 500), default=24, show_default=True, help="How many later messages are read."
)
@now_option
@governed
def evaluate(
    options: GlobalOptions, file: Path, peers: tuple[Path, ...], budget: int, messages: int, now: datetime
) -> None:
    """Measure what a skill tells of messages that it was not made of.

    The sources are read again under the consent and the policy of the skill; gates are asked first and the reading is
    logged. The numbers say how well one model foretells text, nothing else: they are no measure of a person and rank
    nobody. They are logged as skill.evaluated.
    """
    from govern import evaluating
    from govern.rederive import open_model

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, out.progress("starting") as progress:
        skill = evaluating.opened(workspace, log, read_skill(file), now)
        others = [evaluating.opened(workspace, log, read_skill(peer), now) for peer in peers]
        found = evaluating.Evaluating(workspace, log, now, progress, open_model).run(
            skill, others, budget=budget, messages=messages
        )
    _show(out, file, found)
    out.result({"file": str(file), **found.as_json()})


def _show(out: Output, file: Path, found: Evaluation) -> None:
    gain = found.gain
    out.heading(f"{file}: what it tells of messages that it was not made of")
    out.say(f"Measured on {_HOW[found.how]}.")
    out.table(
        [
            ("messages of evidence", found.evidence),
            ("later messages", f"{found.held_out}, and {found.overlapping} left out as repetitions"),
            ("of them read", f"{gain.messages}, {gain.bytes} bytes; {found.shortened} shortened"),
            ("claims", found.claims),
            ("reader", f"{gain.reader}, at most {gain.budget} tokens of context"),
        ]
    )
    out.say("Bits per byte that the reader needs, by what it has read before (fewer is better):")
    out.table([(_CONTEXTS[name], f"{bits / 1e6:.3f}") for name, bits in gain.bits.items()])
    out.say("Saved, with 95 % interval; a gain counts only where the interval is above 0:")
    out.table([(name.replace("_", " "), _signed(values)) for name, values in gain.gains.items()])
    carried = (
        "not known: own words are not surely better than advice" if gain.carried is None else _percent(gain.carried)
    )
    out.say(f"Carried of what as many raw words tell: {carried}")
    if gain.author is not None:
        personal = "not known" if gain.personal is None else _percent(gain.personal)
        out.say(
            f"Personal share of the gain: {personal}; messages foretold better than by the peer: {gain.author / 10:.0f} %"
        )
    items = found.decisions
    told = ", ".join(f"{_CONTEXTS[name]} {n}" for name, n in items.right.items())
    out.say(f"Decisions told from their contrary, of {items.items}: {told}")
    if found.recall is not None:
        r = found.recall
        out.say(f"Found among {r.skills} skills by {r.queries} messages: first {r.at_1}, among three {r.at_3}")
    out.say("What is kept of the way things were put:")
    loss = found.loss
    from extract.evaluate.loss import COUNTED

    out.table(
        [
            ("", "in the messages", "in quotes", "in statements"),
            *(
                (said, *(loss["turns"][name][where] for where in ("seen", "quoted", "stated")))
                for name, said in COUNTED.items()
            ),
        ]
    )
    out.say(
        f"Claims whose evidence speaks on both sides: {loss['both_sides']}. These numbers are about one model reading text. "
        "They measure no person."
    )


def _signed(values: Sequence[int]) -> str:
    value, low, high = (f"{v / 1e6:+.3f}" for v in values)
    return f"{value} [{low}, {high}]"


def _percent(values: Sequence[int]) -> str:
    value, low, high = (f"{v / 10:.0f}" for v in values)
    return f"{value} % [{low}, {high}]"
