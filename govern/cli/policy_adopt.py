"""`govern policy adopt`: put a policy in force, by name where it is looser than the one before."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed, now_option
from govern.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from policies.adoption import Succession
    from policies.model import Policy


@click.command(epilog="Example:  govern policy adopt payments_team.yaml --replaces worker_protection")
@click.argument("ref", metavar="POLICY")
@click.option(
    "--replaces", default=None, metavar="ID", help="Id of the adopted policy that it replaces; its own id by default."
)
@click.option("--confirm", default=None, metavar="NAME", help="The policy's name, instead of typing it when asked.")
@now_option
@governed
def adopt(options: GlobalOptions, ref: str, replaces: str | None, confirm: str | None, now: datetime) -> None:
    """Put POLICY (a path or a shipped name) in force and log it in full.

    A policy that is looser than the one it replaces, or not comparable with it, must be named: consents signed under
    the stricter one are suspended until they are renewed.
    """
    from policies import loader, order

    out = options.output()
    policy = loader.load(ref)
    if policy.id == "floor":
        raise RefusedError("the floor is a limit and no policy to run under", "see `govern policy list`")
    workspace = options.open_workspace()
    with workspace.log() as log:
        before = workspace.succession(log, policy, replaces)
        if before is not None and before.replaces == policy.sha256:
            out.say(f"{policy.id} version {policy.version} is in force already.", important=True)
            out.result(_document(policy, before, logged=False))
            return
        if before is not None and before.must_be_named:
            for d in order.differences(policy, before.old) if before.old is not None else ():
                if d.relation in ("looser", "incomparable"):
                    out.say(f"  {d.gate} {d.parameter or '(not applied)'}: {d.relation}")
            _ask(options, policy, before, confirm)
        workspace.adopt(log, policy, now, before)
    out.say(f"Adopted {policy.id} version {policy.version}, sha256 {policy.sha256}.", important=True)
    if before is not None:
        out.say(f"It replaces {before.id} version {before.version}: it is {before.words()}.")
        if before.must_be_named:
            out.say("Consents that were signed under the stricter policy are suspended until they are renewed.")
    out.result(_document(policy, before, logged=True))


def _ask(options: GlobalOptions, policy: Policy, before: Succession, confirm: str | None) -> None:
    what = f"{policy.id} version {policy.version} is {before.words()}"
    if confirm is None:
        if options.no_input or options.json or not _terminal():
            raise UsageError(what, f"say that it is meant: --confirm {policy.id}")
        confirm = click.prompt(f"{what}.\nType the policy's name to adopt it", err=True)
    if confirm != policy.id:
        raise RefusedError("the name that was typed is not the policy's", "nothing was adopted")


def _terminal() -> bool:
    return sys.stdin.isatty()


def _document(policy: Policy, before: Succession | None, *, logged: bool) -> dict[str, object]:
    return {
        "id": policy.id,
        "version": policy.version,
        "sha256": policy.sha256,
        "logged": logged,
        "replaces": before.replaces if before else None,
        "relation": before.relation if before else None,
    }
