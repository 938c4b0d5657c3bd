"""`govern report`: figures for others than the worker, without the few."""

from __future__ import annotations

import click


@click.group()
def report() -> None:
    """Make reports in which nobody can be singled out."""
