"""Names are read by an executor: the same findings wherever it happens, and nothing passes that nobody could read."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract import namereading
from extract.execution.opening import open_executor
from extract.execution.parts import MemoryParts, SealedParts
from extract.job import Work
from extract.namereading import NameReader, NameReading
from redact.engine import MODELS, UNREAD, Redactor, engine_digest

TEXTS = [
    "Please ask Ingrid Nowak about the ledger before you load it.",
    "The release on Friday was made with Karim Haddad and his team in Lisbon.",
    "Nothing of it is about anybody.",
    "Ingrid said that the checksum is right.",
] * 3
MODEL = MODELS["en"]


def redactor(work: Work | None) -> Redactor:
    reader = None if work is None else NameReader(work, engine_digest(), lambda *_: None)
    return Redactor((), (), (), bytes(range(32)), read_entities=reader)


def test_every_executor_redacts_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namereading, "LINES", 2)
    alone = redactor(None).redact(TEXTS)
    assert any("PERSON" in each.counts for each in alone)
    for jobs in (1, 2):
        with closing(open_executor(jobs)) as executor, closing(SealedParts(tmp_path / str(jobs), bytes(32))) as parts:
            assert redactor(Work(executor, parts)).redact(TEXTS) == alone


@dataclass(frozen=True)
class Fragile(NameReading):
    """A model that ends the process at one line."""

    def run(self, items: Sequence[str]) -> dict[str, bytes]:
        if any("Karim" in item for item in items):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(items)


def test_a_line_that_no_process_survives_is_removed_and_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namereading, "NameReading", Fragile)
    alone = redactor(None).redact(TEXTS)
    with closing(open_executor(2)) as executor, closing(SealedParts(tmp_path / "parts", bytes(32))) as parts:
        found = redactor(Work(executor, parts)).redact(TEXTS)
    for i, (one, other) in enumerate(zip(found, alone, strict=True)):
        if i % 4 == 1:
            assert UNREAD in one.counts
            assert "Karim" not in one.text
        else:
            assert one == other


def test_progress_counts_lines() -> None:
    said: list[tuple[str, int, int]] = []
    work = Work(open_executor(1), MemoryParts())
    reader = NameReader(work, engine_digest(), lambda *more: said.append(more))
    assert len(list(reader(["one", "two"], MODEL))) == 2
    assert said == [("reading for names", 2, 2)]
