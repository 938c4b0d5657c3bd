"""Long texts are cut where it does least harm, and every stretch leads back to its line and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redact.errors import TextError
from redact.folding import clean
from redact.pieces import pieces
from redact.positions import Positions

TEXTS = st.text(
    st.sampled_from("ab \t\n\r\u200be\u0301\u00e9\uff21\ufb01\u2028\x85\x00\u1112\u1161\u11ab\U0001d400-"), max_size=60
)


@given(TEXTS, st.integers(1, 20), st.integers(1, 9))
def test_pieces_are_the_text(text: str, size: int, block: int) -> None:
    blocks = [text[i : i + block] for i in range(0, len(text), block)]
    assert "".join(pieces(blocks, size)) == text


@pytest.mark.parametrize(
    ("text", "size", "cut"),
    [
        pytest.param(
            "one two\n\nthree four\nfive six\n", 22, ["one two\n\n", "three four\nfive six\n"], id="empty line"
        ),
        pytest.param("one two\r\n\r\nthree\r\nfour\r\n", 18, ["one two\r\n\r\n", "three\r\nfour\r\n"], id="of a mail"),
        pytest.param("one two\nthree four", 12, ["one two\n", "three four"], id="line"),
        pytest.param("one two three four", 9, ["one two three ", "four"], id="word"),
        pytest.param(
            "key:\n-----BEGIN X PRIVATE KEY-----\nA: b\n\nQUFB\n-----END X PRIVATE KEY-----\n",
            45,
            ["key:\n", "-----BEGIN X PRIVATE KEY-----\nA: b\n\n", "QUFB\n-----END X PRIVATE KEY-----\n"],
            id="block longer than a piece",
        ),
        pytest.param(
            "text\n\nkey:\n-----BEGIN X-----\nA: b\n\nQUFB\n-----END X-----\n",
            45,
            ["text\n\nkey:\n", "-----BEGIN X-----\nA: b\n\nQUFB\n-----END X-----\n"],
            id="block",
        ),
    ],
)
def test_a_cut_falls_where_it_does_least_harm(text: str, size: int, cut: list[str]) -> None:
    assert list(pieces([text], size)) == cut


def test_what_has_no_white_space_for_millions_of_characters_is_refused() -> None:
    with pytest.raises(TextError):
        list(pieces("x" * 1_000_000 for _ in range(6)))


def test_lines_and_columns_are_those_of_the_text_as_it_was_given() -> None:
    text = "a\r\nM\u200ba\u200brie Ho\u0308lt x\r\rend"
    cleaned = clean(text)
    where = Positions(text)
    first = cleaned.index("Marie")
    assert where.stretch(first, first + len("Marie H\u00f6lt")) == (2, 1, 2, 14)
    assert where.stretch(cleaned.index("x"), cleaned.index("x") + 1) == (2, 15, 2, 16)
    assert where.stretch(cleaned.index("end"), len(cleaned)) == (4, 1, 4, 4)
    assert where.end == (4, 4)
    assert Positions("lee", line=7, column=5).stretch(0, 3) == (7, 5, 7, 8)


@given(TEXTS)
def test_every_character_has_a_place_inside_the_text_and_order_is_kept(text: str) -> None:
    cleaned = clean(text)
    where = Positions(text)
    places = [where.stretch(i, i + 1) for i in range(len(cleaned))]
    assert [p[:2] for p in places] == sorted(p[:2] for p in places)
    assert all(p[:2] <= p[2:] <= where.end for p in places)


@given(st.text(st.sampled_from("ab c\n"), max_size=40))
def test_of_a_clean_text_the_places_are_those_of_its_characters(text: str) -> None:
    where = Positions(text)
    for i in range(len(text)):
        assert where.stretch(i, i + 1)[:2] == (text.count("\n", 0, i) + 1, i - text.rfind("\n", 0, i))
