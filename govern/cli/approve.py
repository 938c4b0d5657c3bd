"""`govern approve`: what an officer signs, and taking it back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, Moment, governed, now_option, passphrase_options
from govern.cli.keyfiles import KEY, officer, officer_key
from govern.errors import UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from consent.ledger import Ledger

#: Every kind, with what it says. The text stands here so that `--help` imports nothing.
KINDS = {
    "run": "Allow runs: of one person, for one purpose, under one policy, or of all.",
    "impact_assessment": "Stand for an impact assessment: --document FILE --dated DATE.",
    "collective_agreement": "Stand for an agreement with the works council: --document FILE.",
    "undertaking": "Undertake that neither a yes nor a no has consequences.",
    "benefit": "Confirm compensation terms: --subject PID --ref TEXT.",
    "mandate": "Witness that a person lets a delegate sign: --subject PID --mandate INDEX.",
    "invalidation": "Declare consents invalid from their beginning: --subject PID.",
    "key_lost": "Say that a person has lost the key: --subject PID.",
}


@click.group()
def approve() -> None:
    """Sign an approval as an officer, or take one back."""


def sign_approval(
    options: GlobalOptions,
    log: EventLog,
    kind: str,
    holder: str,
    key_file: Path,
    passphrase_file: Path | None,
    now: datetime,
    *,
    subject: str | None = None,
    purpose: str | None = None,
    policy: str | None = None,
    sha256: str | None = None,
    dated: datetime | None = None,
    ref: str = "",
    until: datetime | None = None,
) -> tuple[int, Ledger]:
    """Sign and log one approval; return its index and the ledger after it.

    Raises:
        RefusedError: The officer or the key is not the right one, or it would not count.
    """
    from govern import approving

    workspace = options.open_workspace()
    held = officer(workspace.ledger(log), holder)
    said = approving.statement(
        held,
        kind,
        now,
        subject=subject,
        purpose=purpose,
        policy=policy,
        sha256=sha256,
        dated=dated,
        ref=ref,
        until=until,
    )
    key = officer_key(options, held, key_file, passphrase_file)
    return approving.give(workspace, log, said, said.body(key), now)


def _command(kind: str, text: str) -> click.Command:
    @click.command(
        kind,
        help=f"{text}\n\nSigned with the officer's key; in force until it ends, is taken back, or the role ends.",
        short_help=text,
        epilog=f"Example:  govern approve {kind} --as dpo-1 --key dpo.key",
    )
    @click.option("--as", "holder", required=True, metavar="ID", help="Officer who signs.")
    @click.option("--key", "key_file", required=True, type=KEY, help="The officer's key file.")
    @click.option("--subject", metavar="PID", help="Person that it is about.  [default: everyone]")
    @click.option("--purpose", metavar="NAME", help="Purpose that it is about.  [default: all]")
    @click.option("--policy", "ref_policy", metavar="POLICY", help="Policy that it is about.  [default: all]")
    @click.option(
        "--document",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Document that it stands for; only its digest is logged.",
    )
    @click.option("--dated", type=Moment(), metavar="DATE", help="Date of the document.")
    @click.option("--ref", default="", metavar="TEXT", help="Short reference: number of an agreement.")
    @click.option("--mandate", "mandate_index", type=int, metavar="INDEX", help="Log entry of the mandate.")
    @click.option("--until", type=Moment(), metavar="DATE", help="When it ends by itself.")
    @passphrase_options
    @now_option
    @governed
    def command(
        options: GlobalOptions,
        holder: str,
        key_file: Path,
        subject: str | None,
        purpose: str | None,
        ref_policy: str | None,
        document: Path | None,
        dated: datetime | None,
        ref: str,
        mandate_index: int | None,
        until: datetime | None,
        passphrase_file: Path | None,
        now: datetime,
    ) -> None:
        import hashlib

        from policies import loader

        out = options.output()
        workspace = options.open_workspace()
        with workspace.log() as log:
            sha256 = hashlib.sha256(document.read_bytes()).hexdigest() if document is not None else None
            if mandate_index is not None:
                sha256 = _mandate(workspace.ledger(log), subject, mandate_index)
            index, after = sign_approval(
                options,
                log,
                kind,
                holder,
                key_file,
                passphrase_file,
                now,
                subject=subject,
                purpose=purpose,
                policy=loader.load(ref_policy).sha256 if ref_policy is not None else None,
                sha256=sha256,
                dated=dated,
                ref=ref,
                until=until,
            )
        out.say(f"Approved: {kind}, by {holder}, log entry {index}.")
        out.say(f"To take it back:  govern approve withdraw {index} --as {holder}")
        if kind == "invalidation":
            out.say(f"Consents now invalid from their beginning: {len(after.quarantined())}")
        out.result(
            {
                "kind": kind,
                "index": index,
                "holder": holder,
                "subject": subject,
                "sha256": sha256,
                "quarantined": sorted(after.quarantined()),
            }
        )

    return command


def _mandate(ledger: Ledger, subject: str | None, index: int) -> str:
    found = next((m for m in ledger.mandates(subject or "") if m.index == index), None)
    if found is None:
        raise UsageError("there is no such mandate of this person", "give --subject PID and the entry of the mandate")
    return found.sha256


for _kind, _text in KINDS.items():
    approve.add_command(_command(_kind, _text))


@approve.command(epilog="Example:  govern approve withdraw 12 --as dpo-1")
@click.argument("index", type=int)
@click.option("--as", "holder", required=True, metavar="ID", help="Officer who gave it.")
@now_option
@governed
def withdraw(options: GlobalOptions, index: int, holder: str, now: datetime) -> None:
    """Take back the approval at log entry INDEX. No key is needed: it only takes away."""
    from govern import approving

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        place = approving.withdraw(log, holder, index, "command line", now)
    out.say(f"Taken back: log entry {place}. It is no longer in force.")
    out.result({"index": place, "approval": index, "holder": holder})


@approve.command("list", epilog="Example:  govern approve list")
@now_option
@governed
def list_(options: GlobalOptions, now: datetime) -> None:
    """List the approvals in force."""
    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        approvals = workspace.ledger(log).approvals(now)
    rows = [
        (a.index, a.kind, a.holder, a.role, a.subject or "everyone", f"until {a.until:%Y-%m-%d}" if a.until else "")
        for a in approvals
    ]
    out.table([("entry", "kind", "officer", "role", "about", ""), *rows])
    out.result(
        {
            "approvals": [
                {
                    "index": a.index,
                    "kind": a.kind,
                    "holder": a.holder,
                    "role": a.role,
                    "subject": a.subject,
                    "purpose": a.purpose,
                    "policy": a.policy,
                    "sha256": a.sha256,
                    "at": a.at.isoformat(),
                    "dated": a.dated.isoformat() if a.dated else None,
                    "until": a.until.isoformat() if a.until else None,
                    "ref": a.ref,
                }
                for a in approvals
            ]
        }
    )
