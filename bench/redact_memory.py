"""Memory of a redactor that reads a million lines of which none comes twice: it must not grow with what it has read.

Lines come in batches, as the partitions of an extraction do. With the model up to 100,000 lines; to a million through
the model's own tokenizer, vocabulary and batches with its entity recogniser left out, since what grows are the strings
and what a redactor remembers. `python -m bench.redact_memory --unbounded` takes the bounds away: then memory has to
grow, or the figures say nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from bench import letters
from bench.measure import Row, machine
from bench.redact import ONE_THREAD

BATCH = 2_000
#: Lines after which memory is looked at.
POINTS = (0, 50_000, 100_000, 250_000, 500_000, 1_000_000)


class Course(NamedTuple):
    """One way through the lines.

    Attributes:
        profile: Which profile.
        recogniser: Whether the model looks for entities, or only cuts words.
        lines: How many.
    """

    profile: str
    recogniser: bool
    lines: int

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.profile}, {'with the model' if self.recogniser else 'tokenizer and vocabulary only'}"


COURSES = (Course("fast", True, 100_000), Course("strict", True, 100_000), Course("fast", False, 1_000_000))


def run(unbounded: bool = False, courses: tuple[Course, ...] = COURSES) -> list[Row]:
    """Print resident memory on the way, as Markdown; return the lines per CPU second."""
    rows = []
    shown = ["| " + " | ".join(["MB after so many lines", *(f"{p:,}" for p in POINTS), "lines per CPU second"]) + " |"]
    shown.append("|---|" + "---:|" * (len(POINTS) + 1))
    for course in courses:
        code = f"from bench.redact_memory import measure; measure({course.profile!r}, {course[1:]!r}, {unbounded!r})"
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )
        memory, seconds = json.loads(done.stdout.splitlines()[-1])
        cells = [f"{memory[str(p)]:,.0f}" if str(p) in memory else "–" for p in POINTS]
        name = course.name + (", **no bounds**" if unbounded else "")
        shown.append(f"| {name} | {' | '.join(cells)} | {course.lines / seconds:,.0f} |")
        rows.append(Row("redact_memory", name, course.lines, "lines", seconds))
    print(f"\n{machine()}\n\n" + "\n".join(shown) + "\n")
    return rows


def measure(profile: str, how: tuple[bool, int], unbounded: bool) -> None:
    """Read the lines in this process; print the memory in MB by lines read, and the CPU seconds."""
    from redact.analyzer import MODELS
    from redact.engine import Redactor
    from redact.models import load_model

    recogniser, lines = how
    if unbounded:
        _take_bounds_away()
    redactor = Redactor((), (), (), bytes(32), profile)
    if not recogniser:
        load_model(MODELS["en"])._annotate = lambda docs: None  # type: ignore[attr-defined]
    redactor.redact(letters.mails(max(POINTS), max(POINTS) + min(BATCH, lines)))
    memory = {0: _memory()}
    started = time.process_time()
    for at in range(0, lines, BATCH):
        redactor.redact(letters.mails(at, min(at + BATCH, lines)))
        if at + BATCH in POINTS:
            memory[at + BATCH] = _memory()
            print(f"{at + BATCH:,} lines: {memory[at + BATCH]:,.0f} MB", file=sys.stderr)
    print(json.dumps((memory, time.process_time() - started)))


def _memory() -> float:
    """Return the resident memory of this process in MB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _take_bounds_away() -> None:
    """Let spaCy and the redactor keep what they read."""
    from spacy.language import Language

    from redact.recent import Recent

    made = Recent.__init__
    Recent.__init__ = lambda self, most: made(self, sys.maxsize)  # type: ignore[method-assign]
    Language.memory_zone = lambda self: nullcontext()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.redact_memory", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--unbounded", action="store_true", help="without the bounds: memory has to grow")
    run(parser.parse_args().unbounded)
