"""What the commands of `govern consent` share: whose consent, and who signs."""

from __future__ import annotations

import click

subject_option = click.option("--subject", required=True, metavar="PID", help="Pseudonymous id, as in the people file.")
delegate_option = click.option(
    "--delegate", metavar="ID", help="Sign as this delegate, under a mandate; --key is then the delegate's."
)
