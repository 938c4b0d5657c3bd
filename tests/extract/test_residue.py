"""The ledger of what was left out counts whose words stood in the records that were used."""

from __future__ import annotations

from given_records import Given

from extract import residue
from extract.distil.claims import Distillate
from extract.records import Record, SpanKind, TextSpan
from extract.sources import read_all

ME = "mailto:maren@works.example"


def record(number: int, *parts: tuple[SpanKind, str]) -> Record:
    spans, text = [], ""
    for kind, part in parts:
        spans.append(TextSpan(len(text), len(text) + len(part), kind, ME if kind == "own" else ""))
        text += part
    return Record(
        "document", f"{number}.txt", f"{number:064}", "", "document", ME, "Maren", "front_matter", (), (), (), None,
        None, "unknown", "t", "", "", text, tuple(spans),
    )  # fmt: skip


def test_characters_are_counted_by_whose_they_are_in_the_records_that_are_used() -> None:
    given = Given((
        record(0, ("own", "Check it.\n"), ("quoted", "> Why?\n")),
        record(1, ("own", "Mine alone."), ("log", "error 7")),
        record(2, ("quoted", "> Theirs.\n"), ("signature", "Maren")),
    ))  # fmt: skip
    records = read_all([given]).records
    assert residue.characters(records.light(), {0, 2}) == {"own": 10, "quoted": 17, "signature": 5}
    assert residue.characters(records.light(), ()) == {}


def test_the_report_shows_what_was_not_the_persons_own() -> None:
    distillate = Distillate(())
    ledger = residue.account((), distillate, {}, 0, {"own": 10, "quoted": 17, "signature": 5})
    text = "\n".join(residue.lines(ledger))
    assert "| quoted from others | 17 |\n| signatures | 5 |" in text
    assert "| 10 |" not in text
    assert "not the person's own" not in "\n".join(residue.lines(residue.account((), distillate, {}, 0, {"own": 10})))
