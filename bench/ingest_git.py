"""Commits per CPU second: plain `git log` cut into the same fields, and the repository reader up to records."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from pathlib import Path

from bench.measure import Row, best

_COMMITS = 20_000
_PEOPLE = 60
_FORMAT = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%ad%x00%B%x00%aN%x00%aE%x00%cN%x00%cE"
_WORDS = (
    "the", "ledger", "settlement", "checksum", "loader", "batch", "retry", "total", "before", "after", "because",
    "file", "queue", "keeps", "once", "twice", "when", "nothing", "is", "left", "so", "that", "it", "does", "not",
)  # fmt: skip


def _message(rng: random.Random) -> str:
    lines = [f"{rng.choice(('ledger', 'loader', 'docs', 'tests'))}: {' '.join(rng.choices(_WORDS, k=6))}"]
    for _ in range(rng.choice((0, 0, 1, 2))):
        lines.append("")
        lines += [" ".join(rng.choices(_WORDS, k=11)) for _ in range(rng.randint(1, 4))]
    kind = rng.random()
    if kind < 0.4:
        lines += ["", f"Closes #{rng.randint(1, 9999)}"]
    elif kind < 0.6:
        person = rng.randrange(_PEOPLE)
        lines += ["", f"{rng.choice(('Reviewed-by', 'Reported-by'))}: Person {person} <p{person}@works.example>"]
    return "\n".join(lines)


def make(folder: Path) -> None:
    """Make a repository of short and long messages, some with trailers, in proportions like those of open source."""
    rng = random.Random(1)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    stream = []
    for number in range(_COMMITS):
        person = rng.randrange(_PEOPLE)
        who = f"Person {person} <p{person}@works.example> {1_700_000_000 + 600 * number} +0{rng.randint(0, 2)}00"
        text = _message(rng) + "\n"
        stream.append(f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)


def _plain(folder: Path) -> None:
    done = subprocess.run(
        ["git", "-C", str(folder), "log", "-z", _FORMAT, "--date=raw", "--topo-order", "--reverse", "main"],
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        check=True,
        capture_output=True,
    )
    done.stdout.split(b"\0")


def run() -> list[Row]:
    """Measure the stage."""
    from extract.sources.git import GitSource

    def listed(folder: Path) -> None:
        for _ in GitSource(folder).units():
            pass

    def read(folder: Path) -> None:
        source = GitSource(folder)
        for unit in source.units():
            source.read(unit)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "ledger.git"
        make(folder)
        return [
            Row("git", "git log and split", _COMMITS, "commits", best(lambda: _plain(folder))),
            Row("git", "units", _COMMITS, "commits", best(lambda: listed(folder)), "git log and split"),
            Row("git", "records", _COMMITS, "commits", best(lambda: read(folder)), "git log and split"),
        ]
