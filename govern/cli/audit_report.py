"""`govern audit report`: one HTML file for auditors that checks its own proofs, offline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from govern.report.page import Report


@click.command(epilog="Example:  govern audit report -o report.html ops.skill --log-key log.vkey")
@click.argument("skill", type=click.Path(path_type=Path), metavar="[SKILL]", required=False)
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The HTML file to write."
)
@click.option("--log-key", metavar="KEY", help="With a skill: the log's key, or a file with it; never from the skill.")
@click.option("--policy", "ref", metavar="POLICY", help="With a skill: the policy that should have applied.")
@click.option(
    "--witnesses",
    "witness_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With a skill: the witnesses that you trust (C2SP tlog-policy).",
)
@click.option("--lang", type=click.Choice(("en", "de", "zh")), default="en", help="Language of the page.")
@now_option
@governed
def report(
    options: GlobalOptions,
    skill: Path | None,
    output: Path,
    log_key: str | None,
    ref: str | None,
    witness_file: Path | None,
    lang: str,
    now: datetime,
) -> None:
    """Write one HTML page with what was seen, taken, left out, redacted, claimed and released.

    About a released SKILL, or about the workspace's whole log. The page holds nobody's words: codes, digests, counts
    and pseudonyms. It checks its own proofs and signatures in the browser, offline, and says which checks hold, which
    fail and which it could not make. A skill needs no workspace; in the one that holds its log, later withdrawals are
    shown too. Exit code 4 when a check of the skill fails: the page says which. Where its proofs fail none is written.
    """
    from attest.files import replace_file
    from govern.report import making
    from govern.report.page import page

    out = options.output()
    if skill is None:
        for name, value in (("--log-key", log_key), ("--policy", ref), ("--witnesses", witness_file)):
            if value is not None:
                raise UsageError(f"{name} goes with a skill", "name the .skill file, or leave the option out")
        made = making.of_workspace(options.open_workspace(), now)
    else:
        if log_key is None:
            raise UsageError(
                "a skill is checked with the log's key", "give --log-key, from a source that is not the skill"
            )
        made = _of_skill(options, skill, log_key, ref, witness_file, now)
    data = page(made, lang)
    replace_file(output, data)
    head, flow = made.evidence.head.checkpoint, made.figures.flow
    failed = [check for check in made.checks if check.status == "fail"]
    out.say(
        f"Report written to {output}: {len(data):,} bytes, {len(made.evidence.entries)} of {head.size} entries shown."
    )
    out.say(f"{flow['seen']} seen = {flow['taken']} taken + {flow['left out']} left out")
    out.say("Open it in a browser and give it the log's key that you have from elsewhere: it checks itself.")
    out.result(
        {
            "ok": not failed,
            "output": str(output),
            "bytes": len(data),
            "origin": head.origin,
            "size": head.size,
            "root": head.root.hex(),
            "entries_shown": len(made.evidence.entries),
            "flow": dict(flow),
            "left_out_by_reason": dict(made.figures.reasons),
            "redacted_by_type": dict(made.figures.redacted),
            "failed": [check.number for check in failed],
        }
    )
    if failed:
        numbers = ", ".join(str(check.number) for check in failed)
        raise VerificationError(
            f"verification failed: {numbers} of {len(made.checks)} checks", "the page says what each check found"
        )


def _of_skill(
    options: GlobalOptions, skill: Path, log_key: str, ref: str | None, witness_file: Path | None, now: datetime
) -> Report:
    from govern.cli.audit import read_log_key, read_skill
    from govern.report import making
    from govern.workspace import CONFIG

    expected = None
    if ref is not None:
        from policies import loader

        expected = loader.load(ref).sha256
    witnesses = None
    if witness_file is not None:
        from attest import witness_policy

        witnesses = witness_policy.parse(witness_file.read_bytes())
    key = read_log_key(log_key)
    workspace = options.open_workspace() if (options.workspace / CONFIG).is_file() else None
    if workspace is not None and workspace.log_vkey != key:
        workspace = None
    return making.of_skill(
        read_skill(skill), key, now, policy_sha256=expected, witnesses=witnesses, workspace=workspace
    )
