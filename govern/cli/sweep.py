"""`govern sweep`: do what has fallen due: expiry, re-derivation, erasure."""

from __future__ import annotations

import click

from govern.cli.context import GlobalOptions, governed


@click.command()
@governed
def sweep(options: GlobalOptions) -> None:
    """Do what has fallen due: expiry, re-derivation, erasure."""
    options.open_workspace()
