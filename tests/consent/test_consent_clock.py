"""Working time where the subject was: the days on which the clock is changed, from moment to decision."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from consent_world import World, choice_of

from consent import decide
from extract import facts, identity, marks
from extract.records import Record, TextSpan
from extract.vetoes import Vetoes
from policies.loader import parse

PEOPLE = """
version: 1
organisation: {name: Example GmbH, mail_domains: [example.com]}
people:
- pid: p-4k7q2m9x
  timezone: Europe/Berlin
  names: [Maren Holt]
  emails: [maren.holt@example.com]
  absences: [{from: 2026-07-06, to: 2026-07-07}]
"""
# Sundays are outside the floor, and clocks change on Sundays; these are the working days around.
CASES = [
    ("2026-03-27T06:59:59", False),  # Friday before summer time: 07:59 in Berlin
    ("2026-03-27T07:00:00", True),
    ("2026-03-27T16:59:59", True),
    ("2026-03-27T17:00:00", False),
    ("2026-03-30T05:59:59", False),  # Monday after: 07:59, one hour earlier in UTC
    ("2026-03-30T06:00:00", True),
    ("2026-03-30T15:59:59", True),
    ("2026-03-30T16:00:00", False),
    ("2026-10-23T15:59:59", True),  # Friday before winter time
    ("2026-10-23T16:00:00", False),
    ("2026-10-26T16:30:00", True),  # Monday after: 17:30
    ("2026-10-25T00:30:00", False),  # the hour that comes twice
    ("2026-10-25T01:30:00", False),
    ("2026-03-29T01:00:00", False),  # the hour that is skipped
    ("2026-06-30T22:30:00", False),  # already July, half past midnight
    ("2026-07-06T09:00:00", False),  # on leave
    ("2026-07-07T21:59:59", False),
    ("2026-07-08T09:00:00", True),
]
NOBODY = Vetoes(frozenset(), b"")


@pytest.mark.parametrize(("moment", "taken"), CASES)
def test_the_gate_follows_the_clock_on_the_wall(tmp_path: Path, moment: str, taken: bool) -> None:
    path = tmp_path / "identities.yaml"
    path.write_text(PEOPLE, encoding="utf-8")
    text = "Release notes are written before the tag is set."
    record = Record(
        "mail", "a.mbox#1", "0" * 64, "inbox", "mailbox", "mailto:maren.holt@example.com", "", "header.from",
        ("mailto:otto@example.com",), (), (), datetime.fromisoformat(moment).replace(tzinfo=UTC), None, "profile", "t",
        "", "", text, (TextSpan(0, len(text), "own", "mailto:maren.holt@example.com"),),
    )  # fmt: skip
    frame = facts.compute([(record, marks.of(record))], identity.load(path), "p-4k7q2m9x", NOBODY)
    world = World(policy=parse(POLICY, "test"))
    found = decide.decide_records(world.policy, frame, choice_of(world.record()), world.request())
    assert found.reasons == [() if taken else ("record.working_time",)]


POLICY = b"""
schema: govern-policy/1
id: p
version: 1
title: t
gates: {record.working_time: {}}
"""
