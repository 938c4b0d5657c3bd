"""`govern role`: the officers whose signatures count: HR, data protection, works council, auditor, authority."""

from __future__ import annotations

import click


@click.group()
def role() -> None:
    """Enrol the officers who approve, witness and invalidate."""
