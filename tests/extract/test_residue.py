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


def test_the_sums_of_the_ledger_add_up_after_a_review() -> None:
    from datetime import date, timedelta

    from distil_fakes import FakeBackend

    from extract.distil.claims import Passage
    from extract.distil.pipeline import distil
    from extract.distil.settings import Settings

    said = (
        "Check the brakes, the lights and the straps before every trip.",
        "Before every trip, check the straps, the brakes and the lights.",
        "I have a gut feeling that the brakes are worn, I am not sure why.",
        "Let us sleep on it; since the accident we never drive at night.",
        "Give her some time, she is new here and it must be hard.",
        "Thanks!",
    )
    passages = [Passage(i, t, "mail", f"t{i}", date(2026, 3, 1) + timedelta(i)) for i, t in enumerate(said)]
    made = distil(passages, FakeBackend(), settings=Settings(min_records=2, similarity=500))
    ledger = residue.account((), made, {"output.support": 0})
    measures = ledger["distilled"]
    assert measures["sentences"] == measures["evidence"] + sum(ledger["dropped"].values())
    assert ledger["claims"] == len(made.claims) == 1
    after = residue.after_review(ledger, made.claims, ())
    assert after["claims"] == after["released"] + after["struck"]
    seen = {kind: measures[f"unsaid_{kind}_seen"] for kind in residue.UNSAID}
    assert seen == {"intuition": 1, "empathy": 1, "doubt": 1, "delay": 1, "failure": 1}
    text = "\n".join(residue.lines(ledger))
    assert "| waiting on purpose | 1 | 0 |" in text
    # Counts only: not a word of what was said.
    assert not any(word in text for word in ("gut", "brakes", "accident", "she is new"))


def test_a_ledger_from_before_it_was_counted_says_nothing_of_it() -> None:
    assert "no rule" not in "\n".join(residue.lines(residue.account((), Distillate(()), {})))
