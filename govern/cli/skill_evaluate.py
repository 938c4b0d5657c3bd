"""`govern skill evaluate`: what a skill tells of messages that it was not made of, and what was lost."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from govern.cli.audit import read_skill
from govern.cli.context import GlobalOptions, governed, now_option


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
@click.option(
    "--html",
    "html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the account as one HTML page with a chart, too.",
)
@now_option
@governed
def evaluate(
    options: GlobalOptions,
    file: Path,
    peers: tuple[Path, ...],
    budget: int,
    messages: int,
    html: Path | None,
    now: datetime,
) -> None:
    """Measure what a skill tells of messages that it was not made of.

    The sources are read again under the consent and the policy of the skill; gates are asked first and the reading is
    logged. The numbers say how well one model foretells text, nothing else: they are no measure of a person and rank
    nobody. They are logged as skill.evaluated.
    """
    from attest.files import replace_file
    from extract.evaluate import page, told
    from govern import evaluating
    from govern.rederive import open_model

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, out.progress("starting") as progress:
        skill = evaluating.opened(workspace, log, read_skill(file), now)
        others = [evaluating.released(workspace, log, read_skill(peer), now) for peer in peers]
        found = evaluating.Evaluating(workspace, log, now, progress, open_model).run(
            skill, others, budget=budget, messages=messages
        )
    numbers = found.as_json()
    if html is not None:
        replace_file(html, page.page(skill.name, numbers))
    out.heading(f"{file}: what it tells of messages that it was not made of")
    for part in told.parts(numbers):
        out.heading(part.title)
        out.table([part.head, *part.rows] if part.head else part.rows)
        if part.note:
            out.say(part.note)
    out.say(told.LIMITS)
    out.result({"file": str(file), "name": skill.name, **numbers})
