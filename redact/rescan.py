"""Scans finished files once more: what a skill ships must hold no value that redaction removes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from redact.engine import Redactor
from redact.finding import CERTAIN, Finding, merge
from redact.folding import Folded, clean
from redact.pseudonyms import TOKEN


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that must not ship; it names the place, never the value.

    Attributes:
        file: Name of the file.
        entity: What it looks like.
        start: First character, in the text after `redact.folding.clean`.
        end: One past the last character.
        source: Which detector says so; `run` is a value that this run has removed elsewhere.
    """

    file: str
    entity: str
    start: int
    end: int
    source: str

    @property
    def certain(self) -> bool:
        """Whether a listed value or a form says so, rather than a model's opinion."""
        return self.source in CERTAIN


def rescan(
    texts: Mapping[str, str], redactor: Redactor, *, trusted: Collection[str] = (), reread: bool = True
) -> list[Hit]:
    """Return everything in the files that redaction would replace, or has replaced elsewhere in this run.

    Args:
        texts: Text by file name.
        redactor: The redactor of the run.
        trusted: Lines that the toolkit itself writes. A model's opinion of them does not count; listed values,
            secrets and numbers in them do.
        reread: Whether models read lines that hold tokens.
    """
    own = {line.strip() for line in trusted}
    removed = _Removed(redactor.removed_values())
    hits = []
    files = sorted(texts)
    cleaned = [clean(texts[f]) for f in files]
    for file, text, findings in zip(files, cleaned, redactor.find(cleaned, reread=reread), strict=True):
        for f in merge([*findings, *removed.find(text)]):
            line = text[text.rfind("\n", 0, f.start) + 1 : _line_end(text, f.end)]
            if f.source in CERTAIN or line.strip() not in own:
                hits.append(Hit(file, f.entity, f.start, f.end, f.source))
    return hits


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


class _Removed:
    """Finds values that were removed before, wherever they stand."""

    def __init__(self, values: Collection[str]) -> None:
        from ahocorasick_rs import AhoCorasick

        self._automaton = AhoCorasick(sorted(values)) if values else None

    def find(self, text: str) -> list[Finding]:
        if self._automaton is None:
            return []
        folded = Folded(text)
        lower = re.sub(r"\s", " ", folded.lower)
        tokens = [m.span() for m in TOKEN.finditer(text)]
        out = []
        for _, start, end in self._automaton.find_matches_as_indexes(lower, overlapping=True):
            if (start and lower[start - 1].isalnum()) or (end < len(lower) and lower[end].isalnum()):
                continue
            first, last = folded.origin(start, end)
            if not any(a < last and first < b for a, b in tokens):
                out.append(Finding(first, last, "REMOVED", "run"))
        return out
