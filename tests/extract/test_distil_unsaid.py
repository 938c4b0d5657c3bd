"""Hints at knowledge that no rule holds: found by turns of phrase, counted, and not confused with everyday words."""

from __future__ import annotations

import pytest

from extract.distil import unsaid
from extract.residue import UNSAID

#: Written after the lists, by what people say; the lists were not changed for them.
HINTS = {
    "intuition": ("My gut says no.", "Something is off with these totals.", "Ein ungutes Gefühl bleibt.",
                  "It feels wrong even though the tests pass."),
    "empathy": ("Take your time with it.", "Sorry to hear that, go easy on yourself.", "Lass ihm Zeit."),
    "doubt": ("I'm not convinced that this helps.", "Hard to say.", "Da bin ich nicht ganz sicher."),
    "delay": ("Better wait until Monday.", "I would hold off for a week.", "Lieber noch warten."),
    "failure": ("We learned that the hard way.", "Since the outage we test restores.", "Nie wieder ohne Sicherung."),
}  # fmt: skip
EVERYDAY = (
    "Tag the build, then upload it.",
    "The mirror has not yet been updated.",
    "Fix the test I broke in the last change.",
    "The guard waits for a signal.",
    "Don't book what you can't explain.",
    "The new column holds the unit.",
    "Bitte das Feld ausfüllen.",
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in HINTS.items() for text in texts])
def test_hints_are_found(kind: str, text: str) -> None:
    assert kind in unsaid.kinds(text)


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_sentences_hint_at_nothing(text: str) -> None:
    assert unsaid.kinds(text) == []


def test_every_kind_is_counted_and_told() -> None:
    assert tuple(UNSAID) == unsaid.KINDS
    assert unsaid.count(["Maybe.", "Maybe we should sleep on it."], "seen") == {
        "unsaid_intuition_seen": 0, "unsaid_empathy_seen": 0, "unsaid_doubt_seen": 2, "unsaid_delay_seen": 1,
        "unsaid_failure_seen": 0,
    }  # fmt: skip
