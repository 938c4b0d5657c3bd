"""The full sweep: `make faults`, or `python -m faults [EVERY [FAULT...]]` in the folder `tests`.

EVERY 4 takes each fourth point only; FAULT is the number of a kind of fault, from 0.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from faults.sweep import FAULTS, reference, sweep
from faults.trace import why_not


def main(every: str = "1", *chosen: str) -> int:
    reason = why_not()
    if reason is not None:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        calls, final = reference(folder)
        names = ", ".join(f"{name} {n}" for name, n in Counter(call.name for call in calls).most_common())
        print(f"{len(calls)} points: {names}\n", flush=True)
        print("| fault | runs | how the run ended | failures | seconds |\n|---|---|---|---|---|", flush=True)
        for fault in [FAULTS[int(number)] for number in chosen] or FAULTS:
            start = time.monotonic()
            result = sweep(folder, fault, calls[:: int(every)], final, _progress)
            ended = ", ".join(f"{how} {n}" for how, n in sorted(result.ended.items()))
            seconds = time.monotonic() - start
            print(f"| {fault.name} | {result.runs} | {ended} | {len(result.failures)} | {seconds:.0f} |", flush=True)
            failures += [f"{fault.name}: {failure}" for failure in result.failures]
    print("\n".join(["", *failures]) if failures else "\nEvery promise held at every point.")
    return 1 if failures else 0


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
