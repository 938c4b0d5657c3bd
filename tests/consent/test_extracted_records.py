"""From records to decisions: copies that one gate denies, times and places that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from consent_world import MAREN, World, choice_of
from given_records import relate

from consent import decide
from extract import facts, identity, marks, vetoes
from extract.records import Record, TextSpan
from policies.loader import load, shipped

ME = "mailto:maren@works.example"
TOMAS = "mailto:tomas@works.example"
WORDS = "The ledger must balance before the settlement starts, and nobody loads it twice."
PEOPLE = {
    "version": 1,
    "organisation": {"name": "Works", "mail_domains": ["works.example"], "jurisdictions": ["DE"]},
    "people": [
        {"pid": MAREN, "names": ["Maren Holt"], "emails": ["maren@works.example"], "timezone": "Europe/Berlin"},
        {"pid": "p-22222222", "names": ["Tomas Lind"], "emails": ["tomas@works.example"]},
    ],
}


def record(**changes: Any) -> Record:
    """Return a mail that every gate of `worker_protection` lets pass."""
    base = Record(
        source_kind="mail",
        locator="box.mbox#1",
        raw_digest="0" * 64,
        container="box.mbox",
        container_kind="mailbox",
        author_key=ME,
        author_raw="Maren Holt <maren@works.example>",
        author_basis="header.from",
        recipients=(TOMAS,),
        names_seen=(),
        labels=(),
        sent_at=datetime(2026, 6, 1, 8, 0, tzinfo=UTC),
        tz_offset_min=120,
        tz_basis="header",
        thread_id="",
        parent_id="",
        title="Settlement of the ledger",
        text=WORDS,
        spans=(TextSpan(0, len(WORDS), "own", ME),),
        message_id="one@works.example",
    )
    return replace(base, **changes)


def decided(records: Sequence[Record], policy: str = "worker_protection") -> Sequence[tuple[str, ...]]:
    people = identity.parse(json.dumps(PEOPLE).encode())
    rows = [(each, marks.of(each)) for each in relate(records)]
    frame = facts.compute(rows, people, MAREN, vetoes.Vetoes(frozenset(), b""))
    world = World(policy=load(policy))
    return decide.decide_records(world.policy, frame, choice_of(world.record()), world.request()).reasons


def test_of_two_copies_that_both_may_be_taken_one_is() -> None:
    copies = [record(), record(locator="sent.mbox#1", container="sent.mbox")]
    assert decided(copies) == [(), ("duplicate",)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "strict",
    [
        {"container_kind": "personal_folder"},
        {"container_kind": "unknown"},
        {"sent_at": None},
        {"labels": ("private",)},
        {"author_basis": "unknown"},
    ],
)
def test_a_record_is_left_out_when_one_copy_of_it_is(strict: dict[str, Any], order: int) -> None:
    taken, other = record(), record(locator="two.mbox#1", **strict)
    (alone,) = decided([other])
    assert alone
    assert decided([taken]) == [()]
    first, second = [taken, other][::order]
    kept, copy = decided([first, second])
    assert set(alone) <= set(kept)
    assert set(copy) == {*kept, "duplicate"}


def test_a_copy_is_found_by_its_words_where_the_id_was_lost() -> None:
    lost = record(locator="two.mbox#1", message_id="", container_kind="unknown")
    kept, copy = decided([record(), lost])
    assert "missing_fact.container_kind" in kept
    assert "duplicate" in copy


def test_a_chain_of_copies_is_one_group() -> None:
    # The third shares the id of the first and the words of the second: what denies one of them denies all.
    other = "Whoever loads the ledger twice doubles the totals, so check the checksum first."
    spans = (TextSpan(0, len(other), "own", ME),)
    chain = [
        record(),
        record(locator="b#1", message_id="two@works.example", text=other, spans=spans, container_kind="unknown"),
        record(locator="c#1", text=other, spans=spans),
    ]
    assert [r.dup_of for r in relate(chain)] == ["", "box.mbox#1", "box.mbox#1"]
    assert all("missing_fact.container_kind" in reasons for reasons in decided(chain))


@pytest.mark.parametrize("policy", shipped())
@pytest.mark.parametrize("unknown", [{"sent_at": None}, {"container_kind": "unknown"}])
def test_an_unknown_time_or_place_is_left_out_by_every_shipped_policy(policy: str, unknown: dict[str, Any]) -> None:
    (reasons,) = decided([record(**unknown)], policy)
    assert any(reason.startswith("missing_fact.") for reason in reasons)


def test_summer_time_of_a_zone_is_its_own() -> None:
    # Chat states UTC and no offset; the people file says Berlin, which goes from +1 to +2 in the night of 29 March.
    people = identity.parse(json.dumps(PEOPLE).encode())
    moments = [datetime(2026, 3, 28, 8, 0, tzinfo=UTC), datetime(2026, 3, 29, 8, 0, tzinfo=UTC)]
    rows = [
        record(locator=str(i), message_id=str(i), source_kind="chat", container_kind="public", sent_at=at,
               tz_offset_min=offset, tz_basis="unknown")
        for i, (at, offset) in enumerate((at, offset) for at in moments for offset in (None, 0))
    ]  # fmt: skip
    found = facts.compute([(each, marks.of(each)) for each in rows], people, MAREN)
    # A bare `+0000` is what servers write: it says no more than nothing.
    assert found["local_minute"].tolist() == [9 * 60, 9 * 60, 10 * 60, 10 * 60]
