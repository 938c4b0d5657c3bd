"""Cues: what tells that a form may be in a text is there whenever the form is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from redact.detectors import numbers, postal
from redact.detectors.cues import EDGE, Cues
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded

NOBODY = Directory((), (), (), frozenset())
# The expression of every row of the detectors' tables.
TABLES: tuple[tuple[Cues[Any], list[re.Pattern[str]]], ...] = (
    (postal._FORMS, [row[0] for _, row in postal._FORMS._cues]),
    (numbers._ACCOUNTS, [numbers._CARD, numbers._CUED_CARD, numbers._IBAN]),
    (numbers._BIRTHS, [row[0] for _, row in numbers._BIRTHS._cues]),
    (numbers._IDS, [numbers._SSN, numbers._PENSION, numbers._TAX, numbers._CUED_ID]),
)
FORMS = [(cues, row, pattern) for cues, patterns in TABLES for row, pattern in enumerate(patterns)]


@pytest.mark.parametrize(("cues", "row", "pattern"), FORMS, ids=range(len(FORMS)))
@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_a_text_with_a_form_has_its_cue(
    cues: Cues[Any], row: int, pattern: re.Pattern[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    if "place" in pattern.groupindex:  # a place counts only with a number in it
        assume(any(re.search(r"\d", m["place"]) for m in pattern.finditer(text)))
    assert cues._cues[row][1] in cues.of(text)


@pytest.mark.parametrize(
    ("detect", "text"),
    [
        (postal.find_postal, "12 İMPASSE de la Gare"),
        (postal.find_postal, "zıp: 12345"),
        (postal.find_postal, "poſtfach 1104"),
        (postal.find_postal, "Via Roma ١٣, 1"),
        (postal.find_postal, "Οδός Ερμού 12"),
        (postal.find_postal, "ſtraße: Ring 1"),
        (numbers.find_births, "BİRTHDAY: 5. märz 1990"),
        (numbers.find_births, "born\u2003on\x0b3\u00a0may\u00a01990"),
        (numbers.find_births, "(*1.2.199٠)"),
        (numbers.find_ids, "Paſſport no. X1234567"),
        (numbers.find_ids, "personalauſweıs: ıſ1234567"),
        (numbers.find_ids, "\ud800 219-09-9999"),
        (numbers.find_accounts, "\u212areditkarte \u20ac\u00a0: ٤111 1111 1111"),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_cue_sees_what_re_takes_for_the_same_letter_space_or_digit(
    detect: Callable[[str, Folded, Directory], list[Finding]], text: str
) -> None:
    assert detect(text, Folded(""), NOBODY)


def test_what_is_worth_a_look_comes_in_the_order_in_which_it_was_given() -> None:
    cues = Cues((r"b\d", 1), ("c", 2), (rf"{EDGE}a", 3))
    assert cues.of("a b1 c") == cues.of("c b1 a") == [1, 2, 3]
    assert cues.of("ba cb") == [2]
    assert cues.of("") == []
