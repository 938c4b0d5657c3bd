"""The step that analyses texts for what must be redacted: the costliest part of redaction, done by the executor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from redact.analyzer import UNREAD, Analyzer, Lines, Setup
from redact.finding import Finding

if TYPE_CHECKING:
    from extract.job import Progress, Work

FOUND = "found"
#: Texts and bytes of one partition: a second or two of work, which is what a crash costs.
_TEXTS, _BYTES = 500, 65_536

#: A clean text and the ISO 639-1 code of its language.
Item = tuple[str, str]


@dataclass(frozen=True)
class Analysis:
    """Analyses texts.

    Attributes:
        setup: What is known.
        engine: Digest of the rules and models that redact.
        lines: Which lines models read.
    """

    setup: Setup
    engine: str
    lines: Lines

    @cached_property
    def fingerprint(self) -> str:
        """What the result depends on beside the texts."""
        said = json.dumps([asdict(self.setup), self.engine, self.lines], sort_keys=True)
        return hashlib.sha256(b"analysis\0" + said.encode()).hexdigest()

    def digest(self, item: Item) -> bytes:
        """Return what a text is."""
        return hashlib.sha256("\0".join(item).encode("utf-8", "surrogatepass")).digest()

    def run(self, items: Sequence[Item]) -> dict[str, bytes]:
        """Return what each text shows."""
        texts, languages = zip(*items, strict=True)
        found = _analyzer(self.setup).analyze(texts, languages, self.lines)
        return {FOUND: json.dumps([[astuple(f) for f in of_text] for of_text in found]).encode("ascii")}


@lru_cache(maxsize=1)
def _analyzer(setup: Setup) -> Analyzer:
    return Analyzer(setup)


class AnalysisByWork:
    """Analyses texts by way of an executor: `redact.engine.Analyze`."""

    def __init__(self, setup: Setup, work: Work, engine: str, progress: Progress) -> None:
        """Take what the steps need.

        Args:
            setup: What is known.
            work: Who analyses, and where results lie meanwhile.
            engine: Digest of the rules and models that redact.
            progress: Called with stage, done, total.
        """
        self._setup = setup
        self._work = work
        self._engine = engine
        self._progress = progress

    def __call__(self, texts: Sequence[str], languages: Sequence[str], lines: Lines) -> Iterator[list[Finding]]:
        """Yield what each text shows; a text that no process survives is `UNREAD` as a whole."""
        from extract.execution.driver import cut, run

        step = Analysis(self._setup, self._engine, lines)
        partitions = cut(zip(texts, languages, strict=True), lambda item: len(item[0]), _TEXTS, _BYTES)
        done = 0
        for piece in run(self._work.executor, step, partitions, self._work.parts, None):
            if piece.key:
                for of_text in json.loads(self._work.parts.read(piece.key, FOUND)):
                    yield [Finding(*values) for values in of_text]
            else:
                yield [Finding(0, len(texts[done]), UNREAD, "ner", rule="unread text")]
            done += piece.count
            self._progress("looking for personal data", done, len(texts))
