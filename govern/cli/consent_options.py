"""What the commands of `govern consent` share: whose consent, and what a policy lets one agree to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from govern.errors import UsageError

if TYPE_CHECKING:
    from policies.model import Policy

subject_option = click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
delegate_option = click.option(
    "--delegate", metavar="ID", help="Sign as this delegate, under a mandate; --key is then the delegate's."
)


def purposes_of(policy: Policy) -> list[str]:
    """Return the purposes that a policy allows."""
    return list(policy.gates["run.purpose"].values()["allow"])


def to_withhold(given: tuple[str, ...], policy: Policy) -> list[str]:
    """Return what the person keeps back, sorted, if the policy's gates can keep it back.

    Raises:
        UsageError: Something is named that no gate knows: a slip of the pen must not look like a reservation.
    """
    gates = policy.gates
    kinds = gates["output.withhold"].values()["kinds"] if "output.withhold" in gates else ()
    allowed = sorted({*gates["output.categories"].values()["allow"], *kinds})
    if unknown := sorted(set(given) - set(allowed)):
        raise UsageError(f"{', '.join(unknown)} cannot be withheld under this policy", f"one of {', '.join(allowed)}")
    return sorted(set(given))


def known(what: str, given: tuple[str, ...], allowed: list[str] | tuple[str, ...]) -> list[str]:
    """Return what was named, sorted, if the policy allows all of it.

    Raises:
        UsageError: It does not allow something.
    """
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise UsageError(f"the policy does not allow {what} {', '.join(unknown)}", f"it allows: {', '.join(allowed)}")
    return sorted(set(given))
