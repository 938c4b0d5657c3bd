"""Counted patterns: right numbers, told only where they surely hold for most, rendered again by whoever checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from distil_fakes import FakeBackend

from extract.distil import counted
from extract.distil.claims import Claim, Passage
from extract.distil.errors import ClaimError
from extract.distil.pipeline import distil
from extract.distil.verify import verify_claim, verify_spans
from extract.skill import codec

START = date(2026, 1, 5)
GOOD = "mailer: Fix the bounce count #{}\n\nIt was one too high because retries were counted twice, see the test."
PLAIN = "Updated some stuff {}."


def messages(*texts: str) -> list[Passage]:
    """Return commit messages, one a day."""
    return [Passage(i, t, "commit", f"t{i}", START + timedelta(i), commit_message=True) for i, t in enumerate(texts)]


def told(passages: Sequence[Passage]) -> dict[str, Claim]:
    """Return the claims by pattern."""
    found = counted.claims(passages)
    for claim in found:
        verify_claim(claim)
        verify_spans(claim, {p.record: p.text for p in passages})
    return {c.pattern: c for c in found}


def test_numbers_are_those_of_the_messages() -> None:
    found = told(messages(*(GOOD.format(i) for i in range(36)), *(PLAIN.format(i) for i in range(4))))
    assert {name: c.counts for name, c in found.items()} == {
        "imperative": {"n": 36, "of": 40},
        "prefix": {"n": 36, "of": 40},
        "short": {"n": 40, "of": 40},
        "reference": {"n": 36, "of": 40},
        "body": {"n": 36, "of": 40},
        "reason": {"n": 36, "of": 36},
        "fix_test": {"n": 36, "of": 36},
    }
    imperative = found["imperative"]
    assert imperative.statement.endswith("36 of 40 that begin with a verb.")
    assert (imperative.support, imperative.days, imperative.first) == (6, 6, START)
    # The subject is what shows it; below it there may be anything.
    assert all(s.quote == GOOD.format(s.record).partition("\n")[0] for s in imperative.evidence)


def test_too_few_messages_or_too_small_a_share_tell_nothing() -> None:
    assert told(messages(*(GOOD.format(i) for i in range(19)))) == {}
    mixed = [*(f"Add part {i}" for i in range(20)), *(f"Added part {i}" for i in range(20))]
    assert not {"imperative", "past"} & set(told(messages(*mixed)))
    # 32 of 40 is 80 %, but surely only 65 %.
    assert "imperative" not in told(messages(*(f"Add part {i}" for i in range(32)), *(f"Added {i}" for i in range(8))))


def test_only_what_the_person_wrote_of_commits_counts() -> None:
    remarks = [replace(p, commit_message=False) for p in messages(*(GOOD.format(i) for i in range(40)))]
    assert told(remarks) == {}


def test_a_long_subject_is_told_by_the_wider_bound_only() -> None:
    long = "Describe in the handbook how the couriers hand over parcels {:02}"
    found = told(messages(*(long.format(i) for i in range(30))))
    assert "fits" in found
    assert "short" not in found
    assert "fits" not in told(messages(*(f"Add part {i}" for i in range(30))))


def test_what_comes_before_a_fix_is_looked_at() -> None:
    pairs = [t for i in range(25) for t in (f"Refactor the parser of table {i}", f"Fix the total of table {i}")]
    assert told(messages(*pairs))["refactor_first"].counts == {"n": 25, "of": 25}
    apart = [replace(p, day=START + timedelta(5 * i)) for i, p in enumerate(messages(*pairs))]
    assert "refactor_first" not in told(apart)
    assert "refactor_first" not in told(messages(*(f"Fix the total of table {i}" for i in range(50))))


def test_long_messages_are_counted_and_not_repeated() -> None:
    found = told(messages(*(f"{GOOD.format(i)} {'More words about it. ' * 30}" for i in range(30)), GOOD.format(30)))
    assert found["body"].counts["n"] == 31
    assert [s.record for s in found["body"].evidence] == [30]


@pytest.mark.parametrize(
    "forged",
    [
        {"statement": "Commit subjects have their verb in the imperative."},
        {"counts": {"n": 40, "of": 40}},
        {"counts": {"n": 10, "of": 40}, "statement": counted.render("imperative", {"n": 10, "of": 40})},
        {"counts": {"n": 5, "of": 5}, "statement": counted.render("imperative", {"n": 5, "of": 5})},
        {"pattern": "past", "statement": counted.render("past", {"n": 36, "of": 40})},
        {"pattern": "unheard_of"},
        {"mode": "verbatim"},
    ],
)
def test_a_claim_that_says_something_else_is_refused(forged: dict[str, object]) -> None:
    claim = told(messages(*(GOOD.format(i) for i in range(36)), *(PLAIN.format(i) for i in range(4))))["imperative"]
    with pytest.raises(ClaimError):
        verify_claim(replace(claim, **forged))  # type: ignore[arg-type]


def test_numbers_survive_the_file_and_other_claims_have_the_bytes_they_had() -> None:
    claim = told(messages(*(GOOD.format(i) for i in range(36))))["imperative"]
    data = codec.to_lines([claim])
    assert codec.from_lines(data) == (claim,)
    assert b'"counts":{"n":36,"of":36}' in data
    plain = codec.to_lines([replace(claim, mode="verbatim", pattern="", counts={})])
    assert b"counts" not in plain
    assert b"pattern" not in plain


def test_the_distiller_tells_them_behind_what_was_said() -> None:
    said = ("Check the brakes and the lights before every trip.", "Before every trip, check the lights and the brakes.")
    mails = [Passage(100 + i, t, "mail", f"m{i}", START + timedelta(i)) for i, t in enumerate((*said, said[0][:-1]))]
    made = distil([*mails, *messages(*(f"Add part {i}" for i in range(30)))], FakeBackend())
    modes = [c.mode for c in made.claims]
    assert modes == sorted(modes, key=lambda m: m == "counted")
    assert modes[-1] == "counted"
    assert [c.id for c in made.claims] == [f"c{i:03d}" for i in range(1, len(modes) + 1)]
    assert made.measures["sentences"] == made.measures["evidence"] + sum(made.dropped.values())
