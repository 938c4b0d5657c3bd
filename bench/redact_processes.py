"""One process against two on the same mails, on the clock of the wall: lines read by workers, and texts in partitions.

Only on a machine with two free cores does the ratio say anything. The mails are generated, no line comes twice, so that
all is work. `lines` is what an extraction does: one process knows all texts, workers read lines with the model.
`texts` gives whole mails to the workers, each with a redactor of its own; people's tokens then agree between workers
only where the people file knows them, so this is what partitions could give, not what a run does.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench import letters
from bench.measure import Row
from bench.redact import ONE_THREAD

if TYPE_CHECKING:
    from redact.engine import Redactor

LINES = 30_000
PARTITION = 1_000
REPEAT = 2


@dataclass(frozen=True)
class Redacting:
    """Redacts a partition of texts; each worker makes its redactor once.

    Attributes:
        profile: Which profile.
    """

    profile: str

    @property
    def fingerprint(self) -> str:
        """What the result depends on beside the texts."""
        return hashlib.sha256(self.profile.encode()).hexdigest()

    def digest(self, item: str) -> bytes:
        """Return what a text is."""
        return hashlib.sha256(item.encode("utf-8", "surrogatepass")).digest()

    def run(self, items: Sequence[str]) -> dict[str, bytes]:
        """Return the redacted texts."""
        done = _redactor(self.profile).redact(items)
        return {"texts": json.dumps([text.text for text in done]).encode("ascii")}


@lru_cache(maxsize=1)
def _redactor(profile: str) -> Redactor:
    from redact.engine import Redactor

    return Redactor((), (), (), bytes(32), profile)


def run(lines: int = LINES, profile: str = "strict", repeat: int = REPEAT) -> list[Row]:
    """Measure each way in processes of its own, one and two jobs taking turns; the seconds are those of the wall."""
    rows: list[Row] = []
    for way in ("lines", "texts"):
        found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        for _ in range(repeat):
            for jobs, times in found.items():
                code = f"from bench.redact_processes import measure; measure({way!r}, {jobs}, {lines}, {profile!r})"
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
            f"{profile}, {way}, {jobs} process{'es' * (jobs - 1)}: {wall:.1f} s, {here:.1f} CPU s in the first"
            for jobs, (wall, here) in ((jobs, min(times)) for jobs, times in found.items())
        )
        rows.append(Row("redact_processes", one, lines, "lines", min(found[1])[0]))
        rows.append(Row("redact_processes", two, lines, "lines", min(found[2])[0], one))
    return rows


def measure(way: str, jobs: int, lines: int, profile: str) -> None:
    """Redact the mails one way in this process and its workers; print seconds of the wall, and of this processor.

    The start of the workers and the loading of their models are over before.
    """
    from extract.execution.driver import run as make
    from extract.execution.parts import SealedParts
    from extract.execution.processes import ProcessExecutor
    from extract.execution.serial import SerialExecutor
    from extract.job import Work
    from extract.namereading import NameReader
    from redact.engine import Redactor, engine_digest

    texts = letters.mails(0, lines)
    warm = letters.mails(lines, lines + 2 * jobs * PARTITION)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SealedParts(Path(folder), os.urandom(32))) as parts,
        closing(SerialExecutor() if jobs == 1 else ProcessExecutor(jobs)) as executor,
    ):
        reader = NameReader(Work(executor, parts), engine_digest(), lambda *_: None)
        redactor = Redactor((), (), (), bytes(32), profile, read_entities=reader)
        at_once = PARTITION // letters.LENGTH

        def redact(mails: Sequence[str]) -> int:
            if way == "lines":
                return len(redactor.redact(mails))
            cut = (mails[at : at + at_once] for at in range(0, len(mails), at_once))
            pieces = make(executor, Redacting(profile), cut, parts, None)
            return sum(len(json.loads(parts.read(piece.key, "texts"))) for piece in pieces if piece.key)

        redact(warm)
        began, started = time.perf_counter(), time.process_time()
        if redact(texts) != len(texts):
            sys.exit("error: mails got lost")
        print(json.dumps((time.perf_counter() - began, time.process_time() - started)))
