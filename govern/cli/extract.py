"""`govern extract`: from consented work to a draft .skill."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.cli.machines import machine_options, open_machines
from govern.cli.sources import by_kind, source_options
from govern.errors import PartialError, UsageError

if TYPE_CHECKING:
    from extract.pipeline import Sealed
    from govern.cli.output import Output
    from govern.extraction import DryRun


@click.command(
    epilog="Example:  govern extract --policy worker_protection --subject p-4k7q2m9x --mail archive.mbox -o ops.skill"
)
@click.option("--policy", "ref", required=True, metavar="POLICY", help="Path or name of a shipped policy.")
@click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
@click.option("--purpose", default="knowledge_transfer", show_default=True, help="One of the purposes consented to.")
@source_options
@click.option("--model", type=click.Path(path_type=Path), metavar="FILE.gguf", help="A model of your own.")
@click.option("--endpoint", metavar="URL", help="Local OpenAI-compatible server; others only if the policy names them.")
@click.option("--model-sha256", metavar="HEX", help="With --endpoint: digest of the model that it runs, on your word.")
@click.option(
    "--paraphrase",
    is_flag=True,
    help="Let the model use its own words, each checked, if it passes `govern model check`.",
)
@click.option(
    "--dkim-keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="DKIM keys as archived with the mail: JSON of selector._domainkey.domain and TXT record.",
)
@click.option("--custodian", default="", metavar="ROLE_ID", help="Role that vouches for the export files.")
@click.option("--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another people file.")
@click.option("--name", help="Name of the skill.  [default: from the role]")
@click.option(
    "--recipient", "recipients", multiple=True, default=("team:own",), show_default=True, help="Who will use it."
)
@click.option(
    "--operator", default="operator", show_default=True, metavar="ID", help="Who runs this: role or person id."
)
@machine_options
@click.option("--dry-run", is_flag=True, help="Show what would be taken and left out, and why; distil nothing.")
@click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.skill", help="Draft to write."
)
@now_option
@governed
def extract(
    options: GlobalOptions,
    ref: str,
    subject: str,
    purpose: str,
    mail: tuple[Path, ...],
    repo: tuple[Path, ...],
    chat: tuple[Path, ...],
    docs: tuple[Path, ...],
    model: Path | None,
    endpoint: str | None,
    model_sha256: str | None,
    paraphrase: bool,
    dkim_keys: Path | None,
    custodian: str,
    people: Path | None,
    name: str | None,
    recipients: tuple[str, ...],
    operator: str,
    jobs: int,
    scheduler: str | None,
    tls: tuple[Path, Path, Path] | None,
    dry_run: bool,
    output: Path | None,
    now: datetime,
) -> None:
    """Turn a person's consented mail, commits and chat into a draft .skill.

    Every record passes the gates of the policy and of the floor beneath it; personal data and secrets are taken
    out; a local model distils what is left; every step is logged. The draft is for the person to review:
    `govern skill review`. Only `govern skill release`, with their signature, makes it usable.
    """
    from attest.files import replace_file
    from extract.authenticity import Checks, load_snapshot
    from govern import extraction
    from policies import loader

    out = options.output()
    if not dry_run and output is None:
        raise UsageError("no output file was named", "add -o FILE.skill, or --dry-run")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"the folder of {output} does not exist", "make it first")
    order = extraction.Order(
        policy=loader.load(ref),
        subject=subject,
        purpose=purpose,
        paths=by_kind(mail, repo, chat, docs),
        recipients=recipients,
        operator=operator,
        name=name,
        model=model,
        endpoint=endpoint,
        model_sha256=model_sha256,
        checks=Checks(load_snapshot(dkim_keys) if dkim_keys is not None else None, custodian),
        people=people,
        paraphrase=paraphrase,
    )
    order.check()
    workspace = options.open_workspace()
    with out.progress("starting") as progress:
        machines = partial(open_machines, jobs, scheduler, tls)
        if dry_run:
            looked = extraction.dry_run(workspace, order, now, progress, machines)
        else:
            data, sealed = extraction.run(workspace, order, now, progress, machines)
    if dry_run:
        _show_dry_run(out, looked)
        unreadable = len(looked.gated.read.unreadable)
    else:
        replace_file(cast(Path, output), data)
        _show(out, cast(Path, output), sealed)
        unreadable = sealed.unreadable
    if unreadable:
        raise PartialError(f"{unreadable} files could not be read", "the rest was used; the log counts them by defect")


def _show_dry_run(out: Output, looked: DryRun) -> None:
    from consent import neutral

    decision, gated, kinds = looked.decision, looked.gated, looked.kinds
    out.heading("Dry run: nothing was distilled, nothing was written")
    refused_by = neutral.for_operator(decision.reasons)
    if not decision.allowed:
        out.say(f"A real run would be refused now by {', '.join(refused_by)}.")
        out.say("The numbers are for a consent that grants all that the policy allows.")
    out.table([("source", "taken", "left out"), *((k, n["taken"], n["left_out"]) for k, n in kinds.items())])
    _reasons(out, gated.by_reason())
    out.result(
        {
            "dry_run": True,
            "allowed": decision.allowed,
            "refused_by": list(refused_by),
            "seen": len(gated.reasons),
            "taken": len(gated.taken),
            "left_out": len(gated.reasons) - len(gated.taken),
            "by_kind": dict(kinds),
            "by_reason": gated.by_reason(),
        }
    )


def _reasons(out: Output, by_reason: dict[str, int]) -> None:
    if by_reason:
        out.say("Why records are left out (one record can have several reasons):")
        out.table([(reason, n) for reason, n in sorted(by_reason.items(), key=lambda x: (-x[1], x[0]))])


def _show(out: Output, file: Path, sealed: Sealed) -> None:
    from extract import residue
    from govern import redactions

    ledger = sealed.ledger
    out.heading(f"Draft written to {file}")
    out.table(
        [
            ("records seen", ledger["seen"]),
            ("taken", ledger["taken"]),
            ("left out", ledger["left_out"]),
            ("redactions", sum(ledger["redactions"].values())),
            ("claims", ledger["claims"]),
            *((label, n) for label, n in residue.paraphrased(ledger)),
        ]
    )
    for line in redactions.lines(sealed.receipt):
        out.say(line)
    _reasons(out, ledger["by_reason"])
    out.say(f"Sealed as log entry {sealed.seal_index}. Next, the person reviews it:")
    out.say(f"  govern skill review {file}")
    out.result(
        {
            "extraction_id": sealed.extraction_id,
            "authenticity": sealed.dispositions.authenticity(),
            "seal_index": sealed.seal_index,
            "file": str(file),
            "ledger": ledger,
            "redaction": dict(sealed.receipt),
        }
    )
