"""Reads the word lists of `redact/words/`: words between white space, comments after #."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "words"


@lru_cache(maxsize=32)
def word_list(name: str) -> frozenset[str]:
    """Return the words of a list."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines for word in line.partition("#")[0].split())


@lru_cache(maxsize=4)
def word_pairs(name: str) -> dict[str, tuple[str, ...]]:
    """Return, by the first word of a line, its other words."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition("#")[0].split() for line in lines)
    return {row[0]: tuple(row[1:]) for row in rows if row}
