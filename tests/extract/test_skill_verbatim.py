"""How many words in a row a claim takes over from a source."""

from __future__ import annotations

import hashlib
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from extract.distil.claims import Claim, Span
from extract.skill import verbatim

WORDS = st.lists(st.sampled_from(["tag", "the", "build", "never", "merge", "on", "Friday"]), max_size=12)


def _span(quote: str, record: int = 1, start: int = 0) -> Span:
    return Span(record, start, start + len(quote), quote, hashlib.sha256(quote.encode()).hexdigest())


def _claim(statement: str, *evidence: Span, mode: str = "corrected") -> Claim:
    kinds = {"procedure": 1000, "decision_rule": 0, "checklist": 0, "code_style": 0, "reference": 0}
    day = date(2026, 1, 5)
    return Claim("c001", "procedure", kinds, statement, mode, evidence, 800, 1, 1, day, day, 0)  # type: ignore[arg-type]


@given(WORDS, WORDS)
def test_the_longest_run_is_one_that_both_hold_and_no_longer_one_is(short: list[str], long: list[str]) -> None:
    def runs(words: list[str], length: int) -> set[tuple[str, ...]]:
        return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}

    length = verbatim.longest_run(short, long)
    assert length == verbatim.longest_run(long, short)
    assert length == 0 or runs(short, length) & runs(long, length)
    assert not runs(short, length + 1) & runs(long, length + 1)


@given(WORDS, WORDS, WORDS)
def test_more_words_around_never_make_the_run_shorter(short: list[str], before: list[str], after: list[str]) -> None:
    assert verbatim.longest_run(short, [*before, *short, *after]) == len(short)


@given(WORDS.filter(bool), st.sampled_from([", ", " - ", "; ", " … ", "  "]))
def test_punctuation_and_case_hide_no_copy(words: list[str], between: str) -> None:
    copied = between.join(w.upper() for w in words)
    assert verbatim.longest_run(verbatim.counted(copied), verbatim.counted(" ".join(words))) == len(words)


def test_the_quotes_count_because_the_skill_carries_them() -> None:
    claim = _claim("Tag first.", _span("always tag the build first"), _span("tag it", 2))
    assert verbatim.verbatim_words(claim) == 5


@given(st.text(max_size=60))
def test_a_correction_never_makes_it_less_than_the_quotes(statement: str) -> None:
    span = _span("always tag the build before the upload")
    assert verbatim.verbatim_words(_claim(statement, span), [span]) >= 7


def test_a_correction_that_brings_back_a_struck_quote_is_seen() -> None:
    struck = _span("if the bank file is late wait until ten then ring the desk", 9)
    own = _span("wait until ten", 1)
    claim = _claim("As I wrote: if the bank file is late, wait until ten, then ring the desk!", own)
    assert verbatim.verbatim_words(claim, [own]) == 3
    assert verbatim.verbatim_words(claim, [own, struck]) == 13


def test_spans_that_touch_are_one_stretch_and_others_are_not() -> None:
    first, second = "Tag the build.", "Then upload it."
    touching = [_span(first), _span(second, start=len(first) + 1)]
    assert verbatim.stretches(touching) == [["tag", "the", "build", "then", "upload", "it"]]
    assert len(verbatim.stretches([_span(first), _span(second, start=len(first) + 40)])) == 2
    assert len(verbatim.stretches([_span(first), _span(second, record=2, start=len(first) + 1)])) == 2


def test_a_span_inside_another_adds_nothing() -> None:
    whole = "never merge on a Friday"
    assert verbatim.stretches([_span("merge on", start=6), _span(whole)]) == [whole.casefold().split()]


def test_no_evidence_is_no_copy() -> None:
    assert verbatim.verbatim_words(_claim("Anything at all.")) == 0
