from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from redact.finding import CERTAIN, Finding, merge
from redact.folding import Folded, clean, plain


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text())
def test_every_stretch_of_the_reading_leads_back_into_the_text(text: str) -> None:
    folded = Folded(text)
    assert len(folded.lower) == len(folded.text)
    at = 0
    for i in range(len(folded.text)):
        start, end = folded.origin(i, i + 1)
        assert at <= start < end <= len(text)
        at = start


def test_the_way_back_covers_the_whole_disguise() -> None:
    text = "to o%40x.test, Zoë\n> Lin"
    folded = Folded(text)
    for seen, written in (("o@x.test", "o%40x.test"), ("Zoe Lin", "Zoë\n> Lin")):
        start, end = folded.origin(folded.text.index(seen), folded.text.index(seen) + len(seen))
        assert text[start:end] == written


def test_an_empty_line_keeps_names_apart() -> None:
    assert "Lin\nZoe" in Folded("Lin\n\nZoe").text


def test_invisible_characters_and_wide_forms_are_undone() -> None:
    assert clean("a\u200bb\u00adc\u2066d\U000e0041e\u00a0f\r\ng\x00") == "abcde f\ng"
    assert clean("ＡＢ１２") == "AB12"
    assert plain("ŁÓDŹ") == "lodz"


FINDINGS = st.lists(
    st.builds(
        lambda start, length, entity, source: Finding(start, start + length, entity, source),
        st.integers(0, 60),
        st.integers(0, 12),
        st.sampled_from(["PERSON", "SECRET", "LOCATION"]),
        st.sampled_from([*sorted(CERTAIN), "ner"]),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(FINDINGS)
def test_merging_is_a_union_and_leaves_no_overlap(findings: list[Finding]) -> None:
    merged = merge(findings)
    covered = {i for f in findings for i in range(f.start, f.end)}
    assert {i for f in merged for i in range(f.start, f.end)} == covered
    assert all(a.end <= b.start for a, b in pairwise(merged))
    assert merge(merged) == merged
