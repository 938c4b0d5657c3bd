"""Which lines a model is asked about: those with a word that it could name and that nothing has found yet."""

from __future__ import annotations

import pytest

from bench import sample
from redact.analyzer import MODELS
from redact.engine import Redactor
from redact.lexicon import lexicon_of
from redact.lines import lines_of
from redact.nameable import Nameable

WORDS = Nameable(lexicon_of(MODELS["en"]), frozenset({"zandorra"}))


def asked(text: str, found: str = "", *, capitals: bool = False) -> list[str]:
    """Return the lines that are read, where `found` has been found already."""
    cover = bytearray(len(text))
    if found:
        at = text.index(found)
        cover[at : at + len(found)] = b"\1" * len(found)
    return [line.text for line in lines_of(text) if WORDS.holds_one(line, cover, capitals=capitals)]


@pytest.mark.parametrize(
    "line",
    [
        "please restart the server before the users come back",
        "We've had to, and I didn't want to.",
        "Thanks again, and see you on Tuesday!",
        "On Mon, 14 Nov 2022 at 10:00",
        "self.count += 1; return {x: 2}",
        "R4-1906829 in parseLine() of v2.0",
        "> > > ---",
        "42",
        "The zandorra release is late.",
    ],
)
@pytest.mark.parametrize("capitals", [True, False])
def test_a_line_of_ordinary_words_and_code_is_not_read(line: str, capitals: bool) -> None:
    assert asked(line, capitals=capitals) == []


@pytest.mark.parametrize(
    "line",
    [
        "we met Tamara there",
        "Tamara",
        "ask ottokar about it",
        "the Will of the people",  # a name, too
        "we met Mark",
        "McKenna has it",
        "O'Hara has it",
        "it came from Delta on Friday",
        "we met 王芳 there",
        "мы встретили Ивана",
        "Turkish engineers built it",
        "that was a Useful idea",
    ],
)
def test_a_line_with_a_word_that_may_be_a_name_is_read(line: str) -> None:
    assert asked(line) == [line]


@pytest.mark.parametrize("line", ["ask ottokar about it", "Turkish engineers built it", "that was a Useful idea"])
def test_the_quickest_profile_asks_about_capitals_that_nothing_explains(line: str) -> None:
    assert asked(line, capitals=True) == []


def test_what_is_found_already_needs_no_model() -> None:
    text = "On Tuesday Tamara Utsch wrote:\nwe met Karim there"
    assert asked(text) == text.split("\n")
    assert asked(text, "Tamara Utsch") == ["we met Karim there"]
    assert asked(text, "Tamara") == text.split("\n")


def test_lines_without_a_word_to_name_are_blank_for_the_second_model() -> None:
    text = "Hello all,\n> we met Tamara there,\n> and the users came back.\nask ottokar about it"
    left = WORDS.left_open(text, bytearray(len(text)))
    assert left == "          \n> we met Tamara there,\n>                         \nask ottokar about it"
    assert len(left) == len(text)


def test_the_people_found_are_those_that_are_found_with_every_line_read(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [record.text for record in sample.records().records]

    def people() -> list[list[tuple[int, int]]]:
        done = Redactor((), (), (), bytes(32)).redact(texts)
        return [[(s.first, s.last) for s in text.spans if s.entity == "PERSON"] for text in done]

    asked_about = people()
    monkeypatch.setattr(Nameable, "holds_one", lambda *_, **__: True)
    assert asked_about == people()
    assert sum(map(len, asked_about)) > 100
