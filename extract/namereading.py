"""The step that reads lines with the language models: the costliest part of redaction, done by the executor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extract.job import Progress, Work
    from redact.models import Entity

FOUND = "found"
#: Lines of one partition: the model reads about a thousand a second, and a partition is what a crash costs.
LINES = 1000


@dataclass(frozen=True)
class NameReading:
    """Reads texts, mostly single lines, with one model.

    Attributes:
        model: Package of the model.
        engine: Digest of the rules and models that redact.
    """

    model: str
    engine: str

    @property
    def fingerprint(self) -> str:
        """What the result depends on beside the lines."""
        return hashlib.sha256(f"names\0{self.model}\0{self.engine}".encode()).hexdigest()

    def digest(self, item: str) -> bytes:
        """Return what a line is."""
        return hashlib.sha256(item.encode("utf-8", "surrogatepass")).digest()

    def run(self, items: Sequence[str]) -> dict[str, bytes]:
        """Return for each line what the model takes for entities."""
        from redact.models import read_entities

        return {FOUND: json.dumps(list(read_entities(items, self.model))).encode("ascii")}


class NameReader:
    """Reads lines by way of an executor: `redact.engine.ReadEntities`."""

    def __init__(self, work: Work, engine: str, progress: Progress) -> None:
        """Take what the steps need.

        Args:
            work: Who reads, and where results lie meanwhile.
            engine: Digest of the rules and models that redact.
            progress: Called with stage, done, total.
        """
        self._work = work
        self._engine = engine
        self._progress = progress

    def __call__(self, lines: Sequence[str], package: str) -> Iterator[Sequence[Entity] | None]:
        """Yield for each line what the model takes for entities; None where no process survives the line."""
        from extract.execution.driver import run

        step = NameReading(package, self._engine)
        done = 0
        for piece in run(self._work.executor, step, _cut(lines), self._work.parts, None):
            if piece.key:
                for entities in json.loads(self._work.parts.read(piece.key, FOUND)):
                    yield [(start, end, label) for start, end, label in entities]
            else:
                yield None
            done += piece.count
            self._progress("reading for names", done, len(lines))


def _cut(lines: Sequence[str]) -> Iterable[Sequence[str]]:
    return (lines[at : at + LINES] for at in range(0, len(lines), LINES))
