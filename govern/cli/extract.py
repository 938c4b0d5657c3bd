"""`govern extract`: from consented work to a draft .skill."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.cli.sources import by_kind, source_options
from govern.errors import PartialError, UsageError

if TYPE_CHECKING:
    from extract.pipeline import Job


@click.command(
    epilog="Example:  govern extract --policy worker_protection --subject p-4k7q2m9x --mail archive.mbox -o ops.skill"
)
@click.option("--policy", "ref", required=True, metavar="POLICY", help="Path or name of a shipped policy.")
@click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
@click.option("--purpose", default="knowledge_transfer", show_default=True, help="One of the purposes consented to.")
@source_options
@click.option("--model", type=click.Path(path_type=Path), metavar="FILE.gguf", help="A model of your own.")
@click.option("--endpoint", metavar="URL", help="Local OpenAI-compatible server; others only if the policy names them.")
@click.option("--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another people file.")
@click.option("--name", help="Name of the skill.  [default: from the role]")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0, max=2**31), help="Seed of the sampling.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken and left out, and why; distil nothing.")
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.skill", help="Draft to write.")
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
    people: Path | None,
    name: str | None,
    seed: int,
    dry_run: bool,
    output: Path | None,
    now: datetime,
) -> None:
    """Turn a person's consented mail, commits and chat into a draft .skill.

    Every record passes the gates of the policy and of the floor beneath it; personal data and secrets are taken
    out; a local model distils what is left; every step is logged. The draft is for the person to review:
    `govern skill review`. Only `govern skill release`, with their signature, makes it usable.
    """
    from consent.decide import RunRequest
    from extract import pipeline
    from extract.distil.backend import open_backend
    from extract.skill import document, draft
    from attest.files import replace_file
    from policies import loader

    out = options.output()
    if not dry_run and output is None:
        raise UsageError("no output file was named", "add -o FILE.skill, or --dry-run")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"the folder of {output} does not exist", "make it first")
    if model is not None and endpoint is not None:
        raise UsageError("--model and --endpoint exclude each other", "leave one of them out")
    workspace = options.open_workspace()
    policy = loader.load(ref)
    identities = workspace.identities(people)
    person = identities.person(subject)
    role = person.role or "colleague"
    skill = document.skill_name(role, name, person.names)
    paths = by_kind(mail, repo, chat, docs)
    if not paths:
        raise UsageError("no source was named", "name at least one of --mail, --repo, --chat, --docs")

    backend = open_backend(model, endpoint, allow_addresses=policy.addresses)
    info = backend.info()
    request = RunRequest(
        subject=subject,
        purpose=purpose,
        sources=frozenset(pipeline.ASKED[kind] for kind in paths),
        policy=policy,
        model_kind=info.kind,
        model_sha256=info.sha256,
        model_address=info.address,
        now=now,
        seed=seed,
    )
    job = pipeline.Job(request=request, people=identities, paths=paths, seed=seed)
    with workspace.log() as log, workspace.vault() as vault, out.progress("starting") as progress:
        consents = workspace.ledger(log)
        tools = pipeline.Tools(log, vault, os.urandom, workspace.pseudonym_secret(), progress)
        if dry_run:
            document_ = _dry_run(job, consents, tools)
        else:
            draft.adopt(log, policy, now)
            sealed = pipeline.run(job, consents, backend, tools)
            choice = consents.state(subject, purpose, now)
            header = document.Header(
                name=skill,
                role=role,
                subject=subject,
                purpose=purpose,
                policy=f"{policy.id} {policy.version}",
                expires=pipeline.expiry(choice, now),
                pseudonym=sealed.pseudonym,
            )
            data = draft.pack(header, sealed, log)
            assert_folder = output is not None
            if assert_folder and output is not None:
                replace_file(output, data)
            document_ = {
                "extraction_id": sealed.extraction_id,
                "seal_index": sealed.seal_index,
                "file": str(output),
                "ledger": sealed.ledger,
            }
            unreadable = len(sealed.read.unreadable)
    if dry_run:
        _show_dry_run(out, document_)
        unreadable = document_["unreadable"]
    else:
        _show(out, document_, subject)
    out.result(document_)
    if unreadable:
        raise PartialError(f"{unreadable} files could not be read", "the rest was used; the log names their number")


def _dry_run(job: Job, consents: Any, tools: Any) -> dict[str, Any]:
    """Decide over everything, keep nothing; the look itself is logged, since nobody's records are read covertly."""
    from consent import decide
    from extract import pipeline

    decision = pipeline.decide_run(job.request, consents)
    if decision.choice is None or not decision.allowed:
        decision = decide.suppose(decision, job.request)
    gated = pipeline.read_and_gate(job, decision, tools.progress, lambda read: None)
    pipeline.log_dry_run(job, decision, gated, tools)
    kinds = gated.frame["source_kind"]
    taken = set(gated.taken)
    by_kind_ = {
        kind: {
            "taken": sum(1 for i in rows.index if i in taken),
            "left_out": sum(1 for i in rows.index if i not in taken),
        }
        for kind, rows in kinds.groupby(kinds)
    }
    return {
        "dry_run": True,
        "allowed": decision.allowed,
        "refused_by": sorted(decision.reasons),
        "seen": len(gated.reasons),
        "taken": len(taken),
        "left_out": len(gated.reasons) - len(taken),
        "by_kind": by_kind_,
        "by_reason": gated.by_reason(),
        "unreadable": len(gated.read.unreadable),
    }


def _show_dry_run(out: Any, found: dict[str, Any]) -> None:
    out.heading("Dry run: nothing was distilled, nothing was written")
    if not found["allowed"]:
        out.say(f"A real run would be refused now by {', '.join(found['refused_by'])}.")
        out.say("The numbers are for a consent that grants all that the policy allows.")
    out.table([("", "taken", "left out"), *((k, v["taken"], v["left_out"]) for k, v in found["by_kind"].items())])
    _reasons(out, found["by_reason"])


def _reasons(out: Any, by_reason: dict[str, int]) -> None:
    if by_reason:
        out.say("Why records are left out (one record can have several reasons):")
        out.table([(reason, n) for reason, n in sorted(by_reason.items(), key=lambda x: (-x[1], x[0]))])


def _show(out: Any, made: dict[str, Any], subject: str) -> None:
    ledger = made["ledger"]
    out.heading(f"Draft written to {made['file']}")
    out.table(
        [
            ("records seen", ledger["seen"]),
            ("taken", ledger["taken"]),
            ("left out", ledger["left_out"]),
            ("redactions", sum(ledger["redactions"].values())),
            ("claims", ledger["claims"]),
        ]
    )
    _reasons(out, ledger["by_reason"])
    out.say(f"Sealed as log entry {made['seal_index']}. Next, the person reviews it:")
    out.say(f"  govern skill review {made['file']}")
