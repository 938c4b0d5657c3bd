"""The ledger of what was left out counts whose words stood in the records that were used."""

from __future__ import annotations

from given_records import Given
from hypothesis import given
from hypothesis import strategies as st

from attest.disposition import Leaf
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
    source = Given((
        record(0, ("own", "Check it.\n"), ("quoted", "> Why?\n")),
        record(1, ("own", "Mine alone."), ("log", "error 7")),
        record(2, ("quoted", "> Theirs.\n"), ("signature", "Maren")),
    ))  # fmt: skip
    records = read_all([source]).records
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


OUTCOMES = (
    ("mail", "taken", (), {}),
    ("mail", "taken_redacted", (), {"person": 2, "phone": 1}),
    ("commit", "taken_redacted", (), {"person": 1}),
    ("mail", "left_out", ("record.private", "record.third_party"), {}),
    ("chat", "left_out", ("record.private",), {}),
    ("document", "taken", (), {}),
)


@given(st.lists(st.sampled_from(OUTCOMES), max_size=30))
def test_every_record_is_counted_once_as_taken_or_left_out(
    made: list[tuple[str, str, tuple[str, ...], dict[str, int]]],
) -> None:
    leaves = [
        Leaf(i, kind, outcome, reasons, "A1", counts, "0" * 64, None if outcome == "left_out" else "1" * 64)
        for i, (kind, outcome, reasons, counts) in enumerate(made)
    ]
    ledger = residue.account(leaves, Distillate(()), {})
    assert ledger["seen"] == len(made) == ledger["taken"] + ledger["left_out"] == sum(ledger["by_kind"].values())
    assert ledger["taken"] == ledger["taken_unchanged"] + ledger["taken_redacted"]
    by_kind = ledger["by_kind"].items()
    assert sum(n for name, n in by_kind if name.endswith(".left_out")) == ledger["left_out"]
    # A record can have several reasons, so they add up to no less than the records.
    assert sum(ledger["by_reason"].values()) >= ledger["left_out"] >= max(ledger["by_reason"].values(), default=0)
    assert sum(ledger["redactions"].values()) == sum(sum(counts.values()) for *_, counts in made)
