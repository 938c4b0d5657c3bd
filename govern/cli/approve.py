"""`govern approve`: what an officer signs, and taking it back."""

from __future__ import annotations

import click


@click.group()
def approve() -> None:
    """Sign an approval as an officer, or take one back."""
