"""What an auditor can check of a claim without a model."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.distil import words
from extract.distil.claims import KINDS, Claim, Span
from extract.distil.errors import ClaimError
from extract.distil.verify import verify_claim, verify_spans, verify_statement

QUOTE = "Hi all, please do not restart the press unless the guard is closed, because it has cut two belts."


def span(quote: str, record: int = 0, start: int = 0) -> Span:
    return Span(record, start, start + len(quote), quote, hashlib.sha256(quote.encode()).hexdigest())


def claim(statement: str = QUOTE, mode: str = "verbatim", *evidence: Span) -> Claim:
    return Claim(
        id="c001",
        kind="decision_rule",
        kinds={k: 600 if k == "decision_rule" else 100 for k in KINDS},
        statement=statement,
        mode=mode,  # type: ignore[arg-type]
        evidence=evidence or (span(QUOTE),),
        keep=900,
        threads=1,
        days=1,
        first=date(2026, 1, 1),
        last=date(2026, 1, 1),
        entropy_millibits=1771,
    )


def test_a_verbatim_claim_passes() -> None:
    verify_claim(claim())


@pytest.mark.parametrize("mode", ["corrected", "", "Deletion", "paraphrased"])
def test_no_other_mode_lets_a_statement_stand_beside_its_quote(mode: str) -> None:
    for statement in ("Always restart the press.", QUOTE):
        with pytest.raises(ClaimError, match="mode"):
            verify_claim(claim(statement, mode))


def test_white_space_does_not_make_a_quote_another_one() -> None:
    broken = QUOTE.replace(" unless", "\n  unless")
    verify_claim(claim(QUOTE, "verbatim", span(broken)))


@pytest.mark.parametrize(
    "statement",
    [
        "Do not restart the press unless the guard is closed, because it has cut two belts.",
        "do not restart the press unless the guard is closed because it has cut two belts",
        "Not restart unless closed, because it has two belts.",
    ],
)
def test_leaving_out_free_words_passes(statement: str) -> None:
    verify_claim(claim(statement, "deletion"))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("Please restart the press unless the guard is closed, because it has cut two belts.", "negators"),
        ("Please do not restart the press, because it has cut two belts.", "condition"),
        ("Please do not restart the press unless the guard is closed, because it has cut belts.", "number"),
        ("Please do not stop the press unless the guard is closed, because it has cut two belts.", "order"),
        ("Do not restart the guard unless the press is closed, because it has cut two belts.", "order"),
        ("not unless because has two", "percent"),
        (" ", "empty"),
    ],
)
def test_a_changed_meaning_is_refused(statement: str, why: str) -> None:
    with pytest.raises(ClaimError, match=why):
        verify_claim(claim(statement, "deletion"))


def test_a_verbatim_claim_may_not_leave_anything_out() -> None:
    with pytest.raises(ClaimError, match="word for word"):
        verify_claim(claim(QUOTE[8:], "verbatim"))


@pytest.mark.parametrize(
    "bad",
    [
        replace(span(QUOTE), digest="0" * 64),
        replace(span(QUOTE), end=5),
        replace(span(QUOTE), record=-1),
        replace(span(QUOTE), quote=QUOTE.replace("not", "now")),
    ],
)
def test_a_false_span_is_refused(bad: Span) -> None:
    with pytest.raises(ClaimError):
        verify_claim(claim(QUOTE, "verbatim", bad))


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": ()},
        {"evidence": (span(QUOTE), span(QUOTE))},
        {"kinds": dict.fromkeys(KINDS, 100)},
        {"kind": "reference"},
        {"threads": 2},
        {"days": 0},
        {"last": date(2025, 1, 1)},
    ],
)
def test_fields_that_do_not_agree_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ClaimError):
        verify_claim(replace(claim(), **change))  # type: ignore[arg-type]


def test_a_message_never_holds_a_word_of_the_claim() -> None:
    with pytest.raises(ClaimError) as caught:
        verify_claim(claim("Always restart the zeppelin.", "deletion"))
    assert "zeppelin" not in str(caught.value)
    assert "press" not in str(caught.value)


def test_quotes_must_stand_in_the_texts_where_the_spans_say() -> None:
    verify_spans(claim(), {0: QUOTE})
    for texts in ({}, {0: " " + QUOTE}):
        with pytest.raises(ClaimError):
            verify_spans(claim(), texts)


@given(
    st.lists(
        st.sampled_from(
            ["we", "never", "ship", "if", "wet", "two", "boxes", "or", "more", "than", "the", "van", "at", "dawn"]
        ),
        min_size=1,
    )
)
def test_dropping_only_free_words_keeps_every_protected_word(sentence: list[str]) -> None:
    quote = " ".join(sentence)
    statement = " ".join(w for w in sentence if words.is_protected(w))
    assert words.is_word_subsequence(statement, quote)
    assert words.protected(statement) == words.protected(quote)
    assert words.negators(statement) == words.negators(quote)


@given(st.lists(st.sampled_from(["the", "a", "dog", "not", "cat"]), min_size=2, max_size=6), st.randoms())
def test_whatever_passes_is_a_subsequence(sentence: list[str], random: object) -> None:
    shuffled = list(sentence)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    try:
        verify_statement(" ".join(shuffled), " ".join(sentence))
    except ClaimError:
        return
    assert shuffled == sentence


@pytest.mark.parametrize(
    "word",
    ["don't", "don’t", "Never,", "unless", "(if", "faster", "12%", "would", "we'll", "only", "avoid", "probably"],
)
def test_words_that_carry_the_meaning_are_protected(word: str) -> None:
    assert words.is_protected(word)


@pytest.mark.parametrize("word", ["printer", "customer", "press", "please", "server", "test", "the"])
def test_words_that_only_look_like_comparatives_are_free(word: str) -> None:
    assert not words.is_protected(word)


def test_verifying_needs_neither_a_model_nor_numpy() -> None:
    code = (
        "import sys, extract.distil.verify\n"
        "heavy = {'numpy', 'sklearn', 'llama_cpp', 'wordllama', 'pandas', 'spacy', 'tokenizers'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
