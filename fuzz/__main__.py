"""All parsers under atheris, one after the other: `python -m fuzz [SECONDS FOR EACH] [TARGET...]`.

atheris is no dependency of the project: install it, with cryptography, in an environment of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.targets import TARGETS


def main(seconds: str = "20", *names: str) -> int:
    """Fuzz each parser for so many seconds, and print a table."""
    failed = 0
    _say("| parser | seconds | executions | edges covered | corpus | result |\n|---|---|---|---|---|---|")
    for name in names or TARGETS:
        with tempfile.TemporaryDirectory() as corpus:
            command = [sys.executable, "-m", "fuzz.one", name, f"-max_total_time={seconds}", "-max_len=4096"]
            command += ["-print_final_stats=1", f"-artifact_prefix={Path.cwd()}/crash-{name}-", corpus]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            executed = re.search(r"number_of_executed_units: (\d+)", done.stderr)
            covered = re.findall(r"cov: (\d+)", done.stderr)
            kept = len(list(Path(corpus).iterdir()))
        result = "no crash" if done.returncode == 0 else "CRASH"
        executions = f"{int(executed[1]):,}" if executed else "?"
        edges = covered[-1] if covered else "?"
        _say(f"| `{name}` | {seconds} | {executions} | {edges} | {kept} | {result} |")
        if done.returncode != 0:
            failed += 1
            sys.stderr.write(done.stderr[-3000:])
    return min(failed, 1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
