"""`govern subject veto` and `govern subject ask`: what anybody in the data may say, with no key and no reason."""

from __future__ import annotations

from datetime import datetime

import click

from govern.cli.context import GlobalOptions, governed, now_option


@click.command(epilog="Example:  govern subject veto --subject somebody@elsewhere.example")
@click.option(
    "--subject",
    "named",
    required=True,
    metavar="PID|ADDRESS",
    help="Pseudonymous id, mail address, or slack:ID of who vetoes.",
)
@click.option("--lift", is_flag=True, help="End the veto: what comes after may be used again.")
@now_option
@governed
def veto(options: GlobalOptions, named: str, lift: bool, now: datetime) -> None:
    """Keep every thread in which a person took part from being used, whoever's work it is.

    No key and no reason. An address is logged as a commitment keyed with the workspace's secret, never as itself.
    Skills that were made with such threads are revoked at once, and made again without them by the next sweep.
    """
    from govern import rights, stopping

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log, workspace.vault() as vault:
        who = rights.bystander(workspace, named)
        index = rights.veto(workspace, log, who, now, lift=lift)
        touched = sorted({extraction for name in who.filed for extraction, _ in vault.records_of(name)})
        revoked = stopping.stop(workspace, log, vault, now)
    if index is None:
        out.say("The veto stands already; nothing was logged.")
    elif lift:
        out.say(f"Logged as entry {index}. Extractions from now on may use threads with this person again.")
    else:
        out.say(f"Logged as entry {index}. No thread with this person is used from now on.")
    if touched and not lift:
        out.say(f"Earlier extractions read records with this person: {len(touched)}. Make them again without:")
        out.say("  govern sweep")
    out.result({"index": index, "veto": not lift, "extractions": touched, "revoked": revoked})


@click.command(epilog="Example:  govern subject ask --subject p-4k7q2m9x")
@click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
@now_option
@governed
def ask(options: GlobalOptions, subject: str, now: datetime) -> None:
    """Ask for everything that is held about a person; the log keeps the time.

    `govern subject export` answers. While a request waits longer than the policy allows, nothing is extracted.
    """
    from govern import rights

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        index = rights.ask(workspace, log, subject, now)
    out.say(f"Logged as entry {index}. It is answered with:")
    out.say(f"  govern subject export --subject {subject} -o FILE.zip")
    out.result({"index": index, "subject": subject})
