"""`govern consent request`: ask a person, with the notice and what could be agreed to."""

from __future__ import annotations

from datetime import datetime

import click

from govern.cli.consent_options import known, purposes_of, subject_option
from govern.cli.context import GlobalOptions, governed, now_option


@click.command(epilog="Example:  govern consent request --subject p-4k7q2m9x --policy worker_protection")
@subject_option
@click.option("--policy", "ref", required=True, metavar="POLICY", help="The policy that would apply.")
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="What for.  [default: all that it allows]")
@now_option
@governed
def request(options: GlobalOptions, subject: str, ref: str, purposes: tuple[str, ...], now: datetime) -> None:
    """Ask a person: show the notice and what could be agreed to, and log that they were asked."""
    from consent import notice
    from policies import loader

    out = options.output()
    workspace = options.open_workspace()
    workspace.identities().person(subject)
    policy = loader.load(ref)
    asked = known("purpose", purposes, purposes_of(policy)) if purposes else purposes_of(policy)
    text = notice.load()
    with workspace.log() as log:
        workspace.adopt(log, policy, now)
        index = workspace.append(
            log,
            "consent.requested",
            "operator",
            {
                "pid": subject,
                "purposes": sorted(asked),
                "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
                "notice_sha256": text.sha256,
            },
            now,
        )
    out.say(text.text)
    out.heading("What can be agreed to, each by itself")
    out.table(
        [
            ("--purpose", ", ".join(asked)),
            ("--source", ", ".join(policy.gates["record.source"].values()["allow"])),
            ("--category", ", ".join(policy.gates["output.categories"].values()["allow"])),
        ]
    )
    out.say("To see what would be taken, before anything is signed:  govern extract --dry-run ...")
    out.say(f"To agree:   govern consent sign --subject {subject} --key KEYFILE --policy {policy.id} --purpose ...")
    out.say(f"To refuse:  govern consent refuse --subject {subject} --key KEYFILE --policy {policy.id}")
    out.result({"index": index, "subject": subject, "purposes": sorted(asked), "notice_sha256": text.sha256})


COMMANDS: tuple[click.Command, ...] = (request,)
