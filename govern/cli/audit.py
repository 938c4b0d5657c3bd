"""`govern audit`: verify a .skill offline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from govern.cli.audit_answer import answer
from govern.cli.audit_log import log
from govern.cli.audit_report import report
from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import InputError, UsageError, VerificationError

if TYPE_CHECKING:
    from attest.report import Report
    from govern.cli.output import Output
    from govern.standing import Standing


@click.group()
def audit() -> None:
    """Verify a .skill offline, trusting nobody."""


audit.add_command(log)


audit.add_command(answer)


audit.add_command(report)


def read_log_key(value: str) -> str:
    """Return the log's key from a key string or from a file that holds one."""
    path = Path(value)
    if "+" not in value or path.is_file():
        try:
            return path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise InputError(
                "the log key is neither a key nor a file that holds one", "ask the log's operator for log.vkey"
            ) from None
    return value.strip()


def read_skill(path: Path) -> bytes:
    """Return the bytes of a .skill file.

    Raises:
        InputError: There is no such file.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", "name a .skill file") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", "name the .skill file; an unpacked skill cannot be verified") from None


@audit.command(epilog="Example:  govern audit verify ops.skill --log-key log.vkey")
@click.argument("skill", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--entry",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With a .tlog-proof: the log entry that it proves.",
)
@click.option("--log-key", required=True, metavar="KEY", help="The log's key, or a file with it; never from the skill.")
@click.option("--policy", "ref", metavar="POLICY", help="The policy that should have applied.")
@click.option(
    "--witnesses",
    "witness_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The witnesses that you trust and how many must have cosigned (C2SP tlog-policy).",
)
@click.option(
    "--timestamp-root",
    "roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="CERT",
    help="Root certificate of a time-stamping authority that you trust; may be repeated.",
)
@now_option
@governed
def verify(
    options: GlobalOptions,
    skill: Path,
    entry: Path | None,
    log_key: str,
    ref: str | None,
    witness_file: Path | None,
    roots: tuple[Path, ...],
    now: datetime,
) -> None:
    """Check a .skill: a numbered list of separate checks, then the verdict.

    Also checks the .tlog-proof of a single log entry, with the entry itself as --entry. Needs no workspace and no
    network. In the workspace that holds the log it says beside that how the skill stands: released, expired, suspended,
    revoked, quarantined or tombstoned. Exit code 4 when any check fails.
    """
    from attest.verify import is_proof, verify_proof

    out = options.output()
    data = read_skill(skill)
    if is_proof(data):
        if entry is None:
            raise UsageError(
                "a proof says nothing without its entry", "name it with --entry; `govern log prove` wrote it"
            )
        return _tell(options, out, verify_proof(data, read_skill(entry), read_log_key(log_key)))
    from attest import container
    from extract.skill.verify import verify_skill
    from govern import redactions

    expected = None
    if ref is not None:
        from policies import loader

        expected = loader.load(ref).sha256
    witnesses = None
    if witness_file is not None:
        from attest import witness_policy

        witnesses = witness_policy.parse(witness_file.read_bytes())
    report = verify_skill(
        data,
        read_log_key(log_key),
        now=now,
        policy_sha256=expected,
        witnesses=witnesses,
        timestamp_roots=[root.read_bytes() for root in roots],
    )
    # Of a file that is not what was released, the log says nothing.
    standing = None if report.failed else _standing(options, data, read_log_key(log_key), now)
    receipt = {} if report.failed else redactions.stated(container.unpack(data).files)
    return _tell(options, out, report, standing, receipt)


def _standing(options: GlobalOptions, data: bytes, log_key: str, now: datetime) -> Standing | None:
    """Return how the skill stands in the log, where the workspace with that very log is at hand."""
    from govern.standing import standing
    from govern.workspace import CONFIG

    if not (options.workspace / CONFIG).is_file():
        return None
    workspace = options.open_workspace()
    if workspace.log_vkey != log_key:
        return None
    with workspace.log() as log:
        return standing(workspace, log, data, workspace.ledger(log), now)


def _tell(
    options: GlobalOptions,
    out: Output,
    report: Report,
    standing: Standing | None = None,
    receipt: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    from govern import redactions

    failed = report.failed
    for check in failed if options.quiet else ():
        out.say(f"{check.number:3d}  FAIL  {check.name}: {check.value}", important=True)
    out.say(report.text().rstrip())
    if standing is not None:
        out.say(f"Standing, as the log of this workspace has it: {standing.text}", important=True)
    for line in redactions.lines(receipt):
        out.say(line)
    out.result(
        {
            "ok": not failed,
            "standing": standing.document if standing is not None else None,
            "redaction": dict(receipt),
            "checks": [
                {"number": c.number, "name": c.name, "status": c.status, "value": c.value, "meaning": c.meaning}
                for c in report.checks
            ],
        }
    )
    if failed:
        raise VerificationError(
            f"verification failed: {', '.join(str(c.number) for c in failed)} of {len(report.checks)} checks",
            "do not rely on it; ask for one that verifies, or run without --quiet to see what each check says",
        )
