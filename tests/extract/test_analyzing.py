"""Texts are analysed by an executor: the same findings wherever it happens; nothing passes that nobody could read."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from extract import analyzing
from extract.analyzing import Analysis, AnalysisByWork, Item
from extract.execution.opening import open_executor
from extract.execution.parts import MemoryParts, SealedParts
from extract.job import Work
from redact.analyzer import UNREAD, Setup
from redact.engine import Redactor, engine_digest
from redact.errors import RecognizerError

TEXTS = [
    "Please ask Ingrid Nowak about the ledger before you load it.",
    "The release on Friday was made with Karim Haddad and his team in Lisbon.",
    "Nothing of it is about anybody.",
    "Ingrid said that the checksum is right.",
] * 3


def redactor(work: Work | None) -> Redactor:
    if work is None:
        return Redactor((), (), (), bytes(range(32)))
    return Redactor(
        (),
        (),
        (),
        bytes(range(32)),
        analyze=lambda setup: AnalysisByWork(setup, work, engine_digest(), lambda *_: None),
    )


def test_every_executor_redacts_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzing, "_TEXTS", 2)
    alone = redactor(None).redact(TEXTS)
    assert any("PERSON" in each.counts for each in alone)
    for jobs in (1, 2):
        with closing(open_executor(jobs)) as executor, closing(SealedParts(tmp_path / str(jobs), bytes(32))) as parts:
            assert redactor(Work(executor, parts)).redact(TEXTS) == alone


@dataclass(frozen=True)
class Fragile(Analysis):
    """An analysis that ends the process at one text."""

    def run(self, items: Sequence[Item]) -> dict[str, bytes]:
        if any("Karim" in text for text, _ in items):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(items)


def test_a_text_that_no_process_survives_is_removed_and_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzing, "Analysis", Fragile)
    alone = redactor(None).redact(TEXTS)
    with closing(open_executor(2)) as executor, closing(SealedParts(tmp_path / "parts", bytes(32))) as parts:
        found = redactor(Work(executor, parts)).redact(TEXTS)
    for i, (one, other) in enumerate(zip(found, alone, strict=True)):
        if i % 4 == 1:
            assert UNREAD in one.counts
            assert "Karim" not in one.text
        else:
            assert one == other


def test_progress_counts_texts() -> None:
    said: list[tuple[str, int, int]] = []
    work = Work(open_executor(1), MemoryParts())
    analyze = AnalysisByWork(Setup(), work, engine_digest(), lambda *more: said.append(more))
    assert len(list(analyze(["one", "two"], ["", ""], False))) == 2
    assert said == [("looking for personal data", 2, 2)]


def test_what_an_analysis_depends_on_is_in_its_fingerprint() -> None:
    one = Analysis(Setup(), "e", False)
    others = [
        Analysis(Setup(names_seen=("Maren Holt",)), "e", False),
        Analysis(Setup(mail_domains=("corp.example",)), "e", False),
        Analysis(Setup(profile="fast"), "e", False),
        Analysis(Setup(), "f", False),
        Analysis(Setup(), "e", True),
    ]
    assert len({step.fingerprint for step in (one, *others)}) == 6
    assert one.digest(("a", "en")) != one.digest(("a", "de"))


def test_a_recogniser_of_the_users_is_refused_where_nobody_would_ask_it() -> None:
    from presidio_analyzer.predefined_recognizers import CryptoRecognizer

    with pytest.raises(RecognizerError):
        redactor(Work(open_executor(1), MemoryParts())).add_recognizer(CryptoRecognizer())
