"""Measures detection on annotated texts, both halves of each file: `python -m redact.measure [--dev] FILE...`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from redact.measuring.gold import Gold, Mark, kind, read_gold
from redact.measuring.peers import plain_presidio, redactor_predicts
from redact.measuring.report import table
from redact.measuring.scores import Predict, Report, Score, measure

__all__ = [
    "Gold", "Mark", "Predict", "Report", "Score", "kind", "main", "measure", "plain_presidio", "read_gold",
    "redactor_predicts", "table",
]  # fmt: skip


def main(paths: Iterable[str], out: Callable[[str], object] = sys.stdout.write) -> None:
    """Print the figures for annotated JSONL files: `python -m redact.measure [--dev] FILE...`."""
    arguments = list(paths)
    halves = (False,) if "--dev" in arguments else (False, True)
    for path in (Path(a) for a in arguments if a != "--dev"):
        gold = read_gold(path)
        for held_out in halves:
            part = [g for g in gold if g.held_out == held_out]
            out(f"\n{path.name}, {'held-out' if held_out else 'development'} half: {len(part)} texts\n\n")
            detectors = {"plain Presidio": plain_presidio(), "fast": redactor_predicts(profile="fast"),
                         "strict": redactor_predicts()}  # fmt: skip
            out(table({name: measure(part, predict) for name, predict in detectors.items()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
