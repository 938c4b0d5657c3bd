"""A whole extraction as a process: where the CPU time goes, and the peak memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Row, cpu


def run() -> list[Row]:
    """Run the demo once in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = cpu()
        subprocess.run(
            [sys.executable, "-m", "govern", "demo", str(Path(folder) / "demo")],
            check=True,
            capture_output=True,
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        )
        seconds = cpu() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of a demo process: {peak:,.0f} MB", file=sys.stderr)
    return [Row("extract", f"the demo, peak {peak:,.0f} MB", 1, "demos", seconds)]
