"""How long `govern --help` takes, beside a bare interpreter that imports click."""

from __future__ import annotations

import subprocess
import sys

from bench.measure import Row, best


def run() -> list[Row]:
    """Start both, several times."""
    ours = best(lambda: subprocess.run([sys.executable, "-m", "govern", "--help"], capture_output=True, check=True), 5)
    click = best(lambda: subprocess.run([sys.executable, "-c", "import click"], check=True), 5)
    return [
        Row("startup", "python -c 'import click'", 1, "starts", click),
        Row("startup", "govern --help", 1, "starts", ours, "python -c 'import click'"),
    ]
