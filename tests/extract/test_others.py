"""Claims that carry words of somebody else, or of a record that was left out, are kept back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from workplace import PEOPLE, SUBJECT

from extract import identity, others
from extract.records import TextSpan

TOVE, BASHIR, STRANGER = (
    "mailto:tove.lindqvist@harbour.example",
    "mailto:bashir.haddad@harbour.example",
    "mailto:x@y.example",
)
EIGHT = "restore the snapshot before anybody touches the mirror"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def record(text: str, author: str = TOVE, kind: Any = "own", at: datetime | None = NOON) -> Any:
    span = TextSpan(0, len(text), kind, "rule")
    return SimpleNamespace(text=text, spans=(span,), author_key=author, sent_at=at)


def held(*records: tuple[Any, bool], claim: str = EIGHT) -> bool:
    """Say whether a claim is kept back; each record comes with whether it was taken."""
    gated: Any = SimpleNamespace(
        read=SimpleNamespace(records=[r for r, _ in records]),
        taken=[i for i, (_, taken) in enumerate(records) if taken],
    )
    found = others.carried({"c001": claim, "c002": "short"}, gated, identity.parse(PEOPLE.encode()), SUBJECT)
    assert found <= {"c001"}
    return bool(found)


def test_words_of_the_subject_alone_pass() -> None:
    assert not held((record(EIGHT), True))
    assert not held((record(EIGHT), True), (record("something else that nobody here would ever say", BASHIR), False))


@pytest.mark.parametrize("author", [BASHIR, STRANGER, ""])
def test_eight_words_of_somebody_else_are_held(author: str) -> None:
    assert held((record(f"Please {EIGHT}, thanks", author), False))
    assert held((record(EIGHT), True), (record(EIGHT, author, at=NOON - HOUR), False))
    assert not held((record("restore the snapshot before anybody touches the", author), False))


def test_case_accents_and_punctuation_do_not_hide_them() -> None:
    assert held((record("RESTORE the snapshot, before anybody toüches\nthe 'mirror'", BASHIR), False))


@pytest.mark.parametrize("kind", ["quoted", "forwarded", "unknown", "signature", "footer", "patch", "attribution"])
def test_quoted_words_in_a_taken_record_are_held(kind: str) -> None:
    assert held((record(EIGHT, kind=kind), True))


def test_what_a_program_wrote_is_nobodys() -> None:
    assert not held((record(EIGHT, kind="log"), True))


def test_words_of_a_record_that_was_left_out_are_held() -> None:
    assert held((record(EIGHT), False))


def test_a_copy_of_a_taken_record_takes_nothing_away() -> None:
    assert not held((record(EIGHT), True), (record(EIGHT), False))


def test_whoever_wrote_it_first_has_it() -> None:
    assert not held((record(EIGHT), True), (record(EIGHT, BASHIR, at=NOON + HOUR), False))
    assert not held((record(EIGHT), True), (record(EIGHT, BASHIR, "quoted", NOON + HOUR), False))
    assert not held(
        (record(EIGHT, at=NOON + HOUR), True), (record(EIGHT), True), (record(EIGHT, BASHIR, at=NOON + HOUR), False)
    )
    # At the same moment, or where a time is missing, nobody can tell.
    assert held((record(EIGHT), True), (record(EIGHT, BASHIR), False))
    assert held((record(EIGHT), True), (record(EIGHT, BASHIR, at=None), False))
    assert held((record(EIGHT, at=None), True), (record(EIGHT, BASHIR, at=NOON + HOUR), False))


def test_a_token_ends_a_run() -> None:
    words = "restore the snapshot before PERSON_001 touches the mirror again"
    assert list(others.runs(words)) == []
    assert len(list(others.runs(f"{EIGHT} and PERSON_001 {EIGHT}"))) == 3


def test_scripts_without_spaces_are_counted_by_character() -> None:
    assert held((record("请在发布之前运行测试", BASHIR), False), claim="务必请在发布之前运行测试。")
    assert not held((record("请在发布之前", BASHIR), False), claim="务必请在发布之前运行测试。")
