"""Which kinds of knowledge a claim belongs to that a person may keep."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.distil import keeps, phrases
from extract.distil.claims import Claim, Span
from policies.gates.output import WITHHELD_KINDS


def _claim(statement: str, *quotes: str) -> Claim:
    kinds = {"procedure": 1000, "decision_rule": 0, "checklist": 0, "code_style": 0, "reference": 0}
    spans = tuple(
        Span(i, 0, len(q), q, hashlib.sha256(q.encode()).hexdigest()) for i, q in enumerate((*quotes, statement))
    )
    day = date(2026, 1, 5)
    return Claim("c001", "procedure", kinds, statement, "verbatim", spans, 800, 1, 1, day, day, 0)  # type: ignore[arg-type]


def test_the_kinds_are_those_that_policies_name() -> None:
    assert keeps.KEPT_KINDS == WITHHELD_KINDS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Never restart the broker while the queue is full.", "pitfalls"),
        ("Watch out for the second column, it is in cents.", "pitfalls"),
        ("Auf keinen Fall am Freitag ausrollen.", "pitfalls"),
        ("Vorsicht mit dem alten Schlüssel, sonst ist der Export leer.", "pitfalls"),
        ("It depends on the size of the batch.", "judgement"),
        ("In doubt we hold the batch.", "judgement"),
        ("Es kommt darauf an, wie groß die Datei ist.", "judgement"),
        ("Im Zweifel lieber warten.", "judgement"),
        ("Ask PERSON_004 before you touch the ledger.", "people_network"),
        ("Talk to the cut-off desk first.", "people_network"),
        ("The number for that is [PHONE].", "people_network"),
        ("Ruf vorher bei der Bank an.", "people_network"),
        ("For historical reasons the table has two ids.", "tacit_context"),
        ("Nobody wrote that down, but the export runs twice.", "tacit_context"),
        ("Das steht nirgends, der Export läuft doppelt.", "tacit_context"),
        ("During the outage in March the queue filled up.", "incident_memory"),
        ("Last time the mirror was down for a day.", "incident_memory"),
        ("Beim letzten Mal ist der Dienst ausgefallen.", "incident_memory"),
        ("I always read the diff backwards.", "unique_ways"),
        ("My trick is to sort by the second column.", "unique_ways"),
        ("Ich prüfe die Summe von Hand.", "unique_ways"),
    ],
)
def test_each_kind_is_found_in_english_and_in_german(text: str, kind: str) -> None:
    found = keeps.kinds_of([text])
    assert found is not None
    assert kind in found


@pytest.mark.parametrize(
    "text",
    [
        "Tag the build and upload it to the mirror.",
        "The units are part of the name.",
        "Der Build wird vor dem Hochladen markiert.",
        "Sort the list by the date of the entry.",
        "The trapezoid rule is in the appendix.",
    ],
)
def test_a_plain_rule_belongs_to_none(text: str) -> None:
    assert keeps.kinds_of([text]) == ()


@pytest.mark.parametrize("text", ["", "请先备份数据库。", "Toujours vérifier deux fois", "kubectl get pods"])
def test_in_a_language_that_is_not_known_nothing_is_known(text: str) -> None:
    assert keeps.kinds_of([text]) is None


def test_what_stands_in_a_quote_counts_too() -> None:
    claim = _claim("Tag the build.", "Tag the build, PERSON_007 forgot it in the outage.")
    found = keeps.kept_kinds(claim)
    assert found is not None
    assert {"people_network", "incident_memory"} <= set(found)


def test_no_phrase_reaches_from_one_quote_into_the_next() -> None:
    assert keeps.kinds_of(["the end of the last", "time is up for the build"]) == ()


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=40))
def test_more_words_never_take_a_kind_away(texts: list[str], more: str) -> None:
    before, after = keeps.kinds_of(texts), keeps.kinds_of([*texts, more])
    if before is not None:
        assert after is not None
        assert set(before) <= set(after)


@pytest.mark.parametrize("bad", [[], [""], ["... end"], ["begin ..."]])
def test_a_list_with_an_empty_or_open_phrase_is_refused(bad: list[str]) -> None:
    with pytest.raises(ValueError, match="phrase"):
        phrases.compiled(bad)


def test_phrases_know_gaps_endings_alternatives_and_curly_apostrophes() -> None:
    pattern = phrases.compiled(["don't|never ... push*"])
    assert pattern.search(phrases.plain("Don’t ever just push it"))
    assert pattern.search("never pushed")
    assert not pattern.search("never so much as one or two push")
    assert not pattern.search("neverpush")
