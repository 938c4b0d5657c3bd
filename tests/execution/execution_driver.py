"""A driver as a process of its own, to be killed: FOLDER, notes, number of items, jobs, name of the harm."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from execution_steps import Toy, items, partitions

from extract.execution.driver import run
from extract.execution.opening import open_executor
from extract.execution.parts import SealedParts

SECRET = b"sixteen or more bytes"


def main() -> None:
    folder, side, count, jobs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    harm = {"kill": {"driverless": (items(count)[count // 2],)}, "wait": {"slow": 0.3}}[sys.argv[5]]
    step = Toy(side, **harm)  # type: ignore[arg-type]
    with closing(SealedParts(folder, SECRET)) as parts, closing(open_executor(jobs)) as executor:
        for piece in run(executor, step, partitions(count), parts):
            print(piece.partition, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
