from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from redact.measure import Gold, Mark, Score, main, measure, read_gold, redactor_predicts, table

TEXT = "Ann Lee met Bo. Ann called 555."
GOLD = Gold("g1", TEXT, (Mark(0, 7, "PERSON", "P0"), Mark(12, 14, "PERSON", "P1"), Mark(16, 19, "PERSON", "P0")))


def predicts(*marks: Mark):  # type: ignore[no-untyped-def]
    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [list(marks) for _ in texts]

    return predict


def test_half_a_name_is_a_leak() -> None:
    score = measure([GOLD], predicts(Mark(0, 3, "PERSON", "T"))).scores["PERSON"]
    assert score == Score(gold=3, hidden=0, predicted=1, right=1)


def test_a_mention_is_hidden_by_whatever_covers_it() -> None:
    report = measure([GOLD], predicts(Mark(0, 19, "ORGANIZATION", "T")))
    assert report.scores["PERSON"].leak_recall == 1
    assert report.scores["ORGANIZATION"].precision == 0


def test_one_open_mention_opens_the_person() -> None:
    report = measure([GOLD], predicts(Mark(0, 7, "PERSON", "T"), Mark(12, 14, "PERSON", "U")))
    assert (report.persons, report.persons_hidden) == (2, 1)


def test_tokens_are_compared_person_by_person() -> None:
    marks = (Mark(0, 7, "PERSON", "T"), Mark(12, 14, "PERSON", "T"), Mark(16, 19, "PERSON", "U"))
    report = measure([GOLD], predicts(*marks))
    assert (report.linked, report.linked_once, report.pairs, report.pairs_right) == (1, 0, 1, 0)


def test_f2_weighs_leaks_over_needless_replacements() -> None:
    leaky, eager = Score(100, 50, 50, 50), Score(100, 100, 200, 100)
    assert leaky.f2 is not None
    assert eager.f2 is not None
    assert eager.f2 > leaky.f2
    assert leaky.f2 == pytest.approx(5 * 1 * 0.5 / (4 * 1 + 0.5))
    assert Score(0, 0, 0, 0).f2 is None


def test_the_halves_are_disjoint_and_do_not_depend_on_order() -> None:
    halves = {i: Gold(str(i), "", ()).held_out for i in range(200)}
    assert 60 < sum(halves.values()) < 140
    assert halves[7] == Gold("7", "other text", ()).held_out


def test_a_file_is_read_and_the_redactor_measured_on_it(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    text = "Ma\u200bria Silva called.\n"
    rows = [{"id": str(i), "text": text, "spans": [{"start": 0, "end": 12, "label": "PERSON"}]} for i in range(4)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    gold = read_gold(path)
    assert [g.text[m.start : m.end] for g in gold for m in g.marks] == ["Maria Silva"] * 4
    report = measure(gold, redactor_predicts())
    assert report.scores["PERSON"].leak_recall == 1
    assert "PERSON (4): leakR | 1.000" in table({"ours": report})


def test_the_command_prints_both_halves_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    rows = [{"id": str(i), "text": "Maria Silva called.", "spans": []} for i in range(6)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    lines: list[str] = []
    main([str(path)], lines.append)
    shown = "".join(lines)
    assert "development half" in shown
    assert "held-out half" in shown
    assert "Silva" not in shown
