"""`govern report`: figures for others than the worker, without the few."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed, now_option

if TYPE_CHECKING:
    from govern.hr_report import Report


@click.group()
def report() -> None:
    """Make reports in which nobody can be singled out."""


@report.command(epilog="Example:  govern report hr --policy worker_protection --json")
@click.option(
    "--policy",
    "ref",
    default="worker_protection",
    show_default=True,
    metavar="POLICY",
    help="The policy whose smallest group applies (subject.no_detriment).",
)
@now_option
@governed
def hr(options: GlobalOptions, ref: str, now: datetime) -> None:
    """Say what stands in force and what was made: counts only, and none that would point at a few people.

    Who refused, deferred, withdrew or objected is not counted: such a person looks like one who never answered.
    """
    from govern import hr_report
    from govern.suppression import MINIMUM
    from policies import loader

    out = options.output()
    workspace = options.open_workspace()
    policy = loader.load(ref)
    with workspace.log() as log:
        facts = hr_report.gather(log.entries(), workspace.ledger(log), now)
    made = hr_report.build(facts, policy, now)
    table = made.consents
    out.heading("Agreements in force, by purpose and source")
    if any(count is not None for count in table.cells.values()):
        head = ("", *table.columns, "all")
        lines = [
            (p, *(_cell(table.cells[p, s]) for s in table.columns), _cell(table.row_totals[p])) for p in table.rows
        ]
        foot = ("all", *(_cell(table.column_totals[s]) for s in table.columns), "")
        out.table([head, *lines, foot])
    else:
        out.say("  none, or too few people were asked to say")
    out.heading("What was made")
    out.table([("extractions", made.runs), ("skills released", made.released), *_records(made)])
    if made.gates:
        out.heading("Records held back, by gate")
        out.table([(gate, _cell(count)) for gate, count in made.gates])
    out.say(
        f"A dash stands for fewer than {MINIMUM} people, for all but so few, for a group under "
        f"{made.min_group}, or for a number from which such a one would follow. Others are rounded down to fives."
    )
    out.result(made.document())


def _cell(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _records(made: Report) -> list[tuple[str, str]]:
    seen, taken = made.records if made.records is not None else (None, None)
    return [("records seen", _cell(seen)), ("records taken", _cell(taken))]
