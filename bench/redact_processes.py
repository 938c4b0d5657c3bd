"""One process against two on the same mails, on the clock of the wall, the way an extraction does it.

Workers analyse the texts, the first process then follows names through all of them and puts the tokens in. Only on a
machine with two free cores does the ratio say anything. The mails are generated, no line comes twice, so that all is
work.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench import letters
from bench.measure import Row
from bench.redact import ONE_THREAD

LINES = 30_000
#: Lines for each process before the clock starts.
WARM = 2_000
REPEAT = 3


def run(lines: int = LINES, profile: str = "strict", repeat: int = REPEAT) -> list[Row]:
    """Measure in processes of its own, one and two jobs taking turns; the seconds are those of the wall."""
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(repeat):
        for jobs, times in found.items():
            code = f"from bench.redact_processes import measure; measure({jobs}, {lines}, {profile!r})"
            done = subprocess.run(
                [sys.executable, "-c", code],
                stdout=subprocess.PIPE,
                check=True,
                text=True,
                env={**os.environ, **ONE_THREAD},
            )
            wall, here = json.loads(done.stdout.splitlines()[-1])
            times.append((wall, here))
    one, two = (
        f"{profile}, {jobs} process{'es' * (jobs - 1)}: {wall:.1f} s, {here:.1f} CPU s in the first"
        for jobs, (wall, here) in ((jobs, min(times)) for jobs, times in found.items())
    )
    return [
        Row("redact_processes", one, lines, "lines", min(found[1])[0]),
        Row("redact_processes", two, lines, "lines", min(found[2])[0], one),
    ]


def measure(jobs: int, lines: int, profile: str) -> None:
    """Redact the mails in this process and its workers; print seconds of the wall, and of this process's processor.

    The start of the workers and the loading of their models are over before.
    """
    from extract.analyzing import AnalysisByWork
    from extract.execution.parts import SealedParts
    from extract.execution.processes import ProcessExecutor
    from extract.execution.serial import SerialExecutor
    from extract.job import Work
    from redact.engine import Redactor, engine_digest

    texts = letters.mails(0, lines)
    warm = letters.mails(lines, lines + 2 * jobs * WARM)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SealedParts(Path(folder), os.urandom(32))) as parts,
        closing(SerialExecutor() if jobs == 1 else ProcessExecutor(jobs)) as executor,
    ):
        work = Work(executor, parts)
        redactor = Redactor(
            (), (), (), bytes(32), profile,
            analyze=lambda setup: AnalysisByWork(setup, work, engine_digest(), lambda *_: None),
        )  # fmt: skip
        redactor.redact(warm)
        began, started = time.perf_counter(), time.process_time()
        if len(redactor.redact(texts)) != len(texts):
            sys.exit("error: mails got lost")
        print(json.dumps((time.perf_counter() - began, time.process_time() - started)))
