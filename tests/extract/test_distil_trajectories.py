"""Trajectories: a doubt, a change of mind and an outcome, of three messages of one thread and in order of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from distil_fakes import FakeBackend

from extract.distil import trajectories
from extract.distil.claims import Passage
from extract.distil.errors import ClaimError
from extract.distil.pipeline import distil
from extract.distil.settings import Settings
from extract.distil.verify import verify_claim, verify_spans
from extract.skill import codec, document, impersonation

START = date(2026, 3, 2)
DOUBT = "Hello all. I am not sure that the nightly export needs a lock. What do you say?"
TURN = "On second thought, two exports did run at once in March."
OUTCOME = "So we take a lock before the export and give it up after an hour."
STORY = (DOUBT, "Thanks for looking.", TURN, OUTCOME)
ASKED = Settings()


def thread(*texts: str, name: str = "t1", day: int = 0, record: int = 0) -> list[Passage]:
    """Return messages of one thread, one a day."""
    return [Passage(record + i, t, "mail", name, START + timedelta(day + i)) for i, t in enumerate(texts)]


def test_a_story_is_told_in_its_own_sentences() -> None:
    passages = thread(*STORY)
    (claim,) = trajectories.claims(passages, ASKED)
    verify_claim(claim)
    verify_spans(claim, {p.record: p.text for p in passages})
    assert claim.statement == (
        f"Doubt: “I am not sure that the nightly export needs a lock.” Change of mind: “{TURN}” Outcome: “{OUTCOME}”"
    )
    assert [s.record for s in claim.evidence] == [0, 2, 3]
    assert (claim.mode, claim.support, claim.days, claim.threads) == ("trajectory", 3, 3, 1)


@pytest.mark.parametrize(
    "texts",
    [
        (TURN, DOUBT, OUTCOME),
        (DOUBT, OUTCOME, TURN),
        (DOUBT, TURN),
        (f"{DOUBT} {TURN}", OUTCOME),
        (DOUBT, f"{TURN} {OUTCOME}"),
        (DOUBT, "On second thought, lunch at one.", "So we meet at one."),
    ],
)
def test_what_is_no_story_is_not_told(texts: tuple[str, ...]) -> None:
    assert trajectories.claims(thread(*texts), ASKED) == []


def test_threads_are_not_mixed_and_the_latest_story_comes_first() -> None:
    mixed = [replace(p, thread=f"t{p.record}") for p in thread(*STORY)]
    assert trajectories.claims(mixed, ASKED) == []
    two = thread(*STORY) + thread(*STORY, name="t2", day=40, record=10)
    assert [c.first.month for c in trajectories.claims(two[::-1], ASKED)] == [4, 3]


def test_whoever_asks_for_more_support_gets_no_story() -> None:
    assert trajectories.claims(thread(*STORY), Settings(min_records=4)) == []
    one_day = [replace(p, day=START) for p in thread(*STORY)]
    assert trajectories.claims(one_day, ASKED) == []


@pytest.mark.parametrize("forged", ["statement", "order", "one_message", "verbatim"])
def test_a_story_that_was_changed_is_refused(forged: str) -> None:
    (claim,) = trajectories.claims(thread(*STORY), ASKED)
    one, two, three = claim.evidence
    changed = {
        "statement": {"statement": claim.statement.replace("lock", "key")},
        "order": {"evidence": (two, one, three), "statement": trajectories.render((two, one, three))},
        "one_message": {"evidence": (one, replace(two, record=0), three)},
        "verbatim": {"mode": "verbatim"},
    }[forged]
    with pytest.raises(ClaimError):
        verify_claim(replace(claim, **changed))  # type: ignore[arg-type]


def test_the_distiller_tells_it_and_the_sum_still_holds() -> None:
    made = distil(thread(*STORY), FakeBackend())
    assert [(c.id, c.mode) for c in made.claims] == [("c001", "trajectory")]
    assert made.measures["sentences"] == made.measures["evidence"] + sum(made.dropped.values())
    assert codec.from_lines(codec.to_lines(made.claims)) == made.claims
    assert distil(thread(*STORY), FakeBackend(), settings=Settings(kinds=("procedure",))).claims == ()


def test_a_story_in_the_first_person_is_shown_as_a_quotation() -> None:
    (claim,) = trajectories.claims(thread(*STORY), ASKED)
    line = f"- {document.shown(claim.statement)} [{claim.id}: 3 records, 3 days; decision rule 1.00]"
    assert impersonation.places({"SKILL.md": line}) == []
    assert impersonation.places({"SKILL.md": f"- {claim.statement} [{claim.id}: 3 records]"}) != []
