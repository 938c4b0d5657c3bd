"""How passages are cut, and why stretches are dropped."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.distil.claims import Passage
from extract.distil.sentences import cut
from extract.distil.settings import Settings


def pieces(text: str, kind: str = "mail") -> list[tuple[str, str]]:
    passage = Passage(0, text, kind, "t", date(2026, 1, 1))
    return [(s.text, why) for s, why in cut(passage, Settings())]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Close the valve before you change the filter.", ""),
        ("It is better to lose an order than to ship a broken part.", ""),
        ("Thanks for everything, you are great people.", "courtesy"),
        ("Hi everybody, from now on please lock the gate whenever you leave the yard at night.", ""),
        ("This is how the filter was changed in the end.", "deictic"),
        ("And that is why the valve was closed for so long.", "deictic"),
        ("For example the left valve could be closed first.", "deictic"),
        ("Should the valve be closed before the filter is changed?", "question"),
        ("Not the valve.", "fragment"),
        ("The steps for changing the filter are:", "fragment"),
        ("The valve was changed last week by the night shift.", "dated"),
        ("The valve must be closed first, see #1234 for the story.", "case"),
        ("The password for the valve is [SECRET] and it never changes.", "secret"),
        ("THE SELLER IS NOT LIABLE FOR ANY DAMAGE OF ANY KIND WHATSOEVER.", "boilerplate"),
        ("valve = open(filter); close(valve); return {filter: valve};", "code"),
        ("Signed-off-by: PERSON_001 <PERSON_001_EMAIL>", "trailer"),
        ("word " * 46, "too_long"),
    ],
)
def test_each_reason(text: str, why: str) -> None:
    assert [w for _, w in pieces(text)] == [why]


def test_a_scope_at_the_start_marks_a_change_only_in_commits() -> None:
    line = "valve: close it before the filter is changed"
    assert pieces(line, "commit")[0][1] == "case"
    assert pieces(line, "chat")[0][1] == ""


def test_code_blocks_are_dropped_whole() -> None:
    text = "Run the check first thing in the morning.\n\n```\nmake check\nmake it so\n```\n\n    $ indented code\n"
    assert [w for _, w in pieces(text)] == ["", "code", "code"]


def test_lines_cut_by_the_mail_program_are_one_sentence() -> None:
    text = "Please close the valve before you change\nthe filter, because the pump runs dry otherwise."
    assert pieces(text) == [(" ".join(text.split()), "")]


def test_bullets_are_sentences_of_their_own_without_the_bullet() -> None:
    text = "- close the valve before the filter\n- open the valve after the filter"
    assert [t for t, _ in pieces(text)] == ["close the valve before the filter", "open the valve after the filter"]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    assert len(pieces("Use a small valve, e.g. the 2.5 inch one of Dr. Meyer, for the filter.")) == 1


def test_a_lower_case_start_ends_a_sentence_in_chat_only() -> None:
    text = "close the valve first of all. open it again after the filter"
    assert len(pieces(text, "chat")) == 2
    assert len(pieces(text, "mail")) == 1


@given(st.text(alphabet="aB. \n-`>#'?!(:1\t’é", max_size=200))
def test_stretches_are_in_order_do_not_overlap_and_hold_their_text(text: str) -> None:
    passage = Passage(0, text, "chat", "t", date(2026, 1, 1))
    last = 0
    for sentence, _ in cut(passage, Settings()):
        assert last <= sentence.start < sentence.end <= len(text)
        assert sentence.text == " ".join(text[sentence.start : sentence.end].split())
        last = sentence.end
