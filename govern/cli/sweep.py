"""`govern sweep`: do what has fallen due: make skills again without what was taken back, or end them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.cli.output import Output
    from govern.rederive import Settled
    from govern.workspace import Workspace

_WORDS = {"rederived": "made again", "tombstoned": "ended", "waiting": "waiting"}


@click.command(epilog="Example:  govern sweep --dry-run")
@click.option("--dry-run", is_flag=True, help="Say what is due and by when; do nothing.")
@click.option("--receipt", "pid", metavar="PID", help="Write this person's receipt of withdrawal as it is now: -o.")
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.json", help="Where to write it."
)
@now_option
@governed
def sweep(options: GlobalOptions, dry_run: bool, pid: str | None, output: Path | None, now: datetime) -> None:
    """Do what has fallen due after withdrawals, vetoes, erasures and invalidations.

    Every skill and draft that rests on what was taken back is revoked, then made again without it, for the person's
    review, or ended with a tombstone. Stopped half-way, the next sweep goes on from there. What cannot be made again
    by its deadline is ended. Salts that are older than the policy lets them be kept are destroyed. For the daily
    timetable of whoever runs the workspace.
    """
    from govern import erasure, rederive

    out = options.output()
    if (pid is None) != (output is None):
        raise UsageError("--receipt and -o go together", "--receipt PID -o FILE.json")
    workspace = options.open_workspace()
    recovered: tuple[int, ...] = ()
    expired = erasure.Erased({}, ())
    with workspace.log() as log, workspace.vault() as vault:
        if dry_run:
            settled = rederive.Sweep(workspace, log, vault, now).plan()
        else:
            with out.progress("starting") as progress:
                recovered = erasure.recover(workspace, log, vault, now)
                expired = erasure.expire(workspace, log, vault, now)
                settled = rederive.Sweep(workspace, log, vault, now, progress).run()
        if pid is not None and output is not None:
            _write_receipt(workspace, log, pid, output, now)
    _show(out, settled, dry_run, now)
    if recovered:
        out.say(f"Logged what an erasure that was interrupted had destroyed: entry {', '.join(map(str, recovered))}")
    if expired.records:
        out.say(f"Salts kept long enough and destroyed: {sum(expired.records.values())} records")
    for each in settled:
        if each.action == "rederived" and each.replaced_by is not None:
            out.say(f"For the review of the person:  govern skill review {_staged(workspace, each.replaced_by)}")
    out.result(
        {
            "dry_run": dry_run,
            "recovered": list(recovered),
            "expired": expired.records,
            "due": [_document(workspace, each, now) for each in settled],
            "receipt": str(output) if output is not None else None,
        }
    )


def _write_receipt(workspace: Workspace, log: Any, pid: str, output: Path, now: datetime) -> None:
    from attest.encoding import to_time
    from attest.files import replace_file
    from govern import receipts

    data = receipts.receipt(log, workspace.sign(log), pid, to_time(now))
    receipts.verify(data, workspace.log_vkey)
    replace_file(output, data, 0o600)


def _staged(workspace: Workspace, extraction: str) -> Path:
    from govern import jobs

    return jobs.staged_path(workspace, extraction)


def _show(out: Output, settled: list[Settled], dry_run: bool, now: datetime) -> None:
    if not settled:
        out.say("Nothing is due.")
        return
    out.heading("Due, and what would be done:" if dry_run else "Done:")
    rows: list[tuple[object, ...]] = [("extraction", "because of", "due by", "", "why")]
    for each in settled:
        late = " (overdue)" if now > each.deadline else ""
        due = f"{each.deadline:%Y-%m-%d %H:%M}{late}"
        rows.append((each.extraction_id, each.due.reason, due, _WORDS[each.action], each.obstacle or each.why))
    out.table(rows)


def _document(workspace: Workspace, each: Settled, now: datetime) -> dict[str, Any]:
    made = each.replaced_by
    return {
        "extraction_id": each.extraction_id,
        "reason": each.due.reason,
        "causes": list(each.due.indexes),
        "since": each.due.since.isoformat(),
        "deadline": each.deadline.isoformat(),
        "overdue": now > each.deadline,
        "action": each.action,
        "why": each.why,
        "obstacle": each.obstacle or None,
        "replaced_by": made,
        "draft": str(_staged(workspace, made)) if made is not None else None,
    }
